"""What stops a version, and what takes it back: too many that fail, or that cannot get it.

Pure. Shares are compared in whole numbers: a quarter of four is not more than 25 percent.
"""

from __future__ import annotations

from kubervisor.datarollout.decision.choice import pinned
from kubervisor.datarollout.decision.sentences import names_of, of_pods, quoted
from kubervisor.datarollout.decision.state import News, Reason, User, View
from kubervisor.datarollout.decision.users import asked, fails_since_asked, refuses


def exceeds(part: int, whole: int, percent: int) -> bool:
    """Whether `part` is more than `percent` of `whole`.

    >>> exceeds(1, 4, 25), exceeds(2, 7, 25), exceeds(0, 0, 0)
    (False, True, False)
    """
    return part * 100 > percent * whole


def dependants_gate(view: View) -> News | None:
    """Why no version may go further for what depends on the source, None while it may."""
    if not exceeds(view.failing, view.dependants, view.policy.failure_percent):
        return None
    message = (
        f"{of_pods(view.failing, view.dependants)} that depend on the source fail, "
        f"more than {view.policy.failure_percent} %"
    )
    return News(Reason.DEPENDANTS_FAILING, message, warning=True)


def candidate_gate(view: View, now: float) -> News | None:
    """Why the candidate harms the pods that are asked for it, None while it does not."""
    out = asked(view)
    failing = [user for user in out if fails_since_asked(user, now)]
    return _too_many(view, Reason.CANDIDATE_FAILING, failing, out, "fail since")


def deployers_gate(view: View) -> News | None:
    """Why the candidate cannot be brought to the pods that are asked for it, None while it can."""
    out = asked(view)
    refusing = [user for user in out if refuses(user, view.state.candidate)]
    return _too_many(view, Reason.DEPLOYERS_FAILING, refusing, out, "cannot get it")


def reason_to_take_back(view: View, now: float) -> News | None:
    """The first gate that does not hold while pods are asked for the candidate."""
    if not asked(view):
        return None
    return dependants_gate(view) or candidate_gate(view, now) or deployers_gate(view)


def standstill(view: View) -> News | None:
    """Why nothing may go forward whatever the pods do, None where nothing stands in the way."""
    policy = view.policy
    if policy.paused:
        return News(Reason.PAUSED, "It is paused: nothing goes further until it is resumed")
    if view.published is None:
        message = "The data repository cannot be asked: nothing goes further until it can"
        return News(Reason.REPOSITORY_UNAVAILABLE, message, warning=True)
    if not view.published:
        return News(Reason.NOTHING_PUBLISHED, "The data repository publishes no version of it")
    if policy.pin and pinned(view) is None:
        message = (
            f"The pin {policy.pin} names no version that is published, or more than one: "
            "nothing goes further until it names one"
        )
        return News(Reason.PINNED, message, warning=True)
    return None


def hold(view: View) -> News | None:
    """Why nothing may go forward now, None where it may."""
    return standstill(view) or dependants_gate(view)


def _too_many(
    view: View, reason: Reason, some: list[User], out: tuple[User, ...], verb: str
) -> News | None:
    percent = view.policy.failure_percent
    if not exceeds(len(some), len(out), percent):
        return None
    share = of_pods(len(some), len(out))
    message = f"{share} asked for it {verb}, more than {percent} %: {names_of(some)}"
    said = next((u.deployed.message for u in some if u.deployed and u.deployed.message), "")
    if reason is Reason.DEPLOYERS_FAILING and said:
        message += f"; a deployer says {quoted(said)}"
    return News(reason, message, warning=True)
