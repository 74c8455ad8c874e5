"""A real Prometheus that scrapes the workload's pods."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from playground.processes import PortTaken, Processes, free_port
from playground.prometheus_config import scrape_config

_NAME = "prometheus"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One element of an instant vector."""

    labels: Mapping[str, str]
    value: float


class QueryRefused(Exception):
    """Prometheus did not answer a query; the text is its own message."""


class Prometheus:
    """Runs until closed; ready to be queried on return from the constructor.

    It scrapes the workload server at `workload` (HOST:PORT) every `scrape_interval` seconds: each
    pod's own page as service discovery lists them, or with `aggregate` that many pages with all
    pods on them. All samples of pods carry the labels `pod` and `namespace`. Also scraped are
    `programs`, by HOST:PORT.
    """

    def __init__(
        self,
        binaries: Path,
        workload: str,
        *,
        scrape_interval: float = 1.0,
        aggregate: int = 0,
        programs: Sequence[str] = (),
    ) -> None:
        self._processes = Processes()
        config = yaml.safe_dump(scrape_config(workload, scrape_interval, aggregate, programs))
        self._processes.folder.joinpath("prometheus.yaml").write_text(config)
        try:
            self.address = self._start(binaries / "prometheus")
        except BaseException:
            self._processes.close()
            raise

    @property
    def url(self) -> str:
        """Where it answers; `address` is its host and port, as a `prometheusService` names it."""
        return f"http://{self.address}"

    def query(self, promql: str) -> list[Sample]:
        """The instant vector that the expression has now. Raises QueryRefused."""
        try:
            with urlopen(
                f"{self.url}/api/v1/query?{urlencode({'query': promql})}", timeout=10
            ) as page:
                data = json.load(page)["data"]
        except HTTPError as refused:
            raise QueryRefused(f"{promql}: {refused.read().decode()}") from refused
        if data["resultType"] != "vector":
            raise QueryRefused(f"{promql}: a {data['resultType']}, not an instant vector")
        return [Sample(one["metric"], float(one["value"][1])) for one in data["result"]]

    def wait(self, promql: str, so: Callable[[list[Sample]], bool], timeout: float) -> list[Sample]:
        """The first answer to the query that `so` accepts, asked every 0.1 s.

        Raises TimeoutError, showing the last answer, after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not so(answer := self.query(promql)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{promql} not as awaited after {timeout} s: {answer}")
            time.sleep(0.1)
        return answer

    def close(self) -> None:
        """End the process and remove its data."""
        self._processes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, binary: Path) -> str:
        for _ in range(_ATTEMPTS):
            address = f"127.0.0.1:{free_port()}"
            ready = partial(_answers, f"http://{address}/-/ready")
            self._processes.start(_NAME, [binary, *_arguments(address)])
            try:
                self._processes.wait_ready(_NAME, ready)
            except PortTaken:
                self._processes.stop(_NAME)
            else:
                return address
        raise PortTaken(f"{_NAME}: another program took each of {_ATTEMPTS} free ports")


def _arguments(address: str) -> tuple[str, ...]:
    return (
        "--config.file=prometheus.yaml",
        "--storage.tsdb.path=data",
        f"--web.listen-address={address}",
        # 5 s by default: that long a deleted pod would still be scraped.
        "--scrape.discovery-reload-interval=1s",
        "--log.level=warn",
    )


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):
            return True
    except (URLError, OSError):
        return False
