"""A world of claims, providers, metrics, people and rules, in which the decision is carried out.

Everything that must hold is asserted while it happens. Nothing is kept but what was stored, through
JSON: each look begins as after a restart, but for the reading of the last poll.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from kubervisor.rules.decision.budget import Limits, spending
from kubervisor.rules.decision.conflicts import Stake
from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import (
    Answer,
    ApprovalView,
    ApprovalWish,
    Facts,
    Move,
    Permission,
    Reading,
    WishKind,
)
from kubervisor.rules.decision.lifecycle import advance, begin
from kubervisor.rules.decision.outcomes import Did, Done, Failed, Outcome, Refusal, Wait
from kubervisor.rules.decision.permit import permit
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.reading import ClaimSize, read_object, unknown
from kubervisor.rules.decision.states import Intent, Reason, Sizes, Standing, State
from tests.rules.policies import RESIZE
from tests.rules.world_parts import (
    EDGES,
    LIMITS,
    NOTIFY,
    Begun,
    Claim,
    End,
    Key,
    Provider,
    Question,
    Rule,
    dump,
    key_of,
    load,
    preview,
    provide,
)


@dataclass
class World:
    """`now` is the clock that can be set back, `real` the one that cannot."""

    rules: list[Rule]
    claims: list[Claim]
    limits: Limits = LIMITS
    now: float = 1_800_000_000.0
    real: float = 0.0
    source_answers: bool = True
    is_scraped: bool = True
    window_open_in: float = 0.0
    api_answers: bool = True
    team_answers: bool = True
    stored: dict[Key, str] = field(default_factory=dict)
    questions: dict[Key, Question] = field(default_factory=dict)
    readings: dict[Key, Reading] = field(default_factory=dict)
    read_at: dict[Key, float] = field(default_factory=dict)
    begun: list[Begun] = field(default_factory=list)
    ended: dict[Key, float] = field(default_factory=dict)
    grown: set[Key] = field(default_factory=set)
    """Whose first action is done, and the remedy is not."""
    asked: int = 0
    writes: int = 0
    resizes: int = 0

    def __post_init__(self) -> None:
        for claim in self.claims:
            claim.request = claim.capacity
        self.pass_time(0.0)

    # What the world does

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.real += seconds
        for claim in self.claims:
            provide(claim)
            if self.is_scraped:
                claim.shown = (claim.used, claim.file_system)

    def answer(self, which: int, answer: Answer) -> None:
        """People answer a question."""
        keys = sorted(self.questions)
        if keys:
            question = self.questions[keys[which % len(keys)]]
            question.view = replace(question.view, answer=answer)

    def delete_question(self, which: int) -> None:
        keys = sorted(self.questions)
        if keys:
            del self.questions[keys[which % len(keys)]]

    def edit(self, which: int, **spec: object) -> None:
        """People edit a rule."""
        rule = self.rules[which % len(self.rules)]
        generation = rule.policy.generation + 1
        rule.policy = replace(rule.policy, generation=generation, **spec)  # type: ignore[arg-type]

    # What the process does

    def restart(self) -> None:
        self.readings.clear()

    def poll(self) -> None:
        for rule, claim in self._pairs():
            self.readings[key_of(rule, claim)] = self._read(rule.policy, claim)
            self.read_at[key_of(rule, claim)] = self.real

    def look(self, end: End | None = None) -> None:
        """At each claim by each rule; the process may end in the middle of each look."""
        for rule, claim in self._pairs():
            self._look(rule, claim, end)
        if end is not None:
            self.restart()

    def standing(self, rule: Rule, claim: Claim) -> Standing:
        stored = self.stored.get(key_of(rule, claim))
        return begin(self.now) if stored is None else load(stored)

    def _look(self, rule: Rule, claim: Claim, end: End | None) -> None:
        facts = Facts(
            self.readings.get(key_of(rule, claim)),
            self._approval(rule, claim),
            lambda: self._permission(rule, claim),
            lambda: self._previews(rule, claim),
            self.window_open_in,
        )
        move = self._advance(rule, claim, facts)
        if end is End.BEFORE_STORING:
            return
        self._store(rule, claim, move)
        if end is End.BEFORE_ASKING:
            return
        self._grant(key_of(rule, claim), move.wish)
        while move.wants_step and end is not End.BEFORE_THE_DEED:
            intent = move.standing.intents[0]
            outcome = self._step(claim, intent)
            if isinstance(outcome, Done) and intent.action == RESIZE:
                self.grown.add(key_of(rule, claim))
            if end is End.AFTER_THE_DEED or outcome is None:
                return
            move = self._advance(rule, claim, replace(facts, outcome=outcome))
            assert not (isinstance(outcome, Did) and move.wants_step), "a deed without a look"
            self._store(rule, claim, move)

    def _advance(self, rule: Rule, claim: Claim, facts: Facts) -> Move:
        before = self.standing(rule, claim)
        move = advance(rule.policy, before, facts, self.now)
        at = before.state
        for one in move.transitions:
            assert one.origin is at
            assert one.target in EDGES[at], f"{at} → {one.target}"
            assert one.message, "it says why"
            at = one.target
            if at is State.TRIGGERED:
                self.grown.discard(key_of(rule, claim))
            if at is State.IN_PROGRESS:
                self._assert_may_begin(rule, claim, move.standing, facts)
        assert at is move.standing.state
        again = advance(rule.policy, move.standing, replace(facts, outcome=None), self.now)
        assert again.standing is move.standing, "a second look changes nothing"
        return move

    def _store(self, rule: Rule, claim: Claim, move: Move) -> None:
        key = key_of(rule, claim)
        if move.standing != self.standing(rule, claim):
            self.stored[key] = dump(claim.ref, move.standing)
            self.writes += 1
            assert self.standing(rule, claim) == move.standing, "what is stored is what is read"
        for one in move.transitions:
            if one.target is State.IN_PROGRESS:
                question = self.questions.get(key)
                number = question.number if question and rule.policy.needs_approval else None
                self.begun.append(Begun(key, self.real, number))
            if one.origin is State.IN_PROGRESS:
                self.ended[key] = self.real

    def _grant(self, key: Key, wish: ApprovalWish | None) -> None:
        if wish is None:
            return
        self.writes += 1
        if wish.kind is WishKind.CANCEL:
            question = self.questions[key]
            question.view = replace(question.view, answer=Answer.CANCELED)
            return
        assert (wish.kind is WishKind.ASK) is (key not in self.questions)
        assert wish.digest == digest(wish.intents)
        self.asked += 1
        view = ApprovalView(Answer.PENDING, wish.digest, wish.expires_at)
        self.questions[key] = Question(self.asked, view)

    # What it sees

    def _pairs(self) -> Iterator[tuple[Rule, Claim]]:
        return ((rule, claim) for rule in self.rules for claim in self.claims)

    def _read(self, policy: RulePolicy, claim: Claim) -> Reading:
        if not self.source_answers:
            return unknown(Reason.NO_DATA, "the source does not answer", self.now)
        used, capacity = claim.shown
        size = ClaimSize(claim.capacity, claim.request)
        samples = [[100 * used / capacity] for _ in policy.expressions]
        return read_object(policy, samples, [float(capacity)], size, self._before(claim), self.now)

    def _before(self, claim: Claim) -> list[Sizes]:
        standings = (stake.standing for stake in self._stakes() if stake.object == claim.ref)
        return [one.measured for one in standings if one.measured is not None]

    def _approval(self, rule: Rule, claim: Claim) -> ApprovalView | None:
        question = self.questions.get(key_of(rule, claim))
        return question.view if question else None

    def _stakes(self) -> list[Stake]:
        pairs = self._pairs()
        return [Stake(rule.policy, one.ref, self.standing(rule, one)) for rule, one in pairs]

    def _permission(self, rule: Rule, claim: Claim) -> Permission:
        stakes = self._stakes()
        read_at = self.readings[key_of(rule, claim)].at
        one = Stake(rule.policy, claim.ref, self.standing(rule, claim), read_at)
        on_object = [stake for stake in stakes if stake.object == claim.ref]
        return permit(one, on_object, spending(stakes, self.now), self.limits, self.now)

    # What it does

    def _previews(self, rule: Rule, claim: Claim) -> Sequence[Intent | Refusal]:
        resize = preview(rule, claim)
        notify = Intent(NOTIFY, "tell the team", {"of": claim.ref.name})
        return [resize, notify][: len(rule.policy.actions)]

    def _step(self, claim: Claim, intent: Intent) -> Outcome | None:
        """None where the API server does not answer: then it is looked at again."""
        if not self.api_answers:
            return None
        if intent.action == NOTIFY:
            return self._notify(intent)
        size, larger = int(intent.goal["from"]), int(intent.goal["to"])
        if claim.capacity >= larger:
            return Done(f"it has {claim.capacity} bytes")
        if claim.error:
            claim.error, message = "", claim.error
            return Failed(message)
        if claim.request >= larger:
            return Wait("the provider resizes it")
        if claim.request > size:
            return Failed("another size is asked for by now")
        claim.request = larger
        self.resizes += 1
        return Did()

    def _notify(self, intent: Intent) -> Outcome:
        if intent.progress:
            return Done("the team is told")
        return Did({"told": "yes"}) if self.team_answers else Failed("the team does not answer")

    # What must hold when an action begins

    def _assert_may_begin(self, rule: Rule, claim: Claim, after: Standing, facts: Facts) -> None:
        key, policy = key_of(rule, claim), rule.policy
        reading = self.readings.get(key)
        assert reading is not None
        assert reading.met, "on evidence"
        assert self.read_at[key] > self.ended.get(key, -1.0), "that is younger than the last action"
        assert not policy.dry_run
        assert self.window_open_in == 0
        assert after.intents
        for intent in after.intents:
            if intent.action == RESIZE and rule.maxsize is not None:
                assert int(intent.goal["to"]) <= rule.maxsize
        if after.intents[0].action == RESIZE:
            assert key not in self.grown, "what is done is not done again"
            assert after.measured is not None
            assert after.measured.metric == claim.file_system, "the metric is of this claim"
        if policy.needs_approval:
            self._assert_approved(key, after)
        self._assert_turn(key, claim, after)
        self._assert_budget(claim)

    def _assert_approved(self, key: Key, after: Standing) -> None:
        question = self.questions[key]
        assert question.view.answer is Answer.APPROVED
        assert question.view.digest == after.digest
        if not after.attempts:
            assert digest(after.intents) == after.digest
            numbers = [one.question for one in self.begun if one.key == key]
            assert question.number not in numbers, "an approval is used for one action"

    def _assert_turn(self, key: Key, claim: Claim, after: Standing) -> None:
        for rule in self.rules:
            other = self.standing(rule, claim)
            if (rule.policy.uid, claim.ref.uid) != key:
                assert other.state is not State.IN_PROGRESS, "two rules act on one object"
            elif after.attempts:
                continue
            last = (rule.policy.uid, claim.ref.uid)
            begun = [one.at for one in self.begun if one.key == last]
            taken = [self.ended[last]] if other.state is State.TAKEN else []
            for at in begun[-1:] + taken:
                # Instants are in whole seconds.
                assert self.real - at > rule.policy.cool_down - 1, "it is not left alone"

    def _assert_budget(self, claim: Claim) -> None:
        states = [stake.standing.state for stake in self._stakes()]
        assert states.count(State.IN_PROGRESS) < self.limits.at_once
        uids = {one.ref.uid for one in self.claims if one.ref.namespace == claim.ref.namespace}
        recent = [one for one in self.begun if self.real - one.at < 3599]
        assert len(recent) < self.limits.per_hour
        there = [one for one in recent if one.key[1] in uids]
        assert len(there) < self.limits.per_namespace_per_hour

    # Once all faults are over

    def heal(self) -> None:
        self.source_answers = self.is_scraped = self.api_answers = self.team_answers = True
        self.window_open_in = 0.0
        for which in range(len(self.rules)):
            self.edit(which, dry_run=False)
        for claim in self.claims:
            claim.provider = Provider.QUICK

    def settle(self) -> None:
        """Polls, looks and time, while people approve what is asked for, until nothing is written
        for longer than anything waits.
        """
        quiet = 0
        for _ in range(3000):
            before = self.writes
            for question in self.questions.values():
                if question.view.answer is Answer.PENDING:
                    question.view = replace(question.view, answer=Answer.APPROVED)
            self.poll()
            self.look()
            self.pass_time(60.0)
            quiet = quiet + 1 if self.writes == before else 0
            if quiet * 60 > 4000:
                return
        raise AssertionError(f"it does not settle: {[one.standing for one in self._stakes()]}")
