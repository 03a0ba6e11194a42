"""A plan in words: why it is as it is, the whole of it as people read it, and the four lines that are enough."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

from bot.core.plans.gaps import instruction
from bot.core.plans.plan import FOLDER, Phase, Plan, Step

WIDTH = 76
NO_GATE = "No command that tests this repository was found, so nothing is run between the phases."
NOT_NAMED = "The policy names no gate commands, so nothing is run between the phases."


def explained(plan: Plan, playbook: str, able: Mapping[str, tuple[str, ...]], no_gate: str = NO_GATE) -> str:
    """`playbook`: why that one. `able`: the peers that may take each role; empty: nobody knows of any. `no_gate`: what
    is said where there is none."""
    return " ".join(
        (
            f"{plan.risk} risk: {'; '.join(plan.risk_reasons)}.",
            f"Playbook {plan.playbook}: {playbook}.",
            *_stack(plan),
            *_gates(plan, no_gate),
            *_approvals(plan),
            *(_taken_by(role, peers) for role, peers in sorted(able.items())),
        )
    )


def _stack(plan: Plan) -> list[str]:
    return [f"The repository is of {', '.join(plan.stack)}."] if plan.stack else []


def _gates(plan: Plan, no_gate: str) -> list[str]:
    gated = [(at, phase) for at, phase in enumerate(plan.phases) if phase.gate]
    if not gated:
        return [no_gate]
    said = []
    for at, phase in gated:
        later = f"before {plan.phases[at + 1].name} begins" if at + 1 < len(plan.phases) else "at the end"
        said.append(f"The gate after phase {phase.number} catches what breaks {later}.")
    return said


def _approvals(plan: Plan) -> list[str]:
    phases = [f"phase {phase.number}" for phase in plan.phases if phase.approval]
    what = (["the plan, before anything starts"] if plan.approval else []) + phases
    return [f"A person approves {', and '.join(what)}."] if what else []


def _taken_by(role: str, peers: tuple[str, ...]) -> str:
    if not peers:
        return f"No agent takes steps of the role {role}: give one that role, or none."
    return f"Steps of the role {role} may go to {', '.join(peers)}."


def shown(plan: Plan) -> str:
    """The whole of it."""
    lines = [
        f"Task: {plan.summary}",
        f"Task ID: {plan.task_id}",
        f"Risk: {plan.risk} | Budget: {plan.budget} | Mode: {plan.mode}",
    ]
    for phase in plan.phases:
        lines += ["", f"Phase {phase.number} — {phase.name}", *_rows(phase)]
        lines += [f"  Approval: {phase.approval}"] if phase.approval else []
        lines += [f"  Gate: {phase.gate.told}"] if phase.gate else []
    if plan.approval:
        lines += ["", f"Approval: before anything starts: {plan.approval}"]
    return "\n".join((*lines, "", explanation_of(plan)) if plan.explanation else lines)


def explanation_of(plan: Plan) -> str:
    return "\n".join(wrap(f"Explanation: {plan.explanation}", WIDTH, break_long_words=False, break_on_hyphens=False))


def _rows(phase: Phase) -> list[str]:
    rows = [(unit, f"  {unit.id}  {unit.agent}") for unit in phase.steps]
    widest = max(len(begins) for _, begins in rows)
    lines = []
    for step, begins in rows:
        lines.append(f"{begins:<{widest}}  [{step.model or 'its own'}]  {first_line(step.task)}{_after(step)}")
        lines += [f"    {member.id}  {member.agent}" for member in step.team]
    return lines


def _after(step: Step) -> str:
    return f" (after {', '.join(step.depends_on)})" if step.depends_on else ""


def first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]


def four_lines(plan: Plan) -> str:
    """What `sluice plan --save` prints."""
    numbers = f"Phases: {len(plan.phases)} | Steps: {len(plan.steps)}"
    return "\n".join(
        (
            f"Plan saved: {FOLDER}/plan.json",
            f"To read and edit: {FOLDER}/plan.md",
            f"Task ID: {plan.task_id} | Risk: {plan.risk} | Budget: {plan.budget} | {numbers}",
            "Next: sluice execute start",
        )
    )


def context(plan: Plan) -> str:
    """What every step of the task shares."""
    gates = dict.fromkeys(phase.gate.told for phase in plan.phases if phase.gate)
    lines = [
        f"# {plan.summary}",
        "",
        f"Task {plan.task_id}; risk: {plan.risk} ({'; '.join(plan.risk_reasons) or 'not said'}).",
        *([f"The repository is of {', '.join(plan.stack)}."] if plan.stack else []),
        *(f"What must pass: `{gate}`" for gate in gates),
        instruction(plan.intervention),
        "",
        "## The whole of it",
        "",
        *(f"- {step.id} {step.agent}: {first_line(step.task)}" for step in plan.steps),
    ]
    return "\n".join((*lines, ""))
