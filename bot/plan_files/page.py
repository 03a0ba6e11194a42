"""`plan.md`, written: the whole plan as people read it. `reading` reads it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from bot.core.plans.plan import Gate, Member, Phase, Plan, Step
from bot.plan_files.fields import OF_PHASE, OF_PLAN, OF_STEP, Field, code, line

HINT = (
    "<!-- Edit what you like before the task starts: what stands here is what will be done. A line that is left out",
    "means the usual. What an agent is told begins with `>`. Steps are called phase.step, members of a team 1.1.a. -->",
)


def page(plan: Plan) -> str:
    lines = [f"# {line(plan.summary)}", "", *HINT, "", f"- Task ID: {line(plan.task_id)}", *_items(plan, OF_PLAN, True)]
    for phase in plan.phases:
        lines += [
            "",
            f"## Phase {phase.number}: {line(phase.name)}",
            *_spaced([*_items(phase, OF_PHASE), *_gate(phase)]),
        ]
        for step in phase.steps:
            lines += _step(step)
    if plan.explanation:
        lines += ["", "## Explanation", "", *quoted(plan.explanation)]
    return "\n".join((*lines, ""))


def _step(step: Step) -> list[str]:
    lines = ["", *_told("###", step), *_spaced(_items(step, OF_STEP))]
    for member in step.team:
        lines += ["", *_told("####", member)]
    return lines


def _told(mark: str, who: Step | Member) -> list[str]:
    return [f"{mark} {who.id} {line(who.agent)}", "", *quoted(who.task)]


def quoted(text: str) -> list[str]:
    """Whatever it holds is the text, and no line of ours; what is odd is one line of JSON."""
    odd = text.startswith('"') or not text.replace("\n", "").replace("\t", "").isprintable()
    return [f"> {json.dumps(text)}"] if odd or not text else [f"> {part}" if part else ">" for part in text.split("\n")]


def _gate(phase: Phase) -> list[str]:
    gate = phase.gate or Gate()
    lines = [f"- Gate: {code(command)}" for command in gate.commands]
    return [*lines, f"- Gate workflow: {line(gate.workflow)}"] if gate.workflow else lines


def _items(of: Any, known: Mapping[str, Field], every: bool = False) -> list[str]:
    """What is not as usual; `every`: and what always is worth saying."""
    usual = {each.name: each.default for each in fields(of) if each.default is not MISSING}
    told = [(key, field, getattr(of, field.name)) for key, field in known.items()]
    return [
        f"- {key}: {field.write(value)}"
        for key, field, value in told
        if (every and value not in ("", ())) or value != usual[field.name]
    ]


def _spaced(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []
