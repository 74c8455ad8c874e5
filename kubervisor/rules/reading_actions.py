"""The actions of a rule: whether they are known, their parameters right, and what they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kubervisor.api.autopilot_fields import Action as Written
from kubervisor.rules.actions.action import Action
from kubervisor.rules.actions.registry import NOT_SUPPORTED
from kubervisor.rules.decision.policy import ObjectKind

Actions = Mapping[str, Action]
"""Those that this process has, by name."""

_OF_ACCESS = frozenset({ObjectKind.CLAIM, ObjectKind.POD})


def unsupported(written: Sequence[Written]) -> tuple[str, ...]:
    """A sentence for each action that the original knows and that is not done here."""
    return tuple(
        f"spec.actions[{index}].name: {call.name} is not supported: {NOT_SUPPORTED[call.name]}"
        for index, call in enumerate(written)
        if call.name in NOT_SUPPORTED
    )


def problems(written: Sequence[Written], actions: Actions) -> Iterator[str]:
    """What is wrong with names and parameters, as sentences that begin with the field."""
    for index, call in enumerate(written):
        action, where = actions.get(call.name), f"spec.actions[{index}]"
        if action is None:
            known = ", ".join(sorted(actions))
            yield f"{where}.name: must be one of {known}, is {call.name!r:.80}"
        else:
            yield from (f"{where}.params: {problem}" for problem in action.problems(call.params))


def need_approval(written: Sequence[Written], actions: Actions) -> bool:
    """Whether one of them wants an approval whatever the rule says."""
    return any(actions[call.name].needs_approval for call in written if call.name in actions)


def kind_of(asked: str | None, written: Sequence[Written], actions: Actions) -> ObjectKind:
    """The kind of objects that is asked for, else the one that all actions are for, claims before
    others.

    Raises ValueError, a sentence that begins with the field.
    """
    kinds = set(ObjectKind)
    for call in written:
        kinds &= actions[call.name].kinds if call.name in actions else kinds
    if not kinds:
        raise ValueError(
            "spec.actions: must all be for one kind of object; write a rule for each kind"
        )
    choice = sorted(kinds)
    if asked is not None and asked not in kinds:
        raise ValueError(
            f"spec.objectKind: must be a kind that the actions are for, is {asked}; write "
            f"objectKind: {choice[0]}"
        )
    if asked is None and ObjectKind.CLAIM not in kinds and len(kinds) > 1:
        raise ValueError(
            f"spec.objectKind: must be given: {' or '.join(choice)}; write objectKind: {choice[0]}"
        )
    if asked is not None:
        return ObjectKind(asked)
    return ObjectKind.CLAIM if ObjectKind.CLAIM in kinds else choice[0]


def kind_of_access(asked: str | None, written: Sequence[Written], actions: Actions) -> ObjectKind:
    """Claims; actions may be about the pods that use them without a right to.

    Raises ValueError, a sentence that begins with the field.
    """
    if asked not in (None, ObjectKind.CLAIM):
        raise ValueError(
            "spec.objectKind: must be PersistentVolumeClaim where type is volumeAccess"
        )
    for index, call in enumerate(written):
        if call.name in actions and not actions[call.name].kinds & _OF_ACCESS:
            raise ValueError(
                f"spec.actions[{index}].name: must be an action on claims or pods where type is "
                "volumeAccess"
            )
    return ObjectKind.CLAIM
