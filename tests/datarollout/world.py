"""A world of pods, deployers, dependants and a repository, in which the decision is carried out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kubervisor.datarollout.controller.objects import read_state
from kubervisor.datarollout.controller.statuses import status_of
from kubervisor.datarollout.decision.choice import pinned
from kubervisor.datarollout.decision.gates import dependants_gate
from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.stages import share
from kubervisor.datarollout.decision.state import (
    Phase,
    RolloutPlan,
    RolloutPolicy,
    RolloutState,
    User,
    View,
)
from kubervisor.datarollout.decision.users import is_asked_for
from kubervisor.datarollout.versions import Deployed, Progress, Request, Version
from tests.datarollout.builders import NOW, done, version

DEPENDANTS = 4


class Harm(StrEnum):
    """What is wrong with a version."""

    NONE = "none"
    PODS = "the pods that run it fail"
    DEPENDANTS = "what depends on the source fails while a pod runs it"
    DEPLOYERS = "no deployer can bring it"


class Hands(StrEnum):
    """How a pod's deployer works."""

    QUICK = "quick"
    SLOW = "slow"
    FAILING = "failing"
    SILENT = "silent"


@dataclass
class Pod:
    """A pod, what it is asked for, what its deployer says, and what it runs."""

    name: str
    created: float
    hands: Hands = Hands.QUICK
    skew: float = 0.0
    """Seconds by which its deployer's clock is ahead."""
    is_ill: bool = False
    """Failing whatever it runs."""
    request: Request | None = None
    deployed: Deployed | None = None
    runs: Version | None = None
    failing_since: float | None = None
    tried: set[str] = field(default_factory=set)
    """Digests of versions that it was asked for as candidates, until they were promoted."""
    left: dict[str, int] = field(default_factory=dict)
    """Those of them that it was taken back from, and the object's generation at that time."""


