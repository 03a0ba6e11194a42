"""Gate: a command Sluice ran itself, in a clean checkout of the head without secrets."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.gates.verdict import GateRun, State, Verdict


def name_of(command: str) -> str:
    return f"command:{command}"


def command(line: str, head: str, runs: Iterable[GateRun]) -> Verdict:
    """The verdict of the newest run of that command on that very head."""
    return verdict_of(name_of(line), head, runs, absent=f"`{line}` has not run on this head yet")


def verdict_of(gate: str, head: str, runs: Iterable[GateRun], absent: str) -> Verdict:
    """What the ledger's rows say of a gate that Sluice runs or dispatches."""
    mine = [run for run in runs if run.gate == gate and run.head == head]
    if not mine or mine[-1].state == "unstarted":  # or it was stopped, and says nothing
        return Verdict(gate, "unknown", absent, head, waits_for="machine", key="absent")
    last = mine[-1]
    if last.state in ("admitted", "running"):
        return Verdict(gate, "unknown", "running", head, waits_for="machine", url=last.url)
    if last.state == "unknown":
        return Verdict(gate, "unknown", last.reason, head, waits_for="person", url=last.url, detail=last.detail)
    state: State = "passed" if last.state == "passed" else "failed"
    return Verdict(gate, state, last.reason, head, url=last.url, detail=last.detail, key=last.run_id)
