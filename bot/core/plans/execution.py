"""A plan as it stands: computed from what happened, one record after the other. Nothing here is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Literal, assert_never

from bot.core.plans.gaps import gaps, settled
from bot.core.plans.happened import (
    Amended,
    Answered,
    Asked,
    Cancelled,
    Completed,
    Dispatched,
    GateJudged,
    GateRetried,
    Happened,
    Interacted,
    Recorded,
    SentBack,
    Started,
)
from bot.core.plans.joining import part_path
from bot.core.plans.library import Tagged, tags_of
from bot.core.plans.plan import FOLDER, Member, Phase, Plan, Step
from bot.core.worktree import Work

StepIs = Literal["pending", "running", "asking", "complete", "failed"]


@dataclass(frozen=True)
class StepState:
    """A step, or a member of a team as a step of its own, and how it stands."""

    step: Step
    state: StepIs = "pending"
    team: tuple[StepState, ...] = ()
    dispatched: Dispatched | None = None  # the last time
    recorded: Recorded | None = None  # the last end
    sent_back: tuple[SentBack, ...] = ()
    attempts: int = 0  # how often it was dispatched
    turns: int = 0  # of an interactive step
    question: str = ""  # what its agent asked last

    @property
    def over(self) -> bool:
        return self.state in ("complete", "failed")

    @property
    def joined(self) -> bool:
        """Its team has done all its work."""
        return bool(self.team) and all(member.state == "complete" for member in self.team)


@dataclass(frozen=True)
class PhaseState:
    phase: Phase
    steps: tuple[StepState, ...]
    gate: GateJudged | None = None  # of the work as it is now; None: not judged
    answer: Answered | None = None
    rounds: int = 0  # how often its work was sent back
    unknown: tuple[str, ...] = ()  # what its agents did not know and a person is to be asked

    @property
    def approval(self) -> str:
        """Why a person approves it; empty: nobody must."""
        return "; ".join(filter(None, (self.phase.approval, *self.unknown)))

    @property
    def built(self) -> bool:
        return all(each.state == "complete" for each in self.steps)

    @property
    def approved(self) -> bool:
        return not self.approval or (self.answer is not None and self.answer.answer != "reject")

    @property
    def passed(self) -> bool:
        return self.phase.gate is None or (self.gate is not None and self.gate.passed)

    @property
    def over(self) -> bool:
        return self.built and self.approved and self.passed


@dataclass(frozen=True)
class Execution:
    plan: Plan  # as it was made; what was added since is in `phases`
    phases: tuple[PhaseState, ...]
    on_board: bool = False  # it belongs to a card: no word of anybody's stands for a gate that Sluice can run
    started: Started | None = None
    answer: Answered | None = None  # to the plan itself
    amendments: tuple[Amended, ...] = ()
    delivered: tuple[str, ...] = ()  # knowledge that somebody was given whole
    cancelled: Cancelled | None = None
    completed: Completed | None = None
    work: Work | None = None  # what lies on the item's branch by now
    last_at: datetime | None = None

    @property
    def steps(self) -> tuple[StepState, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    @property
    def units(self) -> tuple[StepState, ...]:
        """What is dispatched on its own: steps, and in place of a team its members."""
        return tuple(unit for step in self.steps for unit in (step.team or (step,)))

    @property
    def current(self) -> PhaseState | None:
        """The first phase that is not over; None: all are."""
        return next((phase for phase in self.phases if not phase.over), None)

    @property
    def approved(self) -> bool:
        return not self.plan.approval or (self.answer is not None and self.answer.answer != "reject")

    @property
    def rejected(self) -> bool:
        return self.answer is not None and self.answer.answer == "reject"

    def find(self, step: str) -> StepState | None:
        """A step, or a member of a team."""
        return next((each for one in self.steps for each in (one, *one.team) if each.step.id == step), None)

    def phase_of(self, step: str) -> PhaseState | None:
        return next((each for each in self.phases if any(_is(one, step) for one in each.steps)), None)

    def phase(self, number: int) -> PhaseState | None:
        return next((each for each in self.phases if each.phase.number == number), None)


def begin(plan: Plan, on_board: bool = False) -> Execution:
    return Execution(plan, tuple(map(_phase_state, plan.phases)), on_board)


def carried_out(plan: Plan, happened: Iterable[Happened], on_board: bool = False) -> Execution:
    """The plan as it stands after all of it."""
    return reduce(after, happened, begin(plan, on_board))


def after(e: Execution, what: Happened) -> Execution:
    """The plan as it stands after one thing more. Whether that may happen is asked before (`accepting`)."""
    e = replace(e, last_at=what.at)
    match what:
        case Started():
            return replace(e, started=e.started or what)
        case Dispatched():
            known = tuple(dict.fromkeys((*e.delivered, *what.delivered)))
            return replace(_with_step(e, what.step, lambda s: _dispatched(s, what)), delivered=known)
        case Recorded():
            ended = replace(_with_step(e, what.step, lambda s: _recorded(s, what)), work=what.work or e.work)
            return _with_gaps(ended, what)
        case SentBack():
            return _sent_back(e, what)
        case GateJudged():
            return _with_phase(e, what.phase, lambda phase: replace(phase, gate=what))
        case GateRetried():
            return _with_phase(e, what.phase, lambda phase: replace(phase, gate=None))
        case Answered(phase=0):
            return replace(e, answer=what)
        case Answered():
            return _with_phase(e, what.phase, lambda phase: replace(phase, answer=what))
        case Amended():
            return _amended(e, what)
        case Asked():
            return _with_step(e, what.step, lambda s: replace(s, state="asking", question=what.text))
        case Interacted():
            return _with_step(e, what.step, lambda s: _interacted(s, what))
        case Cancelled():
            return replace(e, cancelled=what)
        case Completed():
            return replace(e, completed=what)
        case _:
            assert_never(what)


def _dispatched(s: StepState, what: Dispatched) -> StepState:
    team = tuple(_dispatched(member, what) if member.state != "complete" else member for member in s.team)
    return replace(s, state="running", team=team, dispatched=what, attempts=s.attempts + 1)


def _recorded(s: StepState, what: Recorded) -> StepState:
    """Of a team: whoever speaks for the step speaks for its members."""
    team = tuple(member if member.over else replace(member, state=what.status) for member in s.team)
    return replace(s, state=what.status, team=team, recorded=what)


def _with_gaps(e: Execution, what: Recorded) -> Execution:
    """What an agent says that it did not know is asked of a person before the phase's gate, where the plan's level of
    intervention and its risk want that. An item's agents have a way to ask, and wait for the answer."""
    phase = e.phase_of(what.step)
    if e.on_board or phase is None:
        return e
    library = [Tagged(path, tags_of(path, "")) for path in e.plan.knowledge]
    asked = [gap for gap in gaps(what.outcome) if settled(gap, e.plan.risk, e.plan.intervention, library) == "ask"]
    told = [f"step {what.step} ({what.agent}) did not know: {gap.about}" for gap in asked]
    unknown = tuple(dict.fromkeys((*phase.unknown, *told)))
    return _with_phase(e, phase.phase.number, lambda p: replace(p, unknown=unknown)) if told else e


