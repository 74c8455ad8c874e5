"""What kubelets say of volumes: how much of each is used, and how large its file system is."""

from __future__ import annotations

from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.metrics_page import MetricsPage
from playground.storage_objects import size

OVERHEAD = 0.98
"""What a file system leaves of its volume."""

_LABELS = 'namespace="{}",persistentvolumeclaim="{}"'


class VolumeStats:
    """A page of metrics of all claims that are bound, with the names that the kubelet gives them,
    until closed. A file system has grown as soon as its claim says so.

    Attributes:
        address: HOST:PORT; a Prometheus that is given it for a workload finds no pods there.
    """

    def __init__(self, api: Api) -> None:
        self._used: dict[str, float] = {}
        self._claims = Watch(api, "/api/v1/persistentvolumeclaims", _capacity)
        self._page = MetricsPage(self._text)
        self.address = self._page.address

    def use(self, claim: str, amount: float) -> None:
        """From now on, so many bytes of NAMESPACE/NAME are used."""
        self._used[claim] = amount

    def close(self) -> None:
        """End it."""
        self._page.close()
        self._claims.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _text(self) -> str:
        bound = {name: room for name, room in self._claims.objects.items() if room}
        used = {name: self._used.get(name, 0.0) for name in bound}
        return "".join((*_gauge("capacity_bytes", bound), *_gauge("used_bytes", used)))


def _gauge(name: str, values: dict[str, float]) -> list[str]:
    whole = f"kubelet_volume_stats_{name}"
    lines = [f"# TYPE {whole} gauge\n"]
    for claim, value in values.items():
        lines.append(f"{whole}{{{_LABELS.format(*claim.split('/'))}}} {value:.0f}\n")
    return lines


def _capacity(claim: Json) -> float:
    """The bytes of its file system; 0 where it has no volume yet."""
    has = claim.get("status", {}).get("capacity", {}).get("storage")
    return size(has) * OVERHEAD if has else 0.0
