"""Whether a step of a board item did what it was to do, by what Sluice saw of it. What an agent says proves nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from functools import cache

from bot.core.plans.execution import Execution, StepState
from bot.core.plans.plan import Step
from bot.core.plans.verifying import unfulfilled
from bot.core.run import Run


def shortfall(e: Execution, unit: StepState, run: Run, artifacts: Collection[tuple[str, str]]) -> str:
    """What is missing, or there and must not be; empty: nothing. `artifacts`: path and step of what was handed on."""
    work, step = run.work, unit.step
    if work and work.unresolved:
        return f"agent {run.peer} left conflict markers in {', '.join(work.unresolved)}"
    changed = [file.path for file in work.files] if work and work.head != run.head else []
    known = {*changed, *(file.path for file in (e.work.files if e.work else ()))}
    handed = {path for path, by in artifacts if by.split(".")[:2] == step.id.split(".")[:2]}

    def there(path: str) -> bool:
        return (
            path in handed
            or path in known
            or any(fnmatchcase(file, path) or file.startswith(f"{path}/") for file in known)
        )

    return unfulfilled(e, unit, there, changed) or (astray(step, changed) if step.changes else "")


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
