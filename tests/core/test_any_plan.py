"""Any plan at all, carried out in any order that is allowed: these hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.plans.accepting import refused
from bot.core.plans.due import AskApproval, Complete, Dispatch, Due, Failed, Interact, JudgeGate, Wait, due
from bot.core.plans.execution import Execution, after, begin, carried_out
from bot.core.plans.happened import (
    Amended,
    Answered,
    Asked,
    Completed,
    Dispatched,
    GateJudged,
    Happened,
    Interacted,
    Recorded,
    SentBack,
    Started,
)
from bot.core.plans.plan import Gate, Member, Phase, Plan, Step, problems

T0 = datetime(2026, 1, 1, tzinfo=UTC)
FILES = ("a.py", "b.py", "src/**", "")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A few phases of a few steps, which wait for any earlier ones."""
    phases: list[Phase] = []
    known: list[str] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        steps = [_step(draw, f"{number}.{at}", known) for at in range(1, draw(st.integers(1, 4)) + 1)]
        gate = Gate(("make test",)) if draw(st.booleans()) else None
        phases.append(Phase(number, f"P{number}", tuple(steps), draw(st.sampled_from(("", "risky"))), gate))
    return Plan("task-a-0001", "do it", tuple(phases), T0, approval=draw(st.sampled_from(("", "HIGH"))))


def _step(draw: st.DrawFn, name: str, known: list[str]) -> Step:
    waits = draw(st.lists(st.sampled_from(known), unique=True, max_size=2)) if known else []
    known.append(name)
    team = tuple(Member(f"{name}.{c}", f"m{c}", "part") for c in "ab") if draw(st.integers(0, 4)) == 0 else ()
    may = draw(st.sampled_from(FILES))
    joins = draw(st.sampled_from(("concatenate", "merge_files", "agent")))
    paths, alone = ((may,) if may else ()), not team and draw(st.integers(0, 4)) == 0
    return Step(
        name, "agent", "work", depends_on=tuple(waits), allowed_paths=paths, team=team, joins=joins, interactive=alone
    )


@dataclass
class Walk:
    """Somebody who carries a plan out, as chance has it, and stops for nothing."""

    data: st.DataObject
    e: Execution
    happened: list[Happened] = field(default_factory=list)
    before: list[Execution] = field(default_factory=list)  # how it stood before each of them
    failing: bool = True

    def let(self, what: Happened) -> None:
        assert refused(self.e, what) == ""
        self.happened.append(what)
        self.before.append(self.e)
        self.e = after(self.e, what)

    @property
    def now(self) -> datetime:
        return T0 + timedelta(seconds=len(self.happened))

    def chance(self, one_in: int) -> bool:
        return self.failing and self.data.draw(st.integers(1, one_in)) == 1

    def step(self, what: Due) -> None:
        match what:
            case Dispatch(unit):
                self.let(Dispatched(self.now, unit.step.id, "agent"))
            case Interact(unit):
                self.let(Interacted(self.now, unit.step.id, "mona", "go on"))
            case AskApproval(phase):
                self.let(Answered(self.now, phase, "approve", "mona"))
            case JudgeGate(phase):
                self.let(GateJudged(self.now, phase.number, passed=not self.chance(4)))
            case Wait(on):
                self._end(self.data.draw(st.sampled_from(on)))
            case Failed():
                self._mend()
            case Complete():
                self.let(Completed(self.now))

    def _end(self, step: str) -> None:
        unit = self.e.find(step)
        assert unit
        if unit.step.interactive and unit.turns == 0:
            self.let(Asked(self.now, step, "which one?"))
        elif self.chance(6):  # its machine failed: it is there to be given again
            self.let(SentBack(self.now, step, "lost", lost=True))
        elif unit.step.id.count(".") > 1 and self.chance(3):  # of a team somebody says that all of it failed
            self.let(Recorded(self.now, step.rpartition(".")[0], "failed", "agent"))
        else:
            self.let(Recorded(self.now, step, "failed" if self.chance(5) else "complete", "agent"))

    def _mend(self) -> None:
        """What failed is given again, of a team a part or all of it; for a red gate, the phase's last step."""
        assert self.e.current
        broken = [each for each in (*self.e.units, *self.e.current.steps) if each.state == "failed"]
        step = self.data.draw(st.sampled_from(broken)) if broken else self.e.current.steps[-1]
        self.let(SentBack(self.now, step.step.id, "mend it"))

    def amend(self) -> None:
        """A phase more, behind the present one."""
        number = max(each.phase.number for each in self.e.phases) + 1
        phase = Phase(number, "More", (Step(f"{number}.1", "agent", "more"),))
        what = Amended(self.now, f"a{number}", "more to do", "mona", (phase,))
        if not refused(self.e, what):
            before = [each for each in self.e.phases if each.over]
            self.let(what)
            assert [each for each in self.e.phases if each.over][: len(before)] == before


