"""What is due next of a plan that is carried out: the typed actions that `sluice execute next` prints and a board
item's pass performs. One function, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.plans.execution import Execution, PhaseState, StepState
from bot.core.plans.overlap import meeting
from bot.core.plans.plan import Phase


@dataclass(frozen=True)
class Dispatch:
    """Somebody is to work on it."""

    step: StepState


@dataclass(frozen=True)
class Interact:
    """An interactive step waits for a person's turn."""

    step: StepState


@dataclass(frozen=True)
class AskApproval:
    phase: int  # 0: of the plan itself
    name: str
    why: str


@dataclass(frozen=True)
class JudgeGate:
    phase: Phase


@dataclass(frozen=True)
class Wait:
    """Steps are in somebody's hands; `held`: those that could begin, and why they do not yet."""

    on: tuple[str, ...]
    held: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Complete:
    pass


@dataclass(frozen=True)
class Failed:
    """Nothing more can happen without a person."""

    reason: str


Due = Dispatch | Interact | AskApproval | JudgeGate | Wait | Complete | Failed


def due(e: Execution) -> tuple[Due, ...]:
    """What can be done now, in the plan's order; never empty. Several only where steps may begin side by side."""
    if e.cancelled:
        why = f": {e.cancelled.reason}" if e.cancelled.reason else ""
        return (Failed(f"cancelled by {e.cancelled.by}{why}"),)
    if not e.approved:
        return (_asks(0, "the plan", e.plan.approval, e.answer is not None),)
    phase = e.current
    if phase is None:
        return (Complete(),)
    return _of_steps(e, phase) or (_behind_steps(phase),)


def _of_steps(e: Execution, phase: PhaseState) -> tuple[Due, ...]:
    asking = tuple(Interact(each) for each in _units(phase) if each.state == "asking")
    ready, held = startable(e, phase)
    begin = tuple(Dispatch(each) for each in ready)
    if asking or begin:
        return (*begin, *asking)
    running = tuple(each.step.id for each in _units(phase) if each.state == "running")
    if running:
        return (Wait(running, held),)
    failed = [each for each in phase.steps if each.state == "failed"]
    return (Failed("; ".join(map(_failure, failed))),) if failed else ()


def startable(e: Execution, phase: PhaseState) -> tuple[list[StepState], tuple[tuple[str, str], ...]]:
    """The units that may begin now; and those whose turn it is but for one that may touch the same files, and why."""
    complete = {each.step.id for each in e.steps if each.state == "complete"}
    busy = [each for each in _units(phase) if each.state in ("running", "asking")]
    ready: list[StepState] = []
    held: list[tuple[str, str]] = []
    for step in phase.steps:
        if step.state not in ("pending", "running") or not complete.issuperset(step.step.depends_on):
            continue
        for unit in _waiting(step):
            others = (*busy, *ready)
            if met := next((other for other in others if meeting(unit.step, other.step)), None):
                held.append((unit.step.id, f"step {met.step.id} may change {meeting(unit.step, met.step)} too"))
            else:
                ready.append(unit)
    return ready, tuple(held)


def _waiting(step: StepState) -> list[StepState]:
    """What of it could be dispatched: itself, members of its team that were not yet, or the joining of their work."""
    if not step.team or step.joined:
        return [step] if step.state == "pending" else []
    return [member for member in step.team if member.state == "pending"]


def _behind_steps(phase: PhaseState) -> Due:
    """All its steps are complete: approval comes before the gate."""
    named = f"phase {phase.phase.number}"
    if not phase.approved:
        return _asks(phase.phase.number, named, phase.approval, phase.answer is not None)
    if phase.gate and not phase.gate.passed:
        return Failed(f"the gate of {named} failed")
    return JudgeGate(phase.phase)


def _asks(number: int, name: str, why: str, rejected: bool) -> Due:
    return Failed(f"{name} was rejected") if rejected else AskApproval(number, name, why)


def _failure(step: StepState) -> str:
    """Of a team: why its members did, where nobody spoke for all."""
    said = _said(step) or "; ".join(
        f"{member.step.id} ({member.step.agent}): {_said(member)}"
        for member in step.team
        if member.state == "failed" and _said(member)
    )
    return f"step {step.step.id} ({step.step.agent}) failed{f': {said}' if said else ''}"


def _said(unit: StepState) -> str:
    return (unit.recorded.error or unit.recorded.outcome) if unit.recorded else ""


def in_hand(e: Execution) -> tuple[StepState, ...]:
    """What somebody works on: steps, members of a team, and the joining of theirs."""
    return tuple(unit for phase in e.phases for unit in _units(phase) if unit.state == "running")


def _units(phase: PhaseState) -> Iterable[StepState]:
    """What is at work on its own: a team's joining is the step itself."""
    return [
        unit
        for step in phase.steps
        for unit in (step.team if step.team and not step.joined and not step.over else (step,))
    ]
