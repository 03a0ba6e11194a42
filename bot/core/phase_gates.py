"""The gates between a plan's phases, judged by Sluice itself on what all steps have done so far."""

from __future__ import annotations

from datetime import timedelta

from bot.core.actions import Action, Decision, DispatchWorkflow, NotePlan, PushBranch
from bot.core.comments import APPROVE_RESULT
from bot.core.gates.command import command
from bot.core.gates.verdict import Verdict
from bot.core.gates.workflow import name_of, workflow_on
from bot.core.parking import park
from bot.core.plans.amending import last_changing
from bot.core.plans.delegation import gate_failed
from bot.core.plans.execution import Execution, PhaseState
from bot.core.plans.happened import GateJudged, SentBack
from bot.core.plans.plan import Phase
from bot.core.snapshot import Snapshot
from bot.core.stage import Executing
from bot.core.working import protected, run_gates, waiting

NAME = "Executing"
LOOK = timedelta(minutes=1)  # between two looks at a workflow, when no webhook tells of it
OUTPUT = 4_000  # characters of a gate's output that are kept with the plan


def judge(s: Snapshot, stage: Executing, phase: Phase) -> Decision:
    """Passed, the next phase begins; failed, the phase's work goes back, as often as the policy lets it."""
    e = stage.execution
    head = (e.work.head if e.work else s.base_head) or ""
    if not head:
        return Decision(NAME, f"the branch {s.default_branch} cannot be read", waits_for="machine")
    lines = phase.gate.commands if phase.gate else ()
    verdicts = [command(line, head, s.gate_runs) for line in lines]
    if failed := [v for v in verdicts if v.failed]:
        return _failed(s, stage, phase, failed, head)
    if started := run_gates(s, NAME, verdicts, lines):
        return started
    if stuck := [v for v in verdicts if v.waits_for == "person"]:
        return park(s, NAME, f"phase {phase.number} cannot be judged: {waiting(stuck)}")
    if not all(v.passed for v in verdicts):
        return Decision(NAME, f"phase {phase.number}: {waiting(verdicts)}", waits_for="machine")
    if phase.gate and phase.gate.workflow and (unjudged := _workflow(s, stage, phase, phase.gate.workflow, head)):
        return unjudged
    passed = GateJudged(s.now, phase.number, True, "command", "Sluice", head)
    return _note(s, stage, f"the gate of phase {phase.number} passed", NotePlan(e.plan.task_id, passed))


def workflows_of(e: Execution | None) -> tuple[tuple[str, ...], str] | None:
    """The workflow files that judge the present phase of a plan, and the head; None: no plan is carried out."""
    phase = e.current if e and not e.completed else None
    if e is None or phase is None:
        return None
    gate = phase.phase.gate
    return (gate.workflow,) if gate and gate.workflow else (), e.work.head if e.work else ""


def why_red(s: Snapshot, state: PhaseState) -> str:
    """What of the phase's gate failed; empty: nothing of it, as far as is known."""
    if state.gate is None or state.gate.passed or state.phase.gate is None:
        return ""
    gate, head = state.phase.gate, state.gate.head
    verdicts = [command(line, head, s.gate_runs) for line in gate.commands]
    red = [v.reason for v in verdicts if v.failed]
    if gate.workflow and (v := workflow_on(gate.workflow, head, s.gate_runs, s.now, s.policy.gates.uses)).failed:
        red.append(f"`{gate.workflow}`: {v.reason}")
    return "; ".join(red)


def _workflow(s: Snapshot, stage: Executing, phase: Phase, file: str, head: str) -> Decision | None:
    """It runs on the item's branch, which is pushed for it, if people would let its files be pushed. None: passed."""
    work = stage.execution.work
    if work is None:
        return park(s, NAME, f"phase {phase.number} is judged by {file}, and nothing was changed that it could run on")
    touched = protected(work, s.policy.work.protected)
    if touched and head not in {word.head for word in s.item.approvals}:
        reason = f"the result so far changes protected files: {', '.join(touched[:5])}"
        return park(s, NAME, reason, APPROVE_RESULT)
    if s.branch_head != head:
        return _note(s, stage, f"{file} judges what is pushed", PushBranch(head, s.branch_head))
    verdict = workflow_on(file, head, s.gate_runs, s.now, s.policy.gates.uses)
    if verdict.passed:
        return None
    if verdict.failed:
        return _failed(s, stage, phase, [verdict], head)
    if verdict.waits_for == "person":
        return park(s, NAME, f"phase {phase.number} cannot be judged: {waiting([verdict])}")
    start = (DispatchWorkflow(name_of(file), file, head),) if verdict.key == "absent" else ()
    again = None if start else verdict.again_at or s.now + LOOK
    return Decision(NAME, f"phase {phase.number}: {waiting([verdict])}", start, again, "machine")


def _failed(s: Snapshot, stage: Executing, phase: Phase, failed: list[Verdict], head: str) -> Decision:
    e, reason = stage.execution, "; ".join(v.reason for v in failed)
    output = "\n".join(v.detail for v in failed)
    judged = GateJudged(s.now, phase.number, False, "command", "Sluice", head, output[-OUTPUT:])
    state = e.phase(phase.number)
    if state is None or state.rounds >= s.policy.work.rounds:
        still = f"phase {phase.number} after {s.policy.work.rounds} rounds still: {reason}"
        return _note(s, stage, still, NotePlan(e.plan.task_id, judged))
    why = "\n\n".join(gate_failed(v.gate.removeprefix("command:"), v.detail) for v in failed)
    causes = tuple(f"{v.gate}:{v.key or v.reason}" for v in failed)
    back = SentBack(s.now, last_changing(state).step.id, why, causes)
    return _note(s, stage, f"phase {phase.number} goes back: {reason}", NotePlan(e.plan.task_id, judged, back))


def _note(s: Snapshot, stage: Executing, reason: str, *actions: Action) -> Decision:
    return Decision(NAME, reason, actions, s.now, "machine")
