"""Whatever pods, deployers, dependants, the repository, people and restarts do: what must hold.

The world asserts at each look that no pod goes back and forth, that nothing in quarantine goes out,
that no more pods than the stage's share are away from the last known good version, that their
number never grows while nothing may go forward, and that a second look finds nothing to do.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from kubervisor.datarollout.decision.state import Phase, Reason, RolloutPolicy, RolloutState
from tests.datarollout.world import DEPENDANTS, Hands, Harm, World

harms = st.sampled_from([Harm.NONE, *Harm])
hands = st.sampled_from([Hands.QUICK, *Hands])
skews = st.sampled_from([0.0, 0.0, -30.0, 5000.0])
places = st.integers(0, 20)
policies = st.builds(
    RolloutPolicy,
    stages=st.sampled_from([(25, 100), (100,), (1, 10, 50, 100)]),
    probation=st.sampled_from([600.0, 60.0, 3600.0]),
    failure_percent=st.sampled_from([25, 0, 50]),
    deadline=st.sampled_from([1800.0, 600.0]),
)


class Rollout(RuleBasedStateMachine):
    """Everything that can happen to a rollout, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(policy=policies, pods=st.integers(0, 12))
    def begin(self, policy: RolloutPolicy, pods: int) -> None:
        self.world = World(policy)
        self.world.publish(Harm.NONE)
        self.world.start(pods)
        self.world.look()

    @rule()
    def look(self) -> None:
        self.world.look()

    @rule(written=st.frozensets(places))
    def end_amid_a_look(self, written: frozenset[int]) -> None:
        self.world.look(written=written)

    @rule()
    def end_before_the_state_is_stored(self) -> None:
        self.world.look(store=False)

    @rule(seconds=st.sampled_from([1.0, 15.0, 61.0, 300.0, 601.0, 1801.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.world.look()

    @rule(seconds=st.sampled_from([600.0, 90_000.0]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.world.now -= seconds

    @rule(harm=harms)
    def a_version_is_published(self, harm: Harm) -> None:
        self.world.publish(harm)

    @rule(which=places)
    def old_bytes_are_published_again(self, which: int) -> None:
        self.world.publish_again(which)

    @rule(which=places)
    def the_repository_loses_a_version(self, which: int) -> None:
        self.world.lose(which)

    @rule()
    def the_repository_comes_or_goes(self) -> None:
        self.world.answers = not self.world.answers

    @rule(hands=hands, skew=skews)
    def a_pod_is_created(self, hands: Hands, skew: float) -> None:
        self.world.create(hands, skew)

    @precondition(lambda self: self.world.pods)
    @rule(which=places)
    def a_pod_goes(self, which: int) -> None:
        del self.world.pods[which % len(self.world.pods)]

    @precondition(lambda self: self.world.pods)
    @rule(which=places, hands=hands)
    def a_deployer_changes(self, which: int, hands: Hands) -> None:
        self.world.pods[which % len(self.world.pods)].hands = hands

    @precondition(lambda self: self.world.pods)
    @rule(which=places)
    def a_pod_falls_ill_or_recovers(self, which: int) -> None:
        pod = self.world.pods[which % len(self.world.pods)]
        pod.is_ill = not pod.is_ill

    @rule(ill=st.integers(0, DEPENDANTS))
    def dependants_fall_ill(self, ill: int) -> None:
        self.world.ill_dependants = ill

    @rule(paused=st.booleans())
    def people_pause_or_resume(self, paused: bool) -> None:
        self.world.change(paused=paused)

    @rule(which=places)
    def people_pin(self, which: int) -> None:
        self.world.change(pin=self.world.published[which % len(self.world.published)].path)

    @rule()
    def people_unpin(self) -> None:
        self.world.change(pin="")

    @rule(policy=policies)
    def people_change_the_rules(self, policy: RolloutPolicy) -> None:
        self.world.change(
            stages=policy.stages,
            probation=policy.probation,
            failure_percent=policy.failure_percent,
            deadline=policy.deadline,
        )

    def teardown(self) -> None:
        """Once all faults are over it comes to an end: all have one version, and nothing moves.

        A version that harms can be what is known good where the repository lost all others: then
        the next one waits for the dependants, and nobody has it.
        """
        world = self.world
        if not world.published:
            return
        world.create(Hands.QUICK, 0.0)
        world.heal()
        world.settle()
        good = world.state.last_known_good
        assert good is not None
        if world.harm[good.sha256] is not Harm.DEPENDANTS:
            assert world.state.phase is Phase.SETTLED
            assert world.state.candidate is None
        for pod in world.pods:
            assert pod.request is not None
            assert pod.request.version.is_same(good)
            assert pod.deployed is not None


TestWhateverHappens = Rollout.TestCase
TestWhateverHappens.settings = settings(max_examples=50, stateful_step_count=40)


FEWER = settings(max_examples=40)


@FEWER
@given(
    st.integers(1, 30),
    policies,
    st.sampled_from([harm for harm in Harm if harm is not Harm.NONE]),
    st.sampled_from([40, 9, 3]),
)
def test_a_version_that_harms_is_never_promoted_and_taken_back_everywhere(
    pods: int, policy: RolloutPolicy, harm: Harm, looks: int
) -> None:
    world = World(policy)
    good = world.publish(Harm.NONE)
    world.start(pods)
    settle(world)
    bad = world.publish(harm)
    seen = set()
    for _ in range(4 * looks):
        world.pass_time(policy.probation / looks)
        seen.add(world.look().state.phase)
        assert world.state.last_known_good == good
    assert seen >= {Phase.ROLLING_OUT, Phase.ROLLING_BACK, Phase.SETTLED}
    assert all(pod.request and pod.request.version == good for pod in world.pods)
    assert all(pod.runs == good for pod in world.pods)
    assert [entry.version for entry in world.state.quarantine] == [bad]


@FEWER
@given(st.integers(1, 30), policies, st.sampled_from([40, 9, 3]))
def test_a_good_version_is_promoted_after_a_probation_for_each_stage_and_no_sooner(
    pods: int, policy: RolloutPolicy, looks: int
) -> None:
    period = policy.probation / looks
    world = World(policy)
    world.publish(Harm.NONE)
    world.start(pods)
    settle(world)
    new = world.publish(Harm.NONE)
    world.look()
    begun = world.now
    while world.state.last_known_good != new:
        world.pass_time(period)
        world.look()
        assert world.now - begun <= len(policy.stages) * (policy.probation + 3 * period)
    assert world.now - begun >= policy.probation
    if pods >= 12:
        assert world.now - begun >= (len(policy.stages) - 1) * policy.probation


@FEWER
@given(st.integers(1, 12), st.lists(st.none() | st.frozensets(st.integers(0, 11)), max_size=40))
def test_a_restart_at_any_point_goes_on_to_the_same_end(
    pods: int, ends: list[frozenset[int] | None]
) -> None:
    world = World()
    world.publish(Harm.NONE)
    world.start(pods)
    settle(world)
    new = world.publish(Harm.NONE)
    for written in ends:
        world.pass_time(60)
        world.look(store=written is not None, written=written)
    world.settle()
    assert world.state == RolloutState(Phase.SETTLED, new, reason=Reason.UP_TO_DATE)


def settle(world: World) -> None:
    """The pods have the first version, and have had it for the probation."""
    world.look()
    world.pass_time(1)
    world.pass_time(world.policy.probation)
    world.look()
