"""Gate: a workflow Sluice dispatched on GitHub Actions, known by its run id and attempt.

The newest attempt counts, whoever asked for it. Skipped and neutral pass, as they do for a check that GitHub requires.
What GitHub could not start says nothing of the head: it is tried again a few times, and uses up no round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.gates.command import verdict_of
from bot.core.gates.verdict import GateRun, Verdict
from bot.core.pull import Pull

UNHEARD = timedelta(minutes=1)  # a dispatch nobody answered is looked for this long before there is another
NAMELESS = timedelta(minutes=2)  # a run whose id was not told should show its gate's key by then
FIRST_PAUSE, TRIES = timedelta(minutes=1), 6  # of what GitHub could not start: half an hour in all
NO_FORK = (
    "the pull request comes from a fork, and no workflow that may have secrets is started for it; somebody with write "
    "access can push its commits to a branch of this repository"
)
NO_NAME = (
    "GitHub does not say which run it started, and no run's name shows which is this gate's; {} needs "
    "`run-name: gate ${{{{ inputs.gate_id }}}}`"
)
Uses = Mapping[str, str]
UNBOUND: Uses = {}


def name_of(file: str) -> str:
    return f"workflow:{file}"


def workflow(file: str, pull: Pull, runs: Iterable[GateRun], now: datetime, uses: Uses = UNBOUND) -> Verdict:
    """`uses`: by file, the pinned reusable workflow that its run must have used."""
    if pull.fork:
        return Verdict(name_of(file), "unknown", NO_FORK, pull.head, waits_for="person", key="fork")
    return workflow_on(file, pull.head, runs, now, uses)


def workflow_on(file: str, head: str, runs: Iterable[GateRun], now: datetime, uses: Uses = UNBOUND) -> Verdict:
    """The same of a head of the item's own branch, pull request or not."""
    name = name_of(file)
    mine = [run for run in runs if run.gate == name and run.head == head]
    last = mine[-1] if mine else None
    if last and last.state == "admitted":
        return _unheard(file, last, now)
    if last and last.state == "running" and not last.run_id and _since(last, now) >= NAMELESS:
        return Verdict(name, "unknown", NO_NAME.format(file), head, waits_for="person")
    if last and last.state == "unstarted":
        return _again(last, sum(run.state == "unstarted" for run in mine), now)
    if last and last.state in ("passed", "failed") and not _used(last, uses.get(file)):
        reason = f"the run did not use {uses[file]}, so it does not count"
        return Verdict(name, "unknown", reason, head, waits_for="person", url=last.url)
    return verdict_of(name, head, mine, absent=f"{file} has not been dispatched on this head yet")


def told(gate: GateRun, found: GateRun) -> GateRun:
    """The gate's row with what GitHub says of its run. A run on another commit is none of this head's."""
    now = replace(found, gate=gate.gate, head=gate.head, key=gate.key, since=gate.since)
    if found.head == gate.head:
        return now
    return replace(now, state="unstarted", reason=f"it ran on {found.head[:10]}, and the branch has moved since")


def _unheard(file: str, gate: GateRun, now: datetime) -> Verdict:
    """Nobody knows whether it was dispatched: its key is looked for among the runs, and only then it is sent again."""
    if _since(gate, now) >= UNHEARD:
        reason = f"GitHub has no run of {file} for this gate"
        return Verdict(gate.gate, "unknown", reason, gate.head, waits_for="machine", key="absent")
    at = (gate.since or now) + UNHEARD
    reason = f"whether GitHub started {file} was not heard; its run is looked for until {at:%H:%M} UTC"
    return Verdict(gate.gate, "unknown", reason, gate.head, waits_for="machine", again_at=at)


def _again(gate: GateRun, tries: int, now: datetime) -> Verdict:
    said = Verdict(gate.gate, "unknown", gate.reason, gate.head, url=gate.url, detail=gate.detail)
    if tries >= TRIES:
        return replace(said, waits_for="person")
    at = (gate.since or now) + FIRST_PAUSE * 2 ** (tries - 1)
    if at <= now:
        return replace(said, waits_for="machine", key="absent")
    return replace(said, waits_for="machine", again_at=at, reason=f"{gate.reason}; tried again at {at:%H:%M} UTC")


def _used(gate: GateRun, wanted: str | None) -> bool:
    """Owner and repository are written as people like; the path and the commit are exact."""
    return wanted is None or _place(wanted) in map(_place, gate.used)


def _place(uses: str) -> tuple[str, str]:
    owner, _, rest = uses.partition("/")
    repo, _, path = rest.partition("/")
    return f"{owner}/{repo}".casefold(), path


def _since(gate: GateRun, now: datetime) -> timedelta:
    return now - (gate.since or now)
