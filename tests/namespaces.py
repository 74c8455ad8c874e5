"""Namespaces of the tests' own, by the API: a kubectl for each step costs more than the step."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager

from playground.access import Cluster
from playground.fleet_api import Api
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import await_object

WITHIN = 60.0


def fresh_namespace(api: Api, prefix: str = "test") -> str:
    """A namespace of that moment, in which pods can be created."""
    name = f"{prefix}-{secrets.token_hex(4)}"
    make_namespace(api, name)
    return name


def make_namespace(api: Api, name: str) -> None:
    """Return once pods can be created in it: not before it has its account."""
    path = namespace_path(name)
    api.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    await_object(api, f"{path}/serviceaccounts", "default", lambda _: True, WITHIN)


@contextmanager
def passing_namespace(cluster: Cluster, prefix: str = "test") -> Iterator[str]:
    """A fresh namespace, which is asked to go with the context; nobody waits until it is gone."""
    with closing(Api(cluster.kubeconfig)) as api:
        name = fresh_namespace(api, prefix)
        yield name
        api.delete(namespace_path(name))
