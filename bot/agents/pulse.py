"""Whether an agent at work makes progress, and whether somebody has said that it is to end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import psutil

from bot.core.events import Event
from bot.core.run import Ended, Limits

BUSY = 0.1  # of one core: what uses less is not at work
WATCHED = 20.0  # seconds it is watched before it is said not to be
CLOCKS = 1.0  # seconds a process's own clock may be behind ours


class Pulse:
    """Of one run. `heard`: its program is talked with, and its events count; then what it prints to keep a line open
    is no progress."""

    def __init__(self, heard: bool = False) -> None:
        self.heard = heard
        self.last = time.monotonic()
        self.command_since: float | None = None  # its last word was that it runs one, at this time
        self.ending: Ended | None = None
        self._ends_at = 0.0

    def beat(self) -> None:
        self.last = time.monotonic()

    def hear(self, each: Event) -> None:
        self.beat()
        self.command_since = time.time() if each.kind == "tool" else None

    def end(self, how: Ended, grace: float) -> None:
        """It is ended as soon as that has gone by, if it does not end itself."""
        self.ending, self._ends_at = how, time.monotonic() + grace

    @property
    def over(self) -> Ended | None:
        return self.ending if time.monotonic() >= self._ends_at else None


class Progress:
    """Stalled is what says nothing, changes no file and uses no token for long; for longer, while a command that it
    began is at work."""

    def __init__(self, pulse: Pulse, limits: Limits, tree: Path, pid: int) -> None:
        self._pulse, self._limits, self._tree, self._pid = pulse, limits, tree, pid
        self._seen, self._changed = newest(tree), time.monotonic()
        self._used: tuple[float, float] | None = None  # seconds of the processors, and when that was

    async def stalled(self, printed: float) -> bool:
        now = time.monotonic()
        silent = now - max(self._changed, self._pulse.last, 0.0 if self._pulse.heard else printed)
        if silent < self._limits.stall_seconds:
            self._used = None
            return False
        if (found := await asyncio.to_thread(newest, self._tree)) > self._seen:
            self._seen, self._changed = found, now
            return False
        return silent >= self._limits.long_seconds or not await asyncio.to_thread(self._command_works)

    def _command_works(self) -> bool:
        """One it said it would run still lives; or, said or not, something below it keeps a processor busy."""
        try:
            below = psutil.Process(self._pid).children(recursive=True)
        except psutil.Error:
            return False
        since = self._pulse.command_since
        if since is not None and any(_began(process) >= since - CLOCKS for process in below):
            return True
        now, used = time.monotonic(), sum(map(_processor, below))
        before, since = self._used or (used, now)
        if now > since and used - before >= BUSY * (now - since):
            self._used = (used, now)
            return True
        self._used = (before, since)
        return now - since < min(self._limits.stall_seconds / 2, WATCHED)


def newest(folder: Path, bound: int = 20_000) -> float:
    """When something last changed below the folder; looks at a bounded number of files."""
    found = 0.0
    for count, path in enumerate(folder.rglob("*")):
        if count >= bound:
            break
        with contextlib.suppress(OSError):
            found = max(found, path.lstat().st_mtime)
    return found


def _began(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return process.create_time()
    return 0.0


def _processor(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        used = process.cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)  # those that ended, too
    return 0.0
