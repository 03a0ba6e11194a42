"""A task as spans: itself, each attempt at a step, and each verdict of a gate, with the times they really took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.plans.execution import Execution
from bot.core.plans.happened import Dispatched, GateJudged, Happened, Recorded, SentBack
from bot.core.plans.labels import standing

TASK = "task"  # the key of the span that holds all others


@dataclass(frozen=True)
class Span:
    """`key` is the same whenever it is computed: told twice it is one."""

    key: str
    name: str
    begin: datetime
    end: datetime
    failed: bool = False
    attributes: Mapping[str, str | int] = field(default_factory=dict)


def spans(e: Execution, happened: Sequence[Happened]) -> list[Span]:
    """The task first, then what it holds; none where it was never started."""
    if e.started is None or e.last_at is None:
        return []
    over = e.completed or e.cancelled
    outcome = standing(e)
    about: dict[str, str | int] = {
        "sluice.task.id": e.plan.task_id,
        "sluice.task.outcome": outcome,
        "sluice.task.risk": e.plan.risk,
        "sluice.task.playbook": e.plan.playbook,
    }
    end = over.at if over else e.last_at
    task = Span(TASK, e.plan.summary, e.started.at, end, outcome not in ("complete", "running"), about)
    return [task, *_inside(e, happened)]


def _inside(e: Execution, happened: Sequence[Happened]) -> Iterator[Span]:
    for at, what in enumerate(happened):
        if isinstance(what, Recorded):
            yield _step(e, what, happened[:at], f"step-{at}")
        elif isinstance(what, GateJudged):
            yield _gate(e, what, happened[:at], f"gate-{at}")


def _step(e: Execution, what: Recorded, before: Sequence[Happened], key: str) -> Span:
    given = [each.at for each in before if isinstance(each, Dispatched) and _of(each.step, what.step)]
    about: dict[str, str | int] = {"sluice.step.id": what.step, "gen_ai.agent.name": what.agent}
    if what.used:
        about |= {
            "gen_ai.request.model": ", ".join(each.model for each in what.used),
            "gen_ai.usage.input_tokens": sum(each.input_total for each in what.used),
            "gen_ai.usage.output_tokens": sum(each.output for each in what.used),
        }
    state = e.find(what.step)
    name = f"step {what.step} {state.step.agent if state else what.agent}"
    return Span(key, name, given[-1] if given else what.at, what.at, what.status == "failed", about)


def _gate(e: Execution, what: GateJudged, before: Sequence[Happened], key: str) -> Span:
    """From when it was due: what came before it had ended, and nothing tells when its command began."""
    ready = [each.at for each in before if not isinstance(each, SentBack)]
    phase = e.phase(what.phase)
    command = phase.phase.gate.told if phase and phase.phase.gate else ""
    about: dict[str, str | int] = {
        "sluice.phase": what.phase,
        "sluice.gate.command": command,
        "sluice.gate.how": what.how,
    }
    return Span(key, f"gate of phase {what.phase}", ready[-1] if ready else what.at, what.at, not what.passed, about)


def _of(step: str, part: str) -> bool:
    return part == step or part.startswith(f"{step}.")
