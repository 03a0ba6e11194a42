"""Whether a step that says it is complete is: what it was to deliver is there, and where it was to change files some
changed. Asked of facts alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.plans.execution import Execution, StepState


def owed(e: Execution, unit: StepState) -> tuple[str, ...]:
    """The paths that must be there at its end; the team's, for the last of a team whose results nobody joins."""
    whole = e.find(unit.step.id.rpartition(".")[0]) if unit.step.id.count(".") > 1 else None
    if whole is None:
        return unit.step.deliverables
    others = [member for member in whole.team if member.step.id != unit.step.id]
    last = whole.step.joins != "agent" and all(member.state == "complete" for member in others)
    return whole.step.deliverables if last else ()


def unfulfilled(e: Execution, unit: StepState, there: Callable[[str], bool], changed: Sequence[str] | None) -> str:
    """Why its word does not hold, in a sentence; empty: it does. `changed` None: nobody can tell what changed."""
    missing = [path for path in owed(e, unit) if not there(path)]
    if missing:
        return f"what it was to deliver is not there: {', '.join(missing)}"
    if unit.step.changes and not unit.step.team and changed is not None and not changed:
        return "it was to change files, and nothing changed"
    return ""
