"""The crew: agents that were created for a task of their own, are commanded, and are deleted when it is done.

What is told of one follows from its commands, their runs and what was heard of them. What nothing tells is "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.events import Event, Noted
from bot.core.run import GONE, Outcome, Run
from bot.core.spend import Budget
from bot.core.worktree import Work, WorkSpec

Status = Literal["creating", "working", "complete", "failed"]
UNKNOWN, DONE = "unknown", "100%"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
IN_TREE = re.compile(r"^.*/worktrees/[^/]+/[^/]+/")  # what lies before a path inside an agent's worktree
READING = re.compile(r"read|view|open|cat\b", re.IGNORECASE)  # how tools that read a file are called


@dataclass(frozen=True)
class Mate:
    """An agent of the crew, as it was created."""

    id: str  # its name and four more characters
    name: str
    folder: str  # the repository it was created in
    repo: str  # what git calls it: "local/..."
    peer: str  # who does its work
    base: str  # the branch it begins from
    created_at: datetime
    by: str
    model: str = ""  # empty: its program's own choice
    max_tokens: int | None = None  # for all its commands; None: as the peer's own caps say
    after: tuple[str, ...] = ()  # ids of the agents whose work it waits for
    stopped_at: datetime | None = None  # what it was told before that is not done any more
    stopped_by: str = ""
    deleted_at: datetime | None = None
    left: str = ""  # where its work is, once it was deleted
    lock: str = ""  # the file that its process holds, on the machine on which it was created

    @property
    def branch(self) -> str:
        return f"sluice/agent-{self.id}"


@dataclass(frozen=True)
class Command:
    """What it was told to do, once."""

    number: int
    at: datetime
    text: str
    run: str = ""  # the run's key; empty: it has not begun
    waits: str = ""  # why it has not
    dropped: str = ""  # why it never will


@dataclass(frozen=True)
class Told:
    """An agent with all that is known of it."""

    mate: Mate
    commands: tuple[Command, ...] = ()
    runs: tuple[Run, ...] = ()  # of its commands
    events: tuple[Noted, ...] = ()  # of all its runs, in order
    used: Budget | None = None  # None: nothing is known
    alive: bool = True  # the process that carries its commands out is there
    context: int | None = None  # tokens in its session by its last answer; None: unknown
    behind: bool = False  # its branch does not show its last work: it is not moved while somebody stands on it

    @property
    def last(self) -> Command | None:
        return self.commands[-1] if self.commands else None

    def run_of(self, command: Command | None) -> Run | None:
        return next((run for run in self.runs if command and run.key == command.run), None)

    @property
    def status(self) -> Status:
        """Of its last command."""
        command = self.last
        run = self.run_of(command)
        if command is None:
            return "failed" if self.mate.deleted_at else "creating"
        if run and run.outcome and run.state == "ended":
            if self.behind and self.alive:
                return "working"  # its process is about to show what it made
            return "complete" if run.outcome.ended in ("finished", "asked") else "failed"
        if command.dropped or not self.alive:
            return "failed"
        return "working" if run or len(self.commands) > 1 else "creating"

    @property
    def gone(self) -> bool:
        """Its process ended in the midst of its last command."""
        run = self.run_of(self.last)
        if run and run.outcome and run.state == "ended":
            return run.outcome.gone
        return not self.alive

    @property
    def over(self) -> bool:
        return self.status in ("complete", "failed")

    @property
    def resting(self) -> bool:
        """There is nothing to wait for: it is over, or was told to do nothing yet."""
        return self.over or self.last is None

    @property
    def reason(self) -> str:
        """Why it stands as it does, where there is more to say than its status."""
        command = self.last
        run = self.run_of(command)
        if command is None:
            return "it was deleted" if self.mate.deleted_at else "it was not told to do anything yet"
        if command.dropped:
            return command.dropped
        if self.gone:
            return f"{GONE.summary}; the next command goes on where it was"
        if run and run.outcome and run.state == "ended":
            return _how(run.outcome, run.cap)
        return f"waits: {command.waits}" if command.waits and run is None else ""

    @property
    def result(self) -> str:
        """Its own words at the end of its last command that ended."""
        ended = [run.outcome for run in self.runs if run.outcome and run.state == "ended" and not run.outcome.gone]
        return ended[-1].summary if ended else ""

    @property
    def question(self) -> str:
        run = self.run_of(self.last)
        return run.outcome.question if run and run.outcome else ""

    @property
    def tools(self) -> int:
        """That it used, as far as its program tells, since its last command began."""
        return len(self._used())

    @property
    def last_tool(self) -> str:
        return _short(self._used()[-1]) if self.tools else ""

    def _used(self) -> list[Event]:
        run = self.run_of(self.last)
        begun = run.started_at if run else None
        now = [each for each in self.events if begun and each.at >= begun]
        return [each.event for each in now if each.event.kind in ("tool", "changed")]

    @property
    def since(self) -> datetime:
        """Since when it stands as it does."""
        run = self.run_of(self.last)
        if run and (at := run.ended_at or run.started_at or run.admitted_at):
            return at
        return self.last.at if self.last else self.mate.created_at

    @property
    def work(self) -> Work | None:
        """What git found when its last run ended."""
        return next((run.work for run in reversed(self.runs) if run.work), None)

    @property
    def where(self) -> str:
        """What holds that in the repository; empty: there is none."""
        if self.work is None or self.work.empty:
            return ""
        spec = WorkSpec(self.mate.repo, self.mate.id, self.mate.branch, self.mate.base)
        return spec.saved_ref if self.behind else spec.branch

    @property
    def consumed(self) -> tuple[str, ...] | None:
        """The files it was heard to read; None: not every program tells."""
        read = [e.target for e in _events(self.events, "tool") if READING.match(e.text) and e.target]
        return tuple(dict.fromkeys(map(_inside, read))) or None

    @property
    def produced(self) -> tuple[str, ...] | None:
        """What git found changed when its last run ended; before that, what it was heard to change."""
        if self.work:
            return tuple(each.path for each in self.work.files)
        heard = tuple(dict.fromkeys(_inside(e.target) for e in _events(self.events, "changed") if e.target))
        return heard or None


def progress(told: Told) -> str:
    """Only what is known: that all is done, or what was heard last. Nobody can know the share that is left."""
    if told.status == "complete":
        return told.reason or DONE  # it may ask something
    if told.status == "failed":
        return told.reason or "failed"
    if told.tools:
        tools = "1 tool" if told.tools == 1 else f"{told.tools} tools"
        return f"{tools} used, last: {told.last_tool}"
    return told.reason or UNKNOWN


def context_used(told: Told) -> str:
    if told.context is None:
        return UNKNOWN
    return f"{told.context / 1000:.0f}k tokens" if told.context >= 1000 else f"{told.context} tokens"


@dataclass(frozen=True)
class Fleet:
    """All of them at a glance."""

    active: int
    tokens: int | None  # None: of none it is known
    cost_usd: float | None
    waits: tuple[tuple[str, str], ...]  # who waits for whom, by name
    bottlenecks: tuple[str, ...]  # names of those at work that others wait for, the slowest first


def fleet(crew: Sequence[Told]) -> Fleet:
    by_id = {told.mate.id: told for told in crew}
    waits = [(told, by_id[on]) for told in crew if not told.over for on in told.mate.after if on in by_id]
    holding = {on.mate.id: on for who, on in waits if not on.over and not told_run(who)}
    slow = sorted(holding.values(), key=lambda told: told.since)
    used = [told.used for told in crew if told.used]
    costs = [each.cost_usd for each in used if each.cost_usd is not None]
    return Fleet(
        sum(not told.resting for told in crew),
        sum(each.tokens for each in used) if used else None,
        sum(costs) if costs else None,
        tuple((who.mate.name, on.mate.name) for who, on in waits if not on.over),
        tuple(told.mate.name for told in slow),
    )


def told_run(told: Told) -> bool:
    """Its last command has begun: it waits for nobody any more."""
    return told.run_of(told.last) is not None


def _how(outcome: Outcome, cap: Budget | None) -> str:
    """Of one that was stopped at its cap the words are those of a program that was cut short."""
    if outcome.ended == "finished":
        return ""
    if outcome.ended == "overspent" and cap:
        return f"overspent: it has used what this run might, {cap}"
    how = "it asks" if outcome.ended == "asked" else outcome.ended.replace("_", " ")
    said = outcome.question or outcome.summary
    return f"{how}: {said}" if said else how


def _events(noted: Iterable[Noted], kind: str) -> list[Event]:
    return [each.event for each in noted if each.event.kind == kind]


def _inside(path: str) -> str:
    return IN_TREE.sub("", path)


def heard(each: Event) -> str:
    """In a line."""
    return " ".join(f"{each.kind} {_inside(each.target)} {each.text}".split())[:120]


def _short(each: Event) -> str:
    return " ".join(f"{each.text} {_inside(each.target)}".split())[:100]
