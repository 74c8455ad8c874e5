"""What a KubervisorService's status says: conditions and the original's counts, from plain
facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.traffic.budget import describe_out
from kubervisor.traffic.model import Fleet, Pod, Traffic
from kubervisor.traffic.reasons import Reason

NOT_EVALUATED = "NotEvaluated"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `status` is True, False or Unknown."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the conditions are made of.

    `problems` maps a breaker to (reason, message) of its source's failure, `exhausted` to what the
    budget refused it, `mismatched` to how its query misses the fleet. `below_floor`,
    `version_outlier` and `lost_pods` are sentences, "" where not so.
    """

    ready: bool
    reason: Reason
    message: str
    active: bool
    service_found: bool = True
    spec_valid: bool = True
    dry_run: bool = False
    held: bool = False
    evaluated: bool = False
    problems: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    no_samples: frozenset[str] = frozenset()
    mismatched: Mapping[str, str] = field(default_factory=dict)
    panicking: tuple[str, ...] = ()
    exhausted: Mapping[str, str] = field(default_factory=dict)
    below_floor: str = ""
    version_outlier: str = ""
    lost_pods: str = ""


@dataclass(frozen=True, slots=True)
class PodCount:
    """The original's counts, over the Ready pods that carry the KubervisorService's name."""

    managed: int
    ejected: int
    paused: int
    unknown: int


def count_pods(claimed: Iterable[Pod]) -> PodCount:
    """Managed are all Ready pods of ours, also those that are out."""
    ready = [pod for pod in claimed if pod.ready and not pod.deleting]
    return PodCount(
        managed=len(ready),
        ejected=sum(pod.traffic is Traffic.NO for pod in ready),
        paused=sum(pod.traffic is Traffic.PAUSE for pod in ready),
        unknown=sum(pod.traffic is None for pod in ready),
    )


def conditions_for(standing: Standing) -> tuple[Condition, ...]:
    """Every condition, also those that are False: a reader need not know which may be missing."""
    s = standing
    return (
        _is("Ready", s.ready, s.reason, s.message),
        _active(s),
        _sources(s),
        _is(
            "QueryMismatch",
            bool(s.mismatched),
            Reason.QUERY_MISMATCH if s.mismatched else "QueriesMatch",
            "; ".join(f"{name}: {note}" for name, note in sorted(s.mismatched.items())),
        ),
        _is(
            "Panicking",
            bool(s.panicking),
            Reason.PANICKING if s.panicking else "FewOutliers",
            f"Ejecting nobody: {', '.join(s.panicking)}" if s.panicking else "",
        ),
        _is(
            "BudgetExhausted",
            bool(s.exhausted),
            Reason.BUDGET_EXHAUSTED if s.exhausted else "WithinBudget",
            "; ".join(f"{name}: {note}" for name, note in sorted(s.exhausted.items())),
        ),
        _is(
            "BelowFloor",
            bool(s.below_floor),
            Reason.BELOW_FLOOR if s.below_floor else "EnoughServing",
            s.below_floor,
        ),
        _is("VersionOutlier", bool(s.version_outlier), *_version(s.version_outlier)),
        _is(
            "WorkloadSelectsTraffic",
            bool(s.lost_pods),
            Reason.WORKLOAD_SELECTS_TRAFFIC if s.lost_pods else "PodsKeepTheirController",
            s.lost_pods,
        ),
        _is("DryRun", s.dry_run, "DryRun" if s.dry_run else "Enforcing", _dry_run(s)),
        _is("Paused", s.held, "PauseAnnotation" if s.held else "NotPaused", _held(s)),
        *_original(s),
    )


def describe_below_floor(fleet: Fleet, floor: int) -> str:
    """A sentence that names the pods which are out, "" where enough serve."""
    serving = len(fleet.serving)
    if not fleet.size or serving >= floor:
        return ""
    waiting = sum(not pod.ready for pod in fleet.pods)
    not_ready = f"; {waiting} not Ready" if waiting else ""
    return (
        f"{serving} of {fleet.size} pods serve, the floor is {floor}"
        f"{describe_out(fleet)}{not_ready}"
    )


def _is(kind: str, true: bool, reason: str, message: str) -> Condition:
    return Condition(kind, "True" if true else "False", str(reason), message)


def _active(s: Standing) -> Condition:
    if s.active:
        return _is("Active", True, "SelectorRequiresTraffic", "The Service selects on our label")
    if not s.service_found or not s.spec_valid:
        return Condition("Active", "Unknown", str(s.reason), s.message)
    message = 'Add kubervisor/traffic: "yes" to the Service\'s selector to activate'
    return _is("Active", False, Reason.SELECTOR_WITHOUT_TRAFFIC, message)


def _sources(s: Standing) -> Condition:
    if s.problems:
        reasons = sorted({reason for reason, _ in s.problems.values()})
        notes = "; ".join(f"{name}: {note}" for name, (_, note) in sorted(s.problems.items()))
        return _is("SourcesAvailable", False, reasons[0], notes)
    if not s.evaluated:
        return Condition("SourcesAvailable", "Unknown", NOT_EVALUATED, "No evaluation yet")
    if s.no_samples:
        names = ", ".join(sorted(s.no_samples))
        return _is("SourcesAvailable", True, Reason.NO_SAMPLES, f"No samples at all for {names}")
    return _is("SourcesAvailable", True, Reason.SOURCE_ANSWERS, "")


def _version(version: str) -> tuple[str, str]:
    if not version:
        return "NoVersionOutlier", ""
    return Reason.VERSION_OUTLIER, f"Most pods of the newer version {version} are outliers"


def _dry_run(s: Standing) -> str:
    return "Judges and reports, writes nothing to pods" if s.dry_run else ""


def _held(s: Standing) -> str:
    return "Nothing is written to pods; times out of traffic stand still" if s.held else ""


def _original(s: Standing) -> tuple[Condition, ...]:
    """The original's three types, for what selects on them; at most one is True."""
    running = s.spec_valid and s.service_found
    return (
        _is("Running", running, "Running" if running else str(s.reason), ""),
        _is(
            "ServiceNotAvailable",
            s.spec_valid and not s.service_found,
            "ServiceAvailable" if s.service_found else str(s.reason),
            "" if s.service_found else s.message,
        ),
        _is(
            "InitFailed",
            not s.spec_valid,
            "Initialized" if s.spec_valid else str(s.reason),
            "" if s.spec_valid else s.message,
        ),
    )
