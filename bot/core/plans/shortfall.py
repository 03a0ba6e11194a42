"""What Sluice saw of a run, laid before the one judgement of steps. What an agent says proves nothing."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

from bot.core.plans.execution import Execution, StepState
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

    return unfulfilled(e, unit, there, changed)
