"""Gauges and counters of which each Service has its own, in a fifth of the client's memory.

The client makes five objects of a series: the twenty of a Service cost 12 KB. Here a series is an
entry of its metric's dictionary.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

_Family = CounterMetricFamily | GaugeMetricFamily


class Series:
    """A metric's series for certain values of its labels. Thread-safe; not kept by the metric."""

    __slots__ = ("_key", "_of")

    def __init__(self, of: Many, key: tuple[str, ...]) -> None:
        self._of, self._key = of, key

    def inc(self, amount: float = 1) -> None:
        """Add `amount`."""
        with self._of.lock:
            self._of.values[self._key] = self._of.values.get(self._key, 0) + amount

    def set(self, value: float) -> None:
        """Let it be `value`."""
        self._of.values[self._key] = value


class Many:
    """A metric with labels: `values` by those of its labels, in the order of `label_names`."""

    family: type[_Family]

    def __init__(
        self,
        name: str,
        documentation: str,
        label_names: tuple[str, ...],
        *,
        registry: CollectorRegistry,
    ) -> None:
        self._name, self._documentation = name, documentation
        self.label_names = label_names
        self.lock = threading.Lock()
        self.values: dict[tuple[str, ...], float] = {}
        registry.register(self)

    def labels(self, *values: str) -> Series:
        """The series with these values of the labels; it begins with 0."""
        assert len(values) == len(self.label_names)
        self.values.setdefault(values, 0)
        return Series(self, values)

    def remove_by_labels(self, labels: Mapping[str, str]) -> None:
        """Forget all series that have these labels, whatever the others are."""
        wanted = [(self.label_names.index(name), value) for name, value in labels.items()]
        with self.lock:
            for key in list(self.values):
                if all(key[place] == value for place, value in wanted):
                    del self.values[key]

    def describe(self) -> list[_Family]:
        """The metric without series, by which the registry knows its name."""
        return [self.family(self._name, self._documentation, labels=self.label_names)]

    def collect(self) -> list[_Family]:
        """The metric with all its series."""
        (family,) = self.describe()
        with self.lock:
            values = self.values.copy()
        for key, value in values.items():
            family.add_metric(key, value)
        return [family]


class Gauges(Many):
    """What goes up and down."""

    family = GaugeMetricFamily


class Counters(Many):
    """What only grows; its name ends in `_total`."""

    family = CounterMetricFamily
