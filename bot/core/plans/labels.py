"""What is due, as it is told at the command line: labels that scripts and agents read, so they stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

from bot.core.plans.due import AskApproval, Complete, Dispatch, Due, Failed, Interact, JudgeGate, Wait, due
from bot.core.plans.execution import Execution, PhaseState, StepState
from bot.core.plans.plan import Gate

Standing = Literal[
    "planned",
    "running",
    "gate_pending",
    "approval_pending",
    "feedback_pending",
    "gate_failed",
    "failed",
    "cancelled",
    "complete",
]
Told = dict[str, object]  # "action" first, then what is known of it, in the order it is printed in
BLOCKS = {
    "prompt": ("--- Delegation Prompt ---", "--- End Prompt ---"),
    "context": ("--- Approval Context ---", "--- End Context ---"),
    "question": ("--- Question ---", "--- End Question ---"),
}
LABELS = {"prompt_file": "Prompt-File", "max_turns": "Max-Turns"}  # the others: their own name, with a capital


def told(e: Execution, what: Due) -> Told:
    """As data, without the prompt of a dispatch: whoever prints it adds that, or the file it lies in."""
    match what:
        case Dispatch(unit):
            return _dispatch(unit)
        case Interact(unit):
            step = unit.step
            turn = f"{unit.turns + 1}/{step.max_turns}"
            said = f"Step {step.id} waits for your turn: `sluice execute interact --step-id {step.id} --input TEXT`."
            return {
                "action": "INTERACT",
                "agent": step.agent,
                "step": step.id,
                "turn": turn,
                "message": said,
                "question": unit.question or "(it said nothing)",
            }
        case AskApproval(number, name, why):
            message = f"{name[0].upper()}{name[1:]} waits for approval: {why}"
            return {"action": "APPROVAL", "phase": number, "message": message, "context": _context(e, number)}
        case JudgeGate(phase):
            assert phase.gate
            return {
                "action": "GATE",
                "type": _kind(phase.gate),
                "phase": phase.number,
                "command": phase.gate.told,
                "message": f"Run the gate of phase {phase.number} ({phase.name}) and record its result.",
            }
        case Wait(on, held):
            waits = [f"{step} is held: {why}" for step, why in held]
            return {"action": "WAIT", "steps": ", ".join(on), "message": "; ".join(("Steps are under way", *waits))}
        case Complete():
            return {"action": "COMPLETE", "summary": f"Task {e.plan.task_id} completed successfully."}
        case Failed(reason):
            return {"action": "FAILED", "message": reason, "next": how_to_go_on(e)}
        case _:
            assert_never(what)


def text(said: Mapping[str, object]) -> str:
    lines = [f"ACTION: {said['action']}"]
    for key, value in said.items():
        if key == "action" or value in ("", None):
            continue
        if block := BLOCKS.get(key):
            lines += [block[0], str(value), block[1]]
        else:
            lines.append(f"{LABELS.get(key, key.capitalize())}: {value}")
    return "\n".join(lines)


def _dispatch(unit: StepState) -> Told:
    step = unit.step
    said: Told = {
        "action": "DISPATCH",
        "agent": step.agent,
        "model": step.model or "default",
        "step": step.id,
        "message": f"Dispatch agent '{step.agent}' for step {step.id}.",
    }
    return said | ({"interactive": "yes", "max_turns": step.max_turns} if step.interactive else {})


def standing(e: Execution) -> Standing:
    """In one word, for lists."""
    if e.completed:
        return "complete"
    if e.cancelled:
        return "cancelled"
    if e.started is None:
        return "planned"
    match due(e)[0]:
        case AskApproval():
            return "approval_pending"
        case JudgeGate():
            return "gate_pending"
        case Interact():
            return "feedback_pending"
        case Failed():
            red = e.current and e.current.built and e.current.gate and not e.current.gate.passed
            return "gate_failed" if red else "failed"
        case _:
            return "running"


def how_to_go_on(e: Execution) -> str:
    """From where nothing more happens by itself."""
    if e.cancelled or e.current is None:
        return ""
    number = e.current.phase.number
    if not e.approved:
        return "`sluice execute approve --phase-id 0 --result approve` takes the rejection back"
    failed = [each.step.id for each in e.current.steps if each.state == "failed"]
    if failed:
        return f"`sluice execute retry-step --step-id {failed[0]}` sends it back"
    if not e.current.approved:
        return f"`sluice execute approve --phase-id {number} --result approve` takes the rejection back"
    return f"`sluice execute retry-gate --phase-id {number}` when it is mended, or with --send-back"


def steps_done(e: Execution) -> str:
    return f"{sum(step.state == 'complete' for step in e.steps)}/{len(e.steps)}"


def gates(e: Execution) -> tuple[int, int]:
    """Passed and failed."""
    judged = [phase.gate.passed for phase in e.phases if phase.gate]
    return judged.count(True), judged.count(False)


def _kind(gate: Gate) -> str:
    return " and ".join(name for name, there in (("command", gate.commands), ("workflow", gate.workflow)) if there)


def _context(e: Execution, number: int) -> str:
    """What whoever approves has to know: of the plan, what it is; of a phase, what was done in it."""
    if number == 0:
        risk = ": ".join(filter(None, (e.plan.risk, ", ".join(e.plan.risk_reasons))))
        return "\n".join((e.plan.summary, f"Risk: {risk}", *(line for phase in e.phases for line in _planned(phase))))
    phase = e.phase(number)
    return "\n".join(line for step in phase.steps for line in _done(step)) if phase else ""


def _planned(phase: PhaseState) -> list[str]:
    steps = [f"  {each.step.id} {each.step.agent}: {each.step.task.splitlines()[0]}" for each in phase.steps]
    return [f"Phase {phase.phase.number} — {phase.phase.name}", *steps]


def _done(state: StepState) -> list[str]:
    if state.recorded is None:
        return [line for member in state.team for line in _done(member)]
    changed = f"; changed {', '.join(state.recorded.files)}" if state.recorded.files else ""
    return [f"{state.step.id} {state.recorded.agent}: {' '.join(state.recorded.outcome.split()) or 'done'}{changed}"]
