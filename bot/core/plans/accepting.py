"""Whether something may happen to a plan as it stands: the one door for records by hand, runs and comments alike."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from bot.core.plans.due import startable
from bot.core.plans.execution import Execution, StepState, after
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
from bot.core.plans.plan import Phase, problems

MOST_AMENDMENTS = 20


def refused(e: Execution, what: Happened) -> str:
    """Why it may not happen now, in a sentence that says what may; empty: it may."""
    if e.cancelled or e.completed:
        return f"task {e.plan.task_id} is over: it was {'cancelled' if e.cancelled else 'completed'}"
    if e.started is None and not isinstance(what, Started | Answered | Amended | Cancelled):
        return f"task {e.plan.task_id} has not been started; `sluice execute start` starts it"
    match what:
        case Started():
            return ""
        case Dispatched():
            return _dispatching(e, what)
        case Recorded():
            return _recording(e, what)
        case SentBack():
            state = e.find(what.step)
            return _unknown(e, what.step) if state is None else "" if _here(e, what.step) else _over(what.step)
        case GateJudged() | GateRetried():
            return _judging(e, what)
        case Answered():
            return _answering(e, what)
        case Amended():
            return _amending(e, what)
        case Asked() | Interacted():
            return _talking(e, what)
        case Cancelled():
            return ""
        case Completed():
            return "" if e.current is None else f"phase {e.current.phase.number} ({e.current.phase.name}) is not over"
        case _:
            assert_never(what)


def _dispatching(e: Execution, what: Dispatched) -> str:
    state = e.find(what.step)
    if state is None:
        return _unknown(e, what.step)
    if state.state in ("running", "asking") and not state.team:
        return f"step {what.step} is in the hands of {_whose(state)} already; `sluice execute record` ends it"
    if state.state == "complete":
        return f"step {what.step} is complete"
    if not e.approved:
        return "the plan waits for approval; `sluice execute approve --phase-id 0 --result approve` gives it"
    phase = _here(e, what.step)
    if phase is None:
        return f"step {what.step} is not due: {_where(e)}"
    again = after(e, SentBack(what.at, what.step, "", lost=True)) if state.state == "failed" else e
    ready, held = startable(again, next(p for p in again.phases if p.phase.number == phase))
    units = {each.step.id for each in ready}
    if what.step in units or any(unit.startswith(f"{what.step}.") for unit in units):
        return ""
    reason = dict(held).get(what.step)
    missing = ", ".join(other for other in state.step.depends_on if (s := e.find(other)) and s.state != "complete")
    return f"step {what.step} is not due: {reason or f'it depends on {missing}'}"


def _recording(e: Execution, what: Recorded) -> str:
    state = e.find(what.step)
    if state is None:
        return _unknown(e, what.step)
    if state.state not in ("running", "asking"):
        hint = "`sluice execute dispatched` comes first" if state.state == "pending" else f"it is {state.state}"
        return f"step {what.step} is in nobody's hands: {hint}"
    if what.run and state.dispatched and state.dispatched.run != what.run:
        return f"step {what.step} was dispatched again since, as another run"
    if what.agent and state.dispatched and what.agent not in (state.dispatched.agent, state.step.agent):
        return f"step {what.step} is in the hands of {_whose(state)}, not of {what.agent}"
    return ""


def _judging(e: Execution, what: GateJudged | GateRetried) -> str:
    state = e.phase(what.phase)
    if state is None:
        return f"there is no phase {what.phase}; phases: {_phases(e)}"
    if state.phase.gate is None:
        return f"phase {what.phase} has no gate"
    if e.current is None or e.current.phase.number != what.phase:
        return f"the gate of phase {what.phase} is not due: {_where(e)}"
    if isinstance(what, GateRetried):
        failed = state.gate is not None and not state.gate.passed
        return "" if failed else f"the gate of phase {what.phase} has not failed"
    if not state.built:
        return f"the gate of phase {what.phase} is not due: its steps are not complete"
    if not state.approved:
        return f"phase {what.phase} waits for approval, which comes before its gate"
    if what.how == "attested" and e.on_board:
        return "the gates of an item of the board are judged by Sluice alone"
    return ""


def _answering(e: Execution, what: Answered) -> str:
    if what.phase == 0:
        return "" if e.plan.approval else "the plan needs no approval"
    state = e.phase(what.phase)
    if state is None:
        return f"there is no phase {what.phase}; phases: {_phases(e)}"
    if not state.approval:
        return f"phase {what.phase} needs no approval"
    if e.current is None or e.current.phase.number != what.phase or not state.built:
        return f"phase {what.phase} does not wait for approval: {_where(e)}"
    if state.answer and state.answer.answer != "reject":
        return f"phase {what.phase} was approved by {state.answer.by}"
    return ""


def _amending(e: Execution, what: Amended) -> str:
    if not what.phases and not what.steps:
        return "an amendment adds a phase or a step"
    if len(e.amendments) >= MOST_AMENDMENTS:
        return f"the plan was amended {MOST_AMENDMENTS} times; make a new one"
    if any(amendment.id == what.id for amendment in e.amendments):
        return f"amendment {what.id} is there already"
    begun = [state.phase.number for state in e.phases if state.over]
    if what.after is not None:
        numbers = [state.phase.number for state in e.phases]
        if what.after not in numbers:
            return f"there is no phase {what.after}; phases: {_phases(e)}"
        later = numbers[numbers.index(what.after) + 1 :]
        if any(number in begun for number in later):
            return f"what comes behind phase {what.after} is done; what is done is never rewritten"
    for step in what.steps:
        number = int(step.id.partition(".")[0])
        if number in begun:
            return f"phase {number} is over; what is done is never rewritten"
    return "; ".join(problems(replace(e.plan, phases=_phases_after(e, what))))


def _phases_after(e: Execution, what: Amended) -> tuple[Phase, ...]:
    return tuple(state.phase for state in after(e, what).phases)


def _talking(e: Execution, what: Asked | Interacted) -> str:
    state = e.find(what.step)
    if state is None:
        return _unknown(e, what.step)
    if not state.step.interactive:
        return f"step {what.step} is not interactive"
    if isinstance(what, Asked):
        return "" if state.state == "running" else f"step {what.step} is in nobody's hands"
    if state.state != "asking":
        return f"step {what.step} does not wait for anybody's turn"
    if state.turns >= state.step.max_turns and not what.done:
        return f"step {what.step} has had its {state.step.max_turns} turns; `--done` ends it"
    return ""


def _here(e: Execution, step: str) -> int | None:
    """The present phase's number, if the step belongs to it."""
    phase = e.phase_of(step)
    return phase.phase.number if phase and e.current and e.current.phase.number == phase.phase.number else None


def _whose(state: StepState) -> str:
    return state.dispatched.agent if state.dispatched else state.step.agent


def _where(e: Execution) -> str:
    if e.current is None:
        return "every phase is over"
    return f"phase {e.current.phase.number} ({e.current.phase.name}) is under way"


def _over(step: str) -> str:
    return f"the phase of step {step} is not under way"


def _unknown(e: Execution, step: str) -> str:
    return f"there is no step {step}; steps: {', '.join(unit.step.id for unit in e.units)}"


def _phases(e: Execution) -> str:
    return ", ".join(str(state.phase.number) for state in e.phases)
