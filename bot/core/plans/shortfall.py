"""Whether a step did what it was to do, by what can be seen of it. What an agent says proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from bot.core.plans.execution import Execution
from bot.core.plans.plan import FOLDER, Step
from bot.core.run import Run


def shortfall(step: Step, run: Run, e: Execution, artifacts: Collection[tuple[str, str]]) -> str:
    """What is missing, or there and must not be; empty: nothing. `artifacts`: path and step of what was handed on."""
    work = run.work
    files = [file.path for file in work.files] if work else []
    if work and work.unresolved:
        return f"agent {run.peer} left conflict markers in {', '.join(work.unresolved)}"
    there = {*files, *(file.path for file in (e.work.files if e.work else ()))}
    handed = {path for path, by in artifacts if by == step.id}
    missing = [path for path in step.deliverables if not _is_there(path, there, handed)]
    if missing:
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there"
    if step.changes and (work is None or work.head == run.head or not files):
        return "it changed nothing"
    outside = out_of_bounds(step, files) if step.changes else []
    return f"it changed {', '.join(outside[:5])}, which is off limits" if outside else ""


def out_of_bounds(step: Step, files: Iterable[str]) -> list[str]:
    return [
        path
        for path in files
        if _any(path, step.blocked_paths) or (step.allowed_paths and not _any(path, step.allowed_paths))
    ]


def _is_there(path: str, files: Collection[str], handed: Collection[str]) -> bool:
    if path.startswith(f"{FOLDER}/"):
        return path in handed
    return any(fnmatchcase(file, path) or file.startswith(f"{path.rstrip('/')}/") for file in files)


def _any(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, each) or path.startswith(f"{each.rstrip('/')}/") for each in patterns)
