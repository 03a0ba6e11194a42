"""A plan that a peer proposes: what it is told, and what of it may be taken. The rules' own plan is the measure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from bot.core.foreign import fence
from bot.core.plans.plan import FOLDER, Phase, Plan, Risk, Step, problems

PROPOSAL = f"{FOLDER}/proposal.json"
RISKS: tuple[Risk, ...] = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


def planner_brief(draft: Plan, details: str, record: str, roles: Iterable[str], commands: Iterable[str]) -> str:
    """`record`: the draft as JSON."""
    return "\n".join(
        (
            f"# Plan a task: {draft.summary}",
            "",
            "You plan, and change nothing: look at this repository, and write a plan as JSON into the file "
            f"`{PROPOSAL}`. It is read and checked; nothing else that you change is kept.",
            "",
            *(fence("more about the task", details) if details.strip() else ()),
            "",
            "Below is a draft, made by rules. Keep its form; better its phases, its steps, what each step is told,",
            "what it waits for (`depends_on`), what it must leave behind (`deliverables`) and where it may work",
            "(`allowed_paths`). A step is one agent's work of an hour at most. Steps that do not wait for each other",
            "run side by side.",
            "",
            f"- Roles that somebody takes: {', '.join(roles) or 'builder, reviewer, planner, scout'}.",
            f"- Commands that a gate may have: {', '.join(f'`{each}`' for each in commands) or 'none'}.",
            "- Every gate of the draft stays. The risk may be raised and never lowered.",
            "- `changes` is false for steps that only look; what they find goes into files in `.sluice/`.",
            "",
            "```json",
            record.strip(),
            "```",
        )
    )


def taken(proposed: Plan, draft: Plan, by: str, commands: Container[str]) -> Plan | str:
    """The proposal, with what is not for a peer to say as the rules had it; or why it cannot be taken."""
    gates = [phase.gate for phase in proposed.phases if phase.gate]
    run = [command for gate in gates for command in gate.commands]
    expected = [command for phase in draft.phases if phase.gate for command in phase.gate.commands]
    if foreign := [command for command in run if command not in commands]:
        return f"its gate `{foreign[0]}` is no command of this repository"
    if missing := [command for command in expected if command not in run]:
        return f"it leaves out the gate `{missing[0]}`"
    if named := [gate.workflow for gate in gates if gate.workflow and gate.workflow not in _workflows(draft)]:
        return f"its gate names the workflow {named[0]}, which the rules do not"
    risk = max(proposed.risk, draft.risk, key=RISKS.index)
    needs = f"the risk is {risk}" if risk in ("HIGH", "CRITICAL") else ""
    blocked = dict.fromkeys(path for step in draft.steps if step.changes for path in step.blocked_paths)
    plan = replace(
        proposed,
        task_id=draft.task_id,
        created_at=draft.created_at,
        stack=draft.stack,
        intervention=draft.intervention,
        knowledge=draft.knowledge,
        risk=risk,
        approval=draft.approval or proposed.approval or needs,
        phases=tuple(_kept(phase, risk, tuple(blocked)) for phase in proposed.phases),
        planner=by,
    )
    return "; ".join(problems(plan)[:3]) or plan


def _kept(phase: Phase, risk: Risk, blocked: tuple[str, ...]) -> Phase:
    steps = tuple(_closed(step, blocked) for step in phase.steps)
    changing = any(step.changes for step in steps)
    asks = f"it changes files, and the risk is {risk}" if changing and risk == "CRITICAL" else ""
    return replace(phase, steps=steps, approval=phase.approval or asks)


def _closed(step: Step, blocked: tuple[str, ...]) -> Step:
    return replace(step, blocked_paths=tuple(dict.fromkeys((*step.blocked_paths, *blocked)))) if step.changes else step


def _workflows(draft: Plan) -> set[str]:
    return {phase.gate.workflow for phase in draft.phases if phase.gate}
