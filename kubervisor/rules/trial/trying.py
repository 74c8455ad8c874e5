"""Tries one rule: reads it, finds its objects, asks the metrics, and tells what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kubervisor.errors import KubervisorError
from kubervisor.rules.actions.action import Action, Object, World
from kubervisor.rules.actions.registry import DEFAULT_ENABLED
from kubervisor.rules.decision.policy import RulePolicy, RuleType
from kubervisor.rules.reading import Problems, read_rule
from kubervisor.rules.trial.access import look_for_intruders
from kubervisor.rules.trial.answers import Answers, Stretch
from kubervisor.rules.trial.course import Trial
from kubervisor.rules.trial.looking import look
from kubervisor.rules.trial.subjects import Subjects, given, unseen
from kubervisor.rules.trial.verdict import Verdict
from kubervisor.rules.trial.world import TrialWorld

_GIVE = "give --objects or --kubeconfig"


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """An AutopilotRule as it is written in a file."""

    file: str
    name: str
    uid: str
    spec: Mapping[str, object]
    generation: int = 1
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What rules are tried on. `objects` None: those that the metrics name; `cluster`: the rest of
    the world, where there is one. `answers` gives the source of a rule, None where there is none to
    ask, and raises SourceError.
    """

    actions: Mapping[str, Action]
    answers: Callable[[RulePolicy], Answers | None]
    objects: tuple[Object, ...] | None
    cluster: World | None
    now: float
    stretch: Stretch | None = None


def try_rule(written: WrittenRule, stage: Stage) -> Verdict:
    """What it would do; what goes wrong is told of it, and hinders no other rule."""
    policy = read_rule(written, stage.actions)
    if isinstance(policy, Problems):
        return Verdict(written.file, written.name, problems=policy.sentences)
    verdict = Verdict(written.file, written.name, policy, notes=tuple(_remarks(policy)))
    try:
        return _tried(verdict, policy, stage)
    except KubervisorError as error:
        return replace(verdict, failure=str(error))


def _tried(verdict: Verdict, policy: RulePolicy, stage: Stage) -> Verdict:
    if policy.type is RuleType.VOLUME_ACCESS:
        return _looked_for_intruders(verdict, policy, stage)
    answers = stage.answers(policy)
    if answers is None:
        return verdict
    subjects = _subjects(policy, stage)
    looks = look(subjects, answers, stage.actions, stage.now)
    courses = None
    if stage.stretch is not None:
        # A world of its own: what would have been done is not there now.
        courses = Trial(_subjects(policy, stage), answers, stage.actions, stage.stretch).run()
    assumed = sorted(subjects.world.assumed - {""}) if not subjects.makes else []
    notes = [*verdict.notes, *subjects.notes, *(_assumption(name) for name in assumed)]
    failure = ""
    if all(one.reading.met is None for one in looks) and not courses:
        failure = _silence(subjects)
    return replace(verdict, notes=tuple(notes), looks=looks, courses=courses, failure=failure)


def _looked_for_intruders(verdict: Verdict, policy: RulePolicy, stage: Stage) -> Verdict:
    """By the objects alone: no metrics tell of it, and no past."""
    if stage.objects is None and stage.cluster is None:
        note = "volume access is judged from claims, volumes, attachments and pods: " + _GIVE
        return replace(verdict, notes=(*verdict.notes, note))
    subjects = _subjects(policy, stage)
    looks, unclaimed = look_for_intruders(subjects, stage.actions, stage.now)
    return replace(verdict, looks=looks, notes=(*verdict.notes, *subjects.notes, *unclaimed))


def _subjects(policy: RulePolicy, stage: Stage) -> Subjects:
    if stage.objects is None and stage.cluster is None:
        return unseen(policy)
    world = TrialWorld(stage.objects or (), stage.cluster)
    return given(policy, world, is_whole=stage.cluster is not None)


def _silence(subjects: Subjects) -> str:
    if not subjects.objects and not subjects.makes:
        return "there is no object that the rule is about"
    if not subjects.objects:
        labels = subjects.policy.labels
        names = ", ".join([*labels.namespace, *labels.name, *labels.volume])
        return (
            "the metrics name no object: their expressions select nothing, or the samples have "
            f"none of the labels {names}, which metricLabels changes"
        )
    return "the metrics say nothing of any object that the rule is about"


def _remarks(policy: RulePolicy) -> Iterable[str]:
    for call in policy.actions:
        if call.name not in DEFAULT_ENABLED:
            yield f"{call.name} is only done where an administrator enables it (--actions)"
    if policy.dry_run:
        yield "dryRun is set: nothing of this is done"


def _assumption(name: str) -> str:
    return f"StorageClass {name} is not among the objects; its claims are taken to grow"
