"""Whether a step is complete as it says, by hand or by a run: what it was to deliver is there, where it was to change
files some changed, and none that was not its to change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from bot.core.plans.execution import Execution, StepState
from bot.core.plans.plan import FOLDER, Step


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


def unfulfilled(
    e: Execution,
    unit: StepState,
    there: Callable[[str], bool],
    changed: Sequence[str] | None,
    alone: bool = True,
) -> str:
    """Why its word does not hold, in a sentence; empty: it does. `changed` None: nobody can tell what changed; not
    `alone`: some of it may be what others did beside it."""
    missing = [path for path in owed(e, unit) if not there(path)]
    if missing:
        return f"what it was to deliver is not there: {', '.join(missing)}"
    if unit.step.changes and not unit.step.team and changed is not None and not changed:
        return "it was to change files, and nothing changed"
    return astray(unit.step, changed) if unit.step.changes and changed and alone else ""


def astray(step: Step, changed: Sequence[str]) -> str:
    """Why files it changed were not its to change; empty: they were."""
    blocked = [path for path in changed if any(_matches(path, pattern) for pattern in step.blocked_paths)]
    if blocked:
        return f"it changed what it was not to touch: {', '.join(blocked[:5])}"
    mine = (*step.allowed_paths, *step.deliverables)
    outside = [path for path in changed if step.allowed_paths and not any(_matches(path, each) for each in mine)]
    return f"it changed files beyond those it may: {', '.join(outside[:5])}" if outside else ""


def _matches(path: str, pattern: str) -> bool:
    """`**` stands for any folders, `*` and `?` for what is between two slashes; a folder stands for all below it."""
    return _expression(pattern.rstrip("/")).fullmatch(path) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in parts) + "(?:/.*)?", re.DOTALL)