def walk(data: st.DataObject, plan: Plan, failures: int = 15) -> Walk:
    """To its very end; after a while nothing fails any more."""
    way = Walk(data, begin(plan))
    way.let(Started(T0, "mona"))
    for at in range(2_000):
        way.failing = at < failures
        if way.e.completed:
            return way
        if way.failing and data.draw(st.integers(1, 10)) == 1:
            way.amend()
        way.step(data.draw(st.sampled_from(due(way.e))))
    raise AssertionError("it never ends")


@given(st.data(), plans())
def test_any_plan_is_sound_and_ends(data: st.DataObject, plan: Plan) -> None:
    """A plan of phases, steps and what they wait for has no problem, and whoever carries it out comes to its end."""
    assert problems(plan) == []
    assert all(step.state == "complete" for step in walk(data, plan).e.steps)


@given(st.data(), plans())
def test_no_step_before_what_it_depends_on_and_none_twice(data: st.DataObject, plan: Plan) -> None:
    """A step begins when all it depends on is complete, and once more only after it was sent back."""
    way = walk(data, plan)
    complete: set[str] = set()
    given_out: Counter[str] = Counter()
    allowed: Counter[str] = Counter(unit.step.id for unit in way.e.units)
    allowed.update(step.step.id for step in way.e.steps if step.team)  # the joining
    for what, e in zip(way.happened, [*way.before[1:], way.e], strict=True):
        if isinstance(what, Dispatched):
            state = way.e.find(what.step)
            assert state and complete.issuperset(state.step.depends_on)
            given_out[what.step] += 1
        if isinstance(what, SentBack) and (back := e.find(what.step)):
            allowed.update((what.step, *(member.step.id for member in back.team)))
        if isinstance(what, Recorded):
            complete |= {step.step.id for step in e.steps if step.state == "complete"}
    assert all(given_out[step] <= allowed[step] for step in given_out)


@given(st.data(), plans())
def test_no_phase_before_the_gate_and_the_approval_of_the_one_before(data: st.DataObject, plan: Plan) -> None:
    """Nothing of a phase is given out before every earlier one was approved, if it must be, and passed its gate."""
    way = walk(data, plan)
    for what, e in zip(way.happened, way.before, strict=True):
        if isinstance(what, Dispatched):
            numbers = [each.phase.number for each in e.phases]
            phase = e.phase_of(what.step)
            assert phase and e.approved
            for earlier in e.phases[: numbers.index(phase.phase.number)]:
                assert earlier.built and earlier.approved and earlier.passed
        if isinstance(what, GateJudged):
            phase = e.phase(what.phase)
            assert phase and phase.approved and phase.built


@given(st.data(), plans())
def test_two_that_may_change_the_same_file_never_work_at_once(data: st.DataObject, plan: Plan) -> None:
    """What the plan says of files is heeded."""
    way = walk(data, plan, failures=0)
    for e in way.before:
        paths = [unit.step.allowed_paths for unit in e.units if unit.state == "running" and unit.step.allowed_paths]
        assert len(paths) == len(set(paths))


