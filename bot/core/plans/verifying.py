"""Whether a step that was done by hand is complete as it says: what it was to deliver is there, and where it was to
change files some changed. (What Sluice's own runs did is judged by `shortfall`.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.plans.execution import Execution, StepState
from bot.core.plans.plan import FOLDER


def owed(e: Execution, unit: StepState) -> tuple[str, ...]:
    """The paths that must be there at its end; for the last of a team whose work no agent joins, the team's files."""
    whole = team_of(e, unit)
    if whole is None or whole.step.joins == "agent":
        return unit.step.deliverables
    last = all(member.state == "complete" for member in whole.team if member.step.id != unit.step.id)
    files = [path for path in whole.step.deliverables if not path.startswith(f"{FOLDER}/")]
    return (*unit.step.deliverables, *(files if last else ()))


def team_of(e: Execution, unit: StepState) -> StepState | None:
    """The step whose member it is."""
    return e.find(unit.step.id.rpartition(".")[0]) if unit.step.id.count(".") > 1 else None


def unfulfilled(e: Execution, unit: StepState, there: Callable[[str], bool], changed: Sequence[str] | None) -> str:
    """Why its word does not hold, in a sentence; empty: it does. `changed` None: nobody can tell what changed."""
    missing = [path for path in owed(e, unit) if not there(path)]
    if missing:
        return f"what it was to deliver is not there: {', '.join(missing)}"
    if unit.step.changes and not unit.step.team and changed is not None and not changed:
        return "it was to change files, and nothing changed"
    return ""
