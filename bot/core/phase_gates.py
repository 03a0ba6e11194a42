"""The gates between a plan's phases, judged by Sluice itself on what all steps have done so far."""

from __future__ import annotations

from bot.core.actions import Action, Decision, NotePlan
from bot.core.gates.command import command
from bot.core.gates.verdict import Verdict
from bot.core.parking import park
from bot.core.plans.amending import last_changing
from bot.core.plans.delegation import gate_failed
from bot.core.plans.happened import GateJudged, SentBack
from bot.core.plans.plan import Phase
from bot.core.snapshot import Snapshot
from bot.core.stage import Executing
from bot.core.working import run_gates, waiting

OUTPUT = 4_000  # characters of a gate's output that are kept with the plan


def judge(s: Snapshot, stage: Executing, phase: Phase) -> Decision:
    """Passed, the next phase begins; failed, the phase's work goes back, as often as the policy lets it."""
    e = stage.execution
    head = (e.work.head if e.work else s.base_head) or ""
    lines = phase.gate.commands if phase.gate else ()
    verdicts = [command(line, head, s.gate_runs) for line in lines]
    if failed := [v for v in verdicts if v.failed]:
        return _failed(s, stage, phase, failed, head)
    if started := run_gates(s, "Executing", verdicts, lines):
        return started
    if stuck := [v for v in verdicts if v.waits_for == "person"]:
        return park(s, "Executing", f"phase {phase.number} cannot be judged: {waiting(stuck)}")
    if not all(v.passed for v in verdicts):
        return Decision("Executing", f"phase {phase.number}: {waiting(verdicts)}", waits_for="machine")
    passed = GateJudged(s.now, phase.number, True, "command", "Sluice", head)
    return _note(s, stage, f"the gate of phase {phase.number} passed", NotePlan(e.plan.task_id, passed))


def _failed(s: Snapshot, stage: Executing, phase: Phase, failed: list[Verdict], head: str) -> Decision:
    e, reason = stage.execution, "; ".join(v.reason for v in failed)
    output = "\n".join(v.detail for v in failed)
    judged = NotePlan(
        e.plan.task_id, GateJudged(s.now, phase.number, False, "command", "Sluice", head, output[-OUTPUT:])
    )
    state = e.phase(phase.number)
    if state is None or state.rounds >= s.policy.work.rounds:
        return _note(s, stage, f"phase {phase.number} after {s.policy.work.rounds} rounds still: {reason}", judged)
    why = "\n\n".join(gate_failed(v.gate.removeprefix("command:"), v.detail) for v in failed)
    causes = tuple(f"{v.gate}:{v.key or v.reason}" for v in failed)
    back = NotePlan(e.plan.task_id, SentBack(s.now, last_changing(state).step.id, why, causes))
    return _note(s, stage, f"phase {phase.number} goes back: {reason}", judged, back)


def _note(s: Snapshot, stage: Executing, reason: str, *actions: Action) -> Decision:
    return Decision("Executing", reason, actions, s.now, "machine")
