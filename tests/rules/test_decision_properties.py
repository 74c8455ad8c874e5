"""Whatever metrics, providers, people, clocks and restarts do: what must hold.

The world asserts at each look that only known edges are taken, that a second look changes nothing,
and whenever an action begins: that the metrics are of the claim as it is, that it stays within its
limit and the budgets, that people have approved exactly this once, that a window is open, that no
other rule acts on the claim, and that it was left alone for the cool-down.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from kubervisor.rules.decision.budget import Limits
from kubervisor.rules.decision.facts import Answer
from kubervisor.rules.decision.policy import ActionCall, RulePolicy
from kubervisor.rules.decision.states import Reason, State
from tests.rules.policies import CAPACITY, GI, RESIZE, more_than, policy
from tests.rules.world_parts import LIMITS, NOTIFY, WIDER, End, Provider, Rule, claim
from tests.rules.worlds import World

places = st.integers(0, 20)
shares = st.sampled_from([0.96, 0.7, 0.6, 0.2])
polls = st.sampled_from([0, 1, 5, 12])
limits = st.sampled_from([WIDER, LIMITS])
mostly = st.sampled_from([True, True, False])
ONE, TWO = (ActionCall(RESIZE),), (ActionCall(RESIZE), ActionCall(NOTIFY))


def a_rule(name: str, threshold: str) -> st.SearchStrategy[Rule]:
    policies = st.builds(
        lambda actions, weight, hold_for, cool_down, needs_approval: policy(
            name=name,
            uid=f"uid-{name}",
            expressions=(more_than(threshold),),
            capacity=CAPACITY,
            actions=actions,
            weight=weight,
            hold_for=hold_for,
            cool_down=cool_down,
            needs_approval=needs_approval,
            approval_expiry=3600.0,
        ),
        st.sampled_from([ONE, TWO]),
        st.integers(0, 1),
        st.sampled_from([30.0, 0.0]),
        st.sampled_from([60.0, 0.0]),
        st.booleans(),
    )
    sizes = st.sampled_from([None, 12 * GI, 40 * GI])
    return st.builds(Rule, policies, st.sampled_from([100, 50, 10, 3]), sizes)


class Remedies(RuleBasedStateMachine):
    """Everything that can happen to rules and claims, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World([], [])

    @initialize(one=a_rule("one", "50"), other=a_rule("other", "65"), share=shares, limits=limits)
    def begin(self, one: Rule, other: Rule, share: float, limits: Limits) -> None:
        claims = [claim("pg-0", "db", int(share * 10 * GI)), claim("pg-1", "db", 7 * GI)]
        self.world = World([one, other], [*claims, claim("cart", "shop", 8 * GI)], limits)
        self.time_passes(10.0, 4)

    @rule(seconds=st.sampled_from([10.0, 1.0, 10.5, 31.0, 301.0, 601.0]), times=polls)
    def time_passes(self, seconds: float, times: int) -> None:
        for _ in range(times):
            self.world.pass_time(seconds)
            self.world.poll()
            self.world.look()

    @rule()
    def looks_between_polls(self) -> None:
        self.world.pass_time(31.0)
        self.world.look()

    @rule(end=st.sampled_from(End), has_polled=st.booleans(), times=polls)
    def the_process_ends(self, end: End, has_polled: bool, times: int) -> None:
        self.world.pass_time(10.0)
        if has_polled:
            self.world.poll()
        self.world.look(end)
        self.time_passes(31.0, times)

    @rule(seconds=st.sampled_from([7.0, 400.0, 90_000.0]), times=polls)
    def the_clock_is_set_back(self, seconds: float, times: int) -> None:
        self.world.now -= seconds
        self.time_passes(31.0, times)

    @rule(which=places, share=shares, times=polls)
    def usage_changes(self, which: int, share: float, times: int) -> None:
        one = self.world.claims[which % len(self.world.claims)]
        one.used = int(share * one.file_system)
        self.time_passes(31.0, times)

    @rule(which=places, provider=st.sampled_from([Provider.QUICK, *Provider]), times=polls)
    def a_provider_changes(self, which: int, provider: Provider, times: int) -> None:
        self.world.claims[which % len(self.world.claims)].provider = provider
        self.time_passes(31.0, times)

    @rule(which=places, times=polls)
    def people_double_a_claim(self, which: int, times: int) -> None:
        one = self.world.claims[which % len(self.world.claims)]
        one.request = max(one.request, 2 * one.capacity)
        self.time_passes(31.0, times)

    @rule(answers=mostly, is_scraped=mostly, times=polls)
    def metrics_come_or_go(self, answers: bool, is_scraped: bool, times: int) -> None:
        self.world.source_answers, self.world.is_scraped = answers, is_scraped
        self.time_passes(31.0, times)

    @rule(api=mostly, team=mostly, times=polls)
    def others_answer_or_not(self, api: bool, team: bool, times: int) -> None:
        self.world.api_answers, self.world.team_answers = api, team
        self.time_passes(31.0, times)

    @rule(seconds=st.sampled_from([0.0, 0.0, 600.0]), times=polls)
    def a_window_opens_or_closes(self, seconds: float, times: int) -> None:
        self.world.window_open_in = seconds
        self.time_passes(31.0, times)

    @rule(which=places, answer=st.sampled_from(Answer), times=polls)
    def people_answer(self, which: int, answer: Answer, times: int) -> None:
        self.world.answer(which, answer)
        self.time_passes(31.0, times)

    @rule(times=polls)
    def people_approve(self, times: int) -> None:
        for which in range(len(self.world.questions)):
            self.world.answer(which, Answer.APPROVED)
        self.time_passes(31.0, times)

    @rule(which=places, times=polls)
    def people_delete_an_approval(self, which: int, times: int) -> None:
        self.world.delete_question(which)
        self.time_passes(31.0, times)

    @rule(which=places, acts=mostly, needs_approval=st.booleans(), weight=st.integers(0, 2))
    def people_edit_a_rule(self, which: int, acts: bool, needs_approval: bool, weight: int) -> None:
        self.world.edit(which, dry_run=not acts, needs_approval=needs_approval, weight=weight)
        self.time_passes(10.0, 1)

    @rule(which=places, maxsize=st.sampled_from([None, 12 * GI, 40 * GI]), times=polls)
    def people_change_a_limit(self, which: int, maxsize: int | None, times: int) -> None:
        self.world.rules[which % len(self.world.rules)].maxsize = maxsize
        self.world.edit(which)
        self.time_passes(31.0, times)

    def teardown(self) -> None:
        """Once all faults are over and people say yes, claims are as large as rules make them; and
        once nothing is stored on them, all is normal.
        """
        world = self.world
        world.heal()
        world.questions.clear()
        world.settle()
        for one in world.rules:
            for volume in world.claims:
                standing = world.standing(one, volume)
                if standing.state is not State.NORMAL:
                    assert standing.state is State.DECLINED
                    assert one.maxsize is not None
                    assert volume.capacity >= one.maxsize
        for volume in world.claims:
            volume.used = 0
        world.settle()
        for one in world.rules:
            for volume in world.claims:
                assert world.standing(one, volume).state is State.NORMAL


