"""What a program prints: in a bounded log, its end at hand, and heard line by line where somebody listens."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import BinaryIO

from bot.agents.talk import Ear

TAIL = 20_000  # bytes of output that are kept at hand
AT_ONCE = 65_536  # bytes
LONG = 0.005  # seconds that one piece may take


class Output:
    """`last` is when it last said something."""

    def __init__(self, path: Path, bound: int, ear: Ear | None = None) -> None:
        self._path, self._bound, self._ear = path, bound, ear
        self._tail = b""
        self.last = 0.0

    async def follow(self, stream: asyncio.StreamReader | None) -> None:
        """To its end, whatever becomes of the log: a program that nobody reads would stand still."""
        assert stream is not None  # started with a pipe
        printed = 0
        with contextlib.ExitStack() as open_files:
            file = self._opened(open_files)
            while piece := await stream.read(AT_ONCE):
                self.last = began = time.monotonic()
                self._tail = (self._tail + piece)[-TAIL:]
                _written(file, piece[: max(0, self._bound - printed)])
                printed += len(piece)
                if self._ear:
                    self._ear.take(piece)
                if (took := time.monotonic() - began) > LONG:
                    await asyncio.sleep(took)  # who says more than can be heard is heard half of the time
            if printed > self._bound:
                _written(file, f"\n[{printed - self._bound} bytes more were printed and not kept]\n".encode())

    def tail(self) -> str:
        return self._tail.decode(errors="replace")

    def _opened(self, until: contextlib.ExitStack) -> BinaryIO | None:
        with contextlib.suppress(OSError):  # the disk is full
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return until.enter_context(self._path.open("wb", buffering=0))
        return None


def _written(file: BinaryIO | None, piece: bytes) -> None:
    if file and piece:
        with contextlib.suppress(OSError):
            file.write(piece)