def _interacted(s: StepState, what: Interacted) -> StepState:
    return replace(s, state="running", turns=s.turns + 1, question="")


def _sent_back(e: Execution, what: SentBack) -> Execution:
    """Its own end stays known; the gate's verdict and a person's were on work that is about to change."""
    e = _with_step(e, what.step, lambda s: _again(s, what))
    phase = e.phase_of(what.step)
    if phase is None:
        return e
    if what.lost:
        return _with_phase(e, phase.phase.number, lambda p: replace(p, gate=None))
    again = not (what.conflict or what.asked)  # whose work met another's, or a person's wish, has failed nothing
    return _with_phase(e, phase.phase.number, lambda p: replace(p, gate=None, answer=None, rounds=p.rounds + again))


def _again(s: StepState, what: SentBack) -> StepState:
    """Of a team: with the step go the members that have not done their part."""
    team = tuple(member if member.state == "complete" else _again(member, what) for member in s.team)
    return replace(s, state="pending", team=team, sent_back=(*s.sent_back, what))


def _amended(e: Execution, what: Amended) -> Execution:
    """New phases behind the one that is named, else behind the present one; new steps at the end of their phase."""
    phases = list(e.phases)
    present = e.current.phase.number if e.current else None
    after_number = what.after if what.after is not None else present
    numbers = [state.phase.number for state in phases]
    place = numbers.index(after_number) + 1 if after_number in numbers else len(phases)
    phases[place:place] = map(_phase_state, what.phases)
    for step in what.steps:
        number = int(step.id.partition(".")[0])
        phases = [_longer(each, step) if each.phase.number == number else each for each in phases]
    return replace(e, phases=tuple(phases), amendments=(*e.amendments, what))


def _longer(state: PhaseState, step: Step) -> PhaseState:
    phase = replace(state.phase, steps=(*state.phase.steps, step))
    return replace(state, phase=phase, steps=(*state.steps, _step_state(step)), gate=None)


def _phase_state(phase: Phase) -> PhaseState:
    return PhaseState(phase, tuple(map(_step_state, phase.steps)))


def _step_state(step: Step) -> StepState:
    return StepState(step, team=tuple(StepState(as_step(step, member)) for member in step.team))


def as_step(step: Step, member: Member) -> Step:
    """A member's part, as a step of its own."""
    own = replace(step, id=member.id, agent=member.agent, task=member.task)
    parts = tuple(part_path(path, member.id) for path in step.deliverables if path.startswith(f"{FOLDER}/"))
    return replace(own, team=(), deliverables=parts, joins="concatenate")


def _with_phase(e: Execution, number: int, change: Callable[[PhaseState], PhaseState]) -> Execution:
    return replace(e, phases=tuple(change(each) if each.phase.number == number else each for each in e.phases))


def _with_step(e: Execution, step: str, change: Callable[[StepState], StepState]) -> Execution:
    return replace(e, phases=tuple(_phase_with(each, step, change) for each in e.phases))


def _phase_with(phase: PhaseState, step: str, change: Callable[[StepState], StepState]) -> PhaseState:
    if not any(_is(each, step) for each in phase.steps):
        return phase
    return replace(phase, steps=tuple(_changed(each, step, change) for each in phase.steps), gate=None)


def _changed(s: StepState, step: str, change: Callable[[StepState], StepState]) -> StepState:
    if s.step.id == step:
        return change(s)
    if not _is(s, step):
        return s
    return _teamed(replace(s, team=tuple(change(member) if member.step.id == step else member for member in s.team)))


def _teamed(s: StepState) -> StepState:
    """A team's step stands as its members do; where an agent is to join their results, that is still to come."""
    states = {member.state for member in s.team}
    if states == {"complete"}:
        return replace(s, state="pending" if s.step.joins == "agent" else "complete")
    if states & {"running", "asking"}:
        return replace(s, state="running")
    return replace(s, state="failed" if "failed" in states else "pending")


def _is(s: StepState, step: str) -> bool:
    """Asked of every step for each thing that happened: most have no team."""
    return s.step.id == step or (bool(s.team) and any(member.step.id == step for member in s.team))