@dataclass
class World:
    """Instants are Unix seconds of the one clock; `published` is what the repository has."""

    policy: RolloutPolicy = field(default_factory=RolloutPolicy)
    now: float = NOW
    state: RolloutState = field(default_factory=RolloutState)
    pods: list[Pod] = field(default_factory=list)
    published: list[Version] = field(default_factory=list)
    harm: dict[str, Harm] = field(default_factory=dict)
    answers: bool = True
    ill_dependants: int = 0
    born: int = 0
    status: dict[str, object] = field(default_factory=dict)
    """Of the DataRollout."""

    def start(self, pods: int) -> None:
        for _ in range(pods):
            self.create(Hands.QUICK, 0.0)

    def create(self, hands: Hands, skew: float) -> None:
        self.pods.append(Pod(f"web-{self.born:04}", self.now, hands, skew))
        self.born += 1

    def publish(self, harm: Harm) -> Version:
        new = replace(version(f"v{len(self.harm):04}", float(int(self.now))), size=0)
        self.harm[new.sha256] = harm
        self.published.append(new)
        return new

    def publish_again(self, which: int) -> None:
        """An older version's bytes once more, under another path."""
        old = self.published[which % len(self.published)]
        again = replace(
            old, path=f"again-{len(self.published)}-{old.path}", at=float(int(self.now))
        )
        self.published.append(again)

    def lose(self, which: int) -> None:
        """The repository loses a version; the last one it keeps."""
        if len(self.published) > 1:
            del self.published[which % len(self.published)]

    def change(self, **spec: object) -> None:
        """People edit the object."""
        self.policy = replace(self.policy, generation=self.policy.generation + 1, **spec)  # type: ignore[arg-type]

    def view(self) -> View:
        users = tuple(
            User(p.name, "shop", p.name, p.request, p.deployed, p.failing_since, p.created)
            for p in sorted(self.pods, key=lambda pod: pod.name)
        )
        published = tuple(sorted(self.published, key=lambda one: one.at))
        return View(
            self.state,
            self.policy,
            published if self.answers else None,
            users,
            DEPENDANTS,
            self._failing_dependants(),
        )

    def look(self, *, store: bool = True, written: frozenset[int] | None = None) -> RolloutPlan:
        """One look. It ends before the state is stored, or with only those requests `written` that
        are named by their places; all of them unless said. Everything that must hold is asserted.
        """
        seen = self.view()
        plan = plan_rollout(seen, self.now)
        assert_idempotent(seen, plan, self.now)
        if not store:
            return plan
        self._store(seen, plan)
        for pod in self.pods:
            pod.tried -= (
                {plan.state.last_known_good.sha256} if plan.state.last_known_good else set()
            )
        wanted = enumerate(plan.requests)
        writes = [asked for place, asked in wanted if written is None or place in written]
        for who, asked_for in writes:
            self._ask(who, asked_for, plan)
        self._assert_share(seen)
        return plan

    def pass_time(self, seconds: float) -> None:
        """Time goes by; deployers work and pods fare as they do with what they run."""
        self.now += seconds
        for pod in self.pods:
            self._work(pod)
            is_harmed = pod.runs is not None and self.harm[pod.runs.sha256] is Harm.PODS
            if not (is_harmed or pod.is_ill):
                pod.failing_since = None
            elif pod.failing_since is None:
                pod.failing_since = self.now

    def heal(self) -> None:
        """Everything that can be put right is; what is wrong with a version stays wrong."""
        self.answers, self.ill_dependants = True, 0
        self.change(paused=False, pin="")
        for pod in self.pods:
            pod.hands, pod.skew, pod.is_ill = Hands.QUICK, 0.0, False

    def settle(self, hours: int = 96) -> None:
        """Looks and time until nothing moves for longer than anything waits, once a clock that was
        set back is again where it had been: what was said under it is believed only from then on.
        """
        said = [pod.deployed.at for pod in self.pods if pod.deployed]
        self.pass_time(max(0.0, max([self.state.not_before, *said]) - self.now))
        quiet = 0
        for _ in range(hours * 4):
            before = self.status
            plan = self.look()
            self.pass_time(900)
            quiet = quiet + 1 if self.status == before and not plan.requests else 0
            if quiet > 20:
                return
        raise AssertionError(f"it does not settle: {plan.reason} {plan.message}")

    def _store(self, seen: View, plan: RolloutPlan) -> None:
        """The state is what the object gives back, and that is what was stored."""
        self.status = status_of(
            self.status,
            self.policy.generation,
            plan,
            seen,
            repository="",
            finding=None,
            now=self.now,
        )
        self.state = read_state(self.status)
        assert self.state == plan.state

    def _failing_dependants(self) -> int:
        harmed = (p.runs and self.harm[p.runs.sha256] is Harm.DEPENDANTS for p in self.pods)
        return DEPENDANTS if any(harmed) else self.ill_dependants

    def _ask(self, who: User, asked_for: Version, plan: RolloutPlan) -> None:
        pod = next((one for one in self.pods if one.name == who.name), None)
        assert pod is not None, f"{who.name} does not use the source"
        if not asked_for.is_same(plan.state.last_known_good):
            left = pod.left.get(asked_for.sha256)
            assert left is None or self.policy.generation > left, "a pod goes back and forth"
            self._assert_free(asked_for)
            pod.tried.add(asked_for.sha256)
        before = pod.request.version if pod.request else None
        if before and before.sha256 in pod.tried and not before.is_same(asked_for):
            pod.left[before.sha256] = self.policy.generation
        pod.request = Request(asked_for, float(int(self.now)))

    def _assert_free(self, asked_for: Version) -> None:
        for entry in self.state.quarantine:
            if entry.version.is_same(asked_for):
                assert asked_for.is_same(pinned(self.view())), "in quarantine and not pinned"
                assert self.policy.generation > entry.generation, "pinned before it was taken back"

    def _assert_share(self, before: View) -> None:
        """How many are away from what is known good, before and after the look."""
        after = self.view()
        away = _away(after, self.state.last_known_good)
        were_away = _away(before, self.state.last_known_good)
        assert away <= max(were_away, share(after) if self.state.candidate else 0)
        if dependants_gate(after) or self.policy.paused or not self.answers:
            assert away <= were_away, "more pods have it although nothing may go forward"

    def _work(self, pod: Pod) -> None:
        wanted = pod.request.version if pod.request else None
        if wanted is None or pod.hands is Hands.SILENT:
            return
        said = pod.deployed
        is_said = said is not None and said.version.is_same(wanted)
        if is_said and said and said.progress is Progress.READY:
            return
        if pod.hands is Hands.FAILING or self.harm[wanted.sha256] is Harm.DEPLOYERS:
            progress = Progress.FAILED
        elif pod.hands is Hands.SLOW and not is_said:
            progress = Progress.FETCHING
        else:
            progress, pod.runs = Progress.READY, wanted
        pod.deployed = Deployed(wanted, progress, self.now + pod.skew)


def assert_idempotent(seen: View, plan: RolloutPlan, now: float) -> None:
    """To look again at what the plan made of the world changes nothing; but the way back may be
    over once all that it takes was written.
    """
    if plan.state.phase is Phase.ROLLING_BACK and plan.requests:
        return
    again = plan_rollout(done(seen, plan, now), now)
    assert again.news == ()
    assert again.requests == ()
    assert again.state == plan.state


def _away(seen: View, good: Version | None) -> int:
    return sum(user.request is not None and not is_asked_for(user, good) for user in seen.users)
