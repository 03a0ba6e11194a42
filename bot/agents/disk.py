"""Room on the disk: how much a run's folders have grown, and what is left on this machine for everybody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

DU = shutil.which("du", path="/usr/bin:/bin")
LEAST = 500_000_000  # bytes that stay free for Sluice itself: what was done must still be kept
LEAST_FILES = 100_000
SHARE = 20  # of a small disk, this part is enough
RARELY = 10  # times as long as measuring takes, until it is measured again


class Room:
    def __init__(self, folders: Sequence[Path], bound: int) -> None:
        self._folders, self._bound = folders, bound
        self._before = self._now = 0
        self._free, self._next = 0, 0.0

    async def begin(self) -> None:
        await self._measure()
        self._before = self._now

    async def overgrown(self, at_its_end: bool = False) -> str:
        """A sentence when they grew too much; empty: they have not. Cheap, for it is asked every second.

        At its end it is measured in any case: what others erase meanwhile hides what one run has written.
        """
        left = self._bound - (self._now - self._before)
        taken = self._free - shutil.disk_usage(self._folders[0]).free
        if at_its_end or time.monotonic() >= self._next or taken > left / 2:
            await self._measure()
        if self._now - self._before <= self._bound:
            return ""
        grown = _told(self._now - self._before)
        return f"its files grew by {grown}, and {_told(self._bound)} are allowed (disk_gigabytes)"

    def full(self) -> str:
        """A sentence when there is no room for anybody."""
        disk = os.statvfs(self._folders[0])
        free, total = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        if free < min(LEAST, total // SHARE):
            return f"the disk of this machine is full: {_told(free)} are free"
        if disk.f_files and disk.f_favail < min(LEAST_FILES, disk.f_files // SHARE):  # not every disk counts them
            return f"the disk of this machine is full: it takes only {disk.f_favail:,} more files"
        return ""

    async def _measure(self) -> None:
        began = time.monotonic()
        self._free = shutil.disk_usage(self._folders[0]).free
        self._now = await _used(self._folders)
        ended = time.monotonic()
        self._next = ended + max(1.0, (ended - began) * RARELY)


async def _used(folders: Sequence[Path]) -> int:
    """Bytes on the disk, by a program of the system: of a large tree Python would make the loop wait."""
    if DU is None:
        return 0
    quiet = asyncio.subprocess.DEVNULL
    words = (DU, "-skxc", "--", *map(os.fspath, folders))
    process = await asyncio.create_subprocess_exec(*words, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet)
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    total = out.split(b"\n")[-2:-1]
    return int(total[0].split()[0]) * 1024 if total else 0


def _told(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
