"""Phases and steps that are added to a plan at work: from the words of whoever asks to an amendment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.plans.execution import Execution, PhaseState, StepState, after
from bot.core.plans.happened import Amended
from bot.core.plans.plan import Phase, Step

REMEDY = "Remediation"
REREAD = "As it reads now"
REOPENED = "reopened"  # what an amendment came from
READ_AGAIN = "Compare what was done with the issue's text as it is now, and do what is missing"


def amended(
    e: Execution,
    description: str,
    phases: Sequence[str],
    steps: Sequence[str],
    after: int | None,
    by: str,
    at: datetime,
) -> Amended | str:
    """`phases`: "NAME:AGENT" each; `steps`: "PHASE:AGENT:DESCRIPTION" each. Else a sentence says what is wrong.
    `after` None: behind the present phase; of a plan nobody has begun, behind everything."""
    behind = e.phases[-1].phase.number if after is None and e.started is None else after
    new_phases: list[Phase] = []
    for said in phases:
        name, _, agent = (part.strip() for part in said.partition(":"))
        if not name or not agent:
            return f"{said!r} is no phase: say NAME:AGENT"
        number = _next_phase(e, len(new_phases))
        new_phases.append(Phase(number, name, (Step(f"{number}.1", agent, description),)))
    new_steps: list[Step] = []
    for said in steps:
        phase, agent, task = (part.strip() for part in (*said.split(":", 2), "", "")[:3])
        if not phase.isdigit() or not agent or not task:
            return f"{said!r} is no step: say PHASE:AGENT:DESCRIPTION"
        state = e.phase(int(phase))
        if state is None:
            return f"there is no phase {phase}; phases: {', '.join(str(each.phase.number) for each in e.phases)}"
        new_steps.append(Step(_next_step(state, [*new_steps]), agent, task))
    return Amended(at, _id(e), description, by, tuple(new_phases), behind, tuple(new_steps))


def remedy(e: Execution, phase: PhaseState, feedback: str, by: str, at: datetime) -> Amended:
    """What a person wants changed comes behind the phase they approved, for whoever changed files last, and behind the
    same gate."""
    number, last = _next_phase(e), last_changing(phase)
    task = f"Address the feedback on phase {phase.phase.number} ({phase.phase.name})\n\n{feedback}"
    step = Step(f"{number}.1", last.step.agent, task, last.step.role, last.step.model, changes=last.step.changes)
    added = Phase(number, REMEDY, (step,), gate=phase.phase.gate, column=phase.phase.column)
    return Amended(at, _id(e), feedback, by, (added,), phase.phase.number, trigger="feedback")


def one_more(e: Execution, words: str, by: str, at: datetime) -> Amended | str:
    """One more phase behind the present one, for whoever builds."""
    builders = [each.step.agent for each in e.steps if each.step.changes]
    agent = builders[-1] if builders else e.steps[-1].step.agent
    return amended(e, words, (f"Amendment:{agent}",), (), None, by, at)


def carried_over(e: Execution, other: Execution) -> tuple[Amended, ...]:
    """What people added to a plan that nobody has begun, for the one that takes its place."""
    found: list[Amended] = []
    for each in e.amendments:
        if isinstance(again := one_more(other, each.description, each.by, each.at), Amended):
            found, other = [*found, again], after(other, again)
    return tuple(found)


def caught_up(e: Execution, by: str, at: datetime) -> Amended:
    """The issue reads otherwise than when its plan was begun: behind everything, for whoever changes files last, and
    judged as what was built."""
    number, builders = _next_phase(e), [each for each in e.steps if each.step.changes]
    last = (builders or list(e.steps))[-1].step
    gate = next((each.phase.gate for each in reversed(e.phases) if each.phase.gate), None)
    added = Phase(number, REREAD, (Step(f"{number}.1", last.agent, READ_AGAIN, last.role, last.model),), gate=gate)
    return Amended(at, _id(e), READ_AGAIN, by, (added,), e.phases[-1].phase.number, trigger=REOPENED)


def last_changing(phase: PhaseState) -> StepState:
    """Who is asked to mend what the phase's gate found: the last that changes files, else the last."""
    changing = [each for each in phase.steps if each.step.changes]
    return (changing or list(phase.steps))[-1]


def _next_phase(e: Execution, more: int = 0) -> int:
    return max(each.phase.number for each in e.phases) + 1 + more


def _next_step(state: PhaseState, added: Sequence[Step]) -> str:
    """Ids are never given twice."""
    mine = [each.step.id for each in state.steps] + [step.id for step in added]
    numbers = [int(own.split(".")[1]) for own in mine if own.split(".")[0] == str(state.phase.number)]
    return f"{state.phase.number}.{max(numbers) + 1}"


def _id(e: Execution) -> str:
    return f"amend-{len(e.amendments) + 1}"