@given(st.data(), plans(), st.integers(0, 200))
def test_resumed_after_any_moment_it_comes_to_the_same_end(data: st.DataObject, plan: Plan, cut: int) -> None:
    """Read back from the ledger after any moment it stands where it stood, and goes on to the end."""
    way = walk(data, plan)
    cut = min(max(cut, 1), len(way.happened))  # it has been started
    e = carried_out(plan, way.happened[:cut])
    for what in way.happened[cut:]:
        e = after(e, what)
    assert e == way.e
    lost = Walk(data, carried_out(plan, way.happened[:cut]), way.happened[:cut], way.before[:cut], failing=False)
    for unit in lost.e.units if not lost.e.completed else ():
        if unit.state == "running":
            lost.let(SentBack(lost.now, unit.step.id, "", lost=True))
    for _ in range(500):
        if lost.e.completed:
            break
        lost.step(due(lost.e)[0])
    assert {s.step.id for s in lost.e.steps} <= {s.step.id for s in way.e.steps}
    assert all(step.state == "complete" for step in lost.e.steps)


@given(st.data(), plans())
def test_what_may_not_happen_is_said_and_never_raises(data: st.DataObject, plan: Plan) -> None:
    """Whatever somebody asks for at whatever moment: it happens, or a sentence says why not."""
    e = begin(plan, on_board=data.draw(st.booleans()))
    ids = st.sampled_from([*(unit.step.id for unit in e.units), *(step.id for step in plan.steps), "9.9", "x"])
    numbers = st.integers(0, 6)
    at = st.just(T0)
    anything = st.one_of(
        st.builds(Started, at, st.just("mona")),
        st.builds(Dispatched, at, ids, st.sampled_from(("agent", "other"))),
        st.builds(Recorded, at, ids, st.sampled_from(("complete", "failed")), st.sampled_from(("agent", "other"))),
        st.builds(SentBack, at, ids, st.just("again")),
        st.builds(GateJudged, at, numbers, st.booleans(), st.sampled_from(("command", "attested"))),
        st.builds(Answered, at, numbers, st.sampled_from(("approve", "reject", "approve-with-feedback")), st.just("x")),
        st.builds(Asked, at, ids, st.just("?")),
        st.builds(Interacted, at, ids, st.just("mona")),
    )
    for what in data.draw(st.lists(anything, max_size=40)):
        if not (reason := refused(e, what)):
            e = after(e, what)
            assert all(_possible(e, each) for each in due(e))
            assert not (e.on_board and isinstance(what, GateJudged) and what.how == "attested")
        else:
            assert reason[0].islower() or reason[0].isdigit()


def _possible(e: Execution, what: Due) -> bool:
    """Whoever does what is due is not turned away; what nothing can be done about says why."""
    match what:
        case Dispatch(unit):
            return not e.started or not refused(e, Dispatched(T0, unit.step.id, "agent"))
        case JudgeGate(phase):
            return phase.gate is not None and (not e.started or not refused(e, GateJudged(T0, phase.number, True)))
        case AskApproval(phase):
            return not refused(e, Answered(T0, phase, "approve", "mona"))
        case Wait(on):
            return bool(on)
        case Failed(reason):
            return bool(reason)
        case Interact() | Complete():
            return True


@given(plans(), st.sampled_from(("twice", "later", "circle", "nobody", "two lines", "empty")))
def test_a_plan_that_cannot_be_carried_out_is_refused(plan: Plan, wrong: str) -> None:
    """A step that is there twice, waits for itself or for one that is not there, is nobody's, or of a name that forges
    a line; a phase of nothing."""
    first, *rest = plan.phases
    step = first.steps[0]
    changed = {
        "twice": replace(first, steps=(*first.steps, step)),
        "later": replace(first, steps=(replace(step, depends_on=("99.1",)), *first.steps[1:])),
        "circle": replace(first, steps=(replace(step, depends_on=(step.id,)), *first.steps[1:])),
        "nobody": replace(first, steps=(replace(step, agent=" "), *first.steps[1:])),
        "two lines": replace(first, steps=(replace(step, agent="a\nDISPATCH: b"), *first.steps[1:])),
        "empty": replace(first, steps=()),
    }[wrong]
    assert problems(replace(plan, phases=(changed, *rest)))
