# The image of every pod of the chart: `docker build --tag REGISTRY/kubervisor:VERSION .`
#
# The base is named by digest, so that the same commit gives the same image; renew it with each
# release: `docker buildx imagetools inspect python:3.11-slim-bookworm` prints the newest. With
# another one, --build-arg BASE=…@sha256:… must be a glibc Python of the same minor version, which is
# the one that the tests run on. No Alpine: threads have small stacks there.
ARG BASE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# First what changes seldom. Whatever is installed was seen before: its hash is in a lock.
COPY requirements/build.lock requirements/node.lock requirements/run.lock requirements/
RUN python -m venv --without-pip /opt/kubervisor \
    && python -m pip install --require-hashes --only-binary :all: --requirement requirements/build.lock \
        --requirement requirements/node.lock \
    && python -m pip --python /opt/kubervisor/bin/python install --require-hashes --only-binary :all: \
        --requirement requirements/run.lock
COPY ui ui
COPY hack/pages.py hack/
RUN python hack/pages.py
COPY LICENSE README.md hatch_build.py pyproject.toml ./
COPY kubervisor kubervisor
RUN python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
    && python -m pip --python /opt/kubervisor/bin/python install --no-deps --no-index /wheels/*.whl \
    && /opt/kubervisor/bin/python -m compileall -q -j 0 /opt/kubervisor/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="kubervisor" \
      org.opencontainers.image.description="Takes the outlier among a Service's pods out of traffic, within a budget" \
      org.opencontainers.image.licenses="Apache-2.0"
# The repository of data deployments fetches with git, over https and ssh.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/*
# It writes nothing: the chart runs it on a read-only file system, but for the repository's volume.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=build /opt/kubervisor /opt/kubervisor
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /
EXPOSE 8086
ENTRYPOINT ["/opt/kubervisor/bin/kubervisor"]
