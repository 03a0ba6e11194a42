"""Gate: a workflow Sluice dispatched on GitHub Actions, known by its run id and attempt."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.gates.command import verdict_of
from bot.core.gates.verdict import GateRun, Verdict


def name_of(file: str) -> str:
    return f"workflow:{file}"


def workflow(file: str, head: str, runs: Iterable[GateRun]) -> Verdict:
    """One that was admitted and has no run yet was never dispatched: the process died in between."""
    runs = [run for run in runs if run.state != "admitted"]
    return verdict_of(name_of(file), head, runs, absent=f"{file} has not been dispatched on this head yet")
