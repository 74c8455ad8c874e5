"""What the chart renders, without a cluster, and the part of it that snapshots keep.

python -m tests.chart.rendering        writes the snapshots anew, at the root of the project
"""

from __future__ import annotations

import difflib
import functools
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from playground import binaries
from playground.fleet_api import Json
from tests.chart.variants import VARIANTS
from tests.security.chart import CHART, read_all

SNAPSHOTS = Path(__file__).parent / "snapshots"
NAME, NAMESPACE = "kubervisor", "chart"
VERSION = f"--kube-version={binaries.KUBERNETES_VERSION}"
SERVED = "--api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"

_EVERYWHERE = ("apiVersion", "kind", "metadata")

# These have tests of what they do, and the definition is kept in crds/.
_NAMED_ONLY = {
    "CustomResourceDefinition",
    "MutatingAdmissionPolicy",
    "ValidatingAdmissionPolicy",
    "PrometheusRule",
}


def helm(*args: str, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    """What helm answers, with no cluster to ask and nobody's configuration."""
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [binaries.ensure() / "helm", *args, *(("--values=-",) if values is not None else ())],
            input=yaml.safe_dump(dict(values or {})),
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": "/dev/null"},
        )


def template(values: Mapping[str, Any]) -> str:
    """What the chart renders with these values. Raises AssertionError with what helm says."""
    return _rendered(json.dumps(values))


@functools.cache
def _rendered(values: str) -> str:
    scoped = f"--namespace={NAMESPACE}"
    done = helm("template", NAME, str(CHART), VERSION, scoped, SERVED, values=json.loads(values))
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(values: Mapping[str, Any]) -> list[Json]:
    """The same, as objects."""
    return [one for one in read_all(template(values)) if one]


def pods(manifests: list[Json]) -> list[Json]:
    """The pod specifications of what was rendered."""
    found = []
    for manifest in manifests:
        if manifest["kind"] == "Pod":
            found.append(manifest["spec"])
        elif manifest["kind"] in ("Deployment", "Job"):
            found.append(manifest["spec"]["template"]["spec"])
    return found


def snapshot(variant: str) -> str:
    """The text that is kept of a variant: of the default all, of others how they differ from it."""
    text = _kept(VARIANTS[variant])
    if variant == "default":
        return text
    lines = difflib.unified_diff(
        _kept({}).splitlines(), text.splitlines(), "default", variant, n=2, lineterm=""
    )
    return "\n".join(lines) + "\n"


def path_of(variant: str) -> Path:
    """Where the snapshot of a variant is."""
    return SNAPSHOTS / (f"{variant}.yaml" if variant == "default" else f"{variant}.diff")


def _kept(values: Mapping[str, Any]) -> str:
    """Every object by name, and its text where no test of its own reads it, without what all have
    alike.
    """
    parts = []
    for manifest in sorted(objects(values), key=_title):
        own = {key: value for key, value in manifest.items() if key not in _EVERYWHERE}
        metadata = {k: v for k, v in manifest["metadata"].items() if k not in ("name", "namespace")}
        metadata["labels"] = _without_common(metadata.get("labels", {}))
        own["metadata"] = {key: value for key, value in metadata.items() if value}
        kind, name = manifest["kind"].removesuffix("Binding"), manifest["metadata"]["name"]
        named_only = kind in _NAMED_ONLY or name.endswith("-dashboard")
        shown = {} if named_only else {key: value for key, value in own.items() if value}
        text = yaml.dump(shown, Dumper=_Dumper, width=100, default_flow_style=None)
        parts.append(f"# {_title(manifest)}\n" + (text if shown else ""))
    return "\n".join(parts)


def _without_common(labels: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in labels.items() if not k.startswith("app.kubernetes.io/")}


class _Dumper(yaml.SafeDumper):
    """Shows texts of several lines as such."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)


def _title(manifest: Json) -> str:
    metadata = manifest["metadata"]
    return " ".join(filter(None, (manifest["kind"], metadata.get("namespace"), metadata["name"])))


def main() -> None:
    """Write every snapshot."""
    for variant in VARIANTS:
        path_of(variant).write_text(snapshot(variant))


if __name__ == "__main__":
    main()