TestWhateverHappens = Remedies.TestCase
TestWhateverHappens.settings = settings(max_examples=40, stateful_step_count=30)


def one_claim(rule: Rule) -> World:
    return World([rule], [claim("pg", "db", 6 * GI)])


def a_resize(percent: int, **changes: object) -> Rule:
    fields = {"capacity": CAPACITY, "hold_for": 0.0, "cool_down": 0.0} | changes
    rule: RulePolicy = policy(**fields)
    return Rule(rule, percent)


@settings(max_examples=40)
@given(st.sampled_from([1, 3, 10, 100]), st.lists(st.sampled_from([None, *End]), max_size=20))
def test_however_often_it_is_restarted_a_claim_grows_once_by_one_metric(
    percent: int, ends: list[End | None]
) -> None:
    world = one_claim(a_resize(percent))
    world.is_scraped = False
    for end in [*ends, *([None] * 20)]:
        world.poll()
        world.look(end)
        world.pass_time(10.0)
    assert world.resizes == 1
    world.is_scraped = True
    for _ in range(3):
        world.pass_time(10.0)
        world.poll()
        world.look()
    assert world.resizes == 1 if percent == 100 else 2


@settings(max_examples=40)
@given(st.lists(st.sampled_from([None, *End]), max_size=20), st.booleans())
def test_a_restart_at_any_point_goes_on_to_the_same_end(
    ends: list[End | None], needs_approval: bool
) -> None:
    world = one_claim(a_resize(50, needs_approval=needs_approval, actions=TWO))
    for end in ends:
        world.poll()
        world.answer(0, Answer.APPROVED)
        world.look(end)
        world.pass_time(10.0)
    world.settle()
    assert world.claims[0].capacity == 15 * GI
    assert world.resizes == 1
    assert world.standing(world.rules[0], world.claims[0]).state is State.NORMAL


def test_a_failing_provider_is_asked_less_and_less_often() -> None:
    world = one_claim(a_resize(100))
    world.claims[0].provider = Provider.FAILING
    for _ in range(360):
        world.poll()
        world.look()
        world.pass_time(10.0)
    assert world.resizes == 4  # as many as a namespace may have in an hour, 20, 40 and 80 s apart
    standing = world.standing(world.rules[0], world.claims[0])
    assert (standing.state, standing.reason) == (State.PENDING, Reason.BUDGET_EXHAUSTED)


def test_nothing_is_written_while_nothing_changes() -> None:
    world = one_claim(a_resize(100))
    world.claims[0].used = GI
    world.pass_time(1.0)
    world.poll()
    world.look()
    assert world.writes == 1
    for seconds in range(200):
        world.pass_time(10.0)
        world.claims[0].used = GI + seconds
        world.poll()
        world.look()
    assert world.writes == 1


def test_of_two_rules_one_resizes_a_claim() -> None:
    light = a_resize(10, weight=1, hold_for=30.0)
    heavy = a_resize(100, weight=2, hold_for=30.0, name="heavy", uid="uid-heavy")
    world = World([light, heavy], [claim("pg", "db", 6 * GI)])
    for _ in range(10):
        world.poll()
        world.look()
        world.pass_time(10.0)
    assert (world.resizes, world.claims[0].capacity) == (1, 20 * GI)
