"""Contenders on shapes: each run thrice, with the contender, with nobody and with the oracle."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.detection import policies
from benchmarks.detection.baselines import RULES
from benchmarks.detection.ejector import ejecting
from benchmarks.detection.measures import Score, score
from benchmarks.detection.shapes import Shape
from kubervisor.simulation.assessment import Trio
from kubervisor.simulation.guarded import guarded_by
from kubervisor.simulation.loop import Hire, run
from kubervisor.simulation.oracle import Nobody, Oracle
from kubervisor.simulation.record import Record
from kubervisor.simulation.scenario import Scenario
from kubervisor.traffic.reasons import Reason

OURS = "Kubervisor"
ORIGINAL = ("original, discrete", "original, continuous")


def ours() -> Hire:
    """Kubervisor with `ratio` and `deviation`, all defaults."""
    return guarded_by(policies.policy(policies.ratio(), policies.deviation()))


def contenders() -> dict[str, Hire]:
    """Everyone, ours first."""
    originals = (policies.discrete(), policies.continuous())
    return {
        OURS: ours(),
        **{
            name: guarded_by(policies.policy(breaker))
            for name, breaker in zip(ORIGINAL, originals, strict=True)
        },
        **{name: ejecting(rule) for name, rule in RULES.items()},
    }


@dataclass(frozen=True, slots=True)
class Seeds:
    """Seeds of runs, the same for the same `base`."""

    base: int

    def of(self, name: str, runs: int) -> range:
        """Seeds of the runs of a shape: no two shapes share them."""
        first = (zlib.crc32(name.encode()) + self.base) % 2**40
        return range(first, first + runs)


@dataclass(slots=True)
class Contest:
    """Runs shapes; what nobody and the oracle make of a run is kept, being the same for all."""

    seeds: Seeds
    _ends: dict[tuple[Scenario, int], tuple[Record, Record]] = field(default_factory=dict)

    def play(self, shapes: Iterable[Shape], hire: Hire, runs: int) -> Score:
        """The score over `runs` runs of each of these shapes."""
        return score(
            [
                self._trio(shape.scenario, hire, seed)
                for shape in shapes
                for seed in self.seeds.of(shape.name, runs)
            ]
        )

    def before_panic(self, shape: Shape, hire: Hire, runs: int) -> list[int]:
        """How many pods were ejected in each run before the panic guard spoke, or at all."""
        seeds = self.seeds.of(shape.name, runs)
        return [_before_panic(run(shape.scenario, hire, seed=seed)) for seed in seeds]

    def _trio(self, scenario: Scenario, hire: Hire, seed: int) -> Trio:
        ends = self._ends.get((scenario, seed))
        if ends is None:
            ends = run(scenario, Nobody, seed=seed), run(scenario, Oracle, seed=seed)
            self._ends[scenario, seed] = ends
        return Trio(run(scenario, hire, seed=seed), *ends)


def _before_panic(record: Record) -> int:
    panic = next((a.at for a in record.actions if a.reason == Reason.PANICKING), math.inf)
    return sum(action.at <= panic for action in record.ejections)
