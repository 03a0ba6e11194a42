"""What a program prints: in a bounded log, its end at hand, and heard line by line where somebody listens."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from bot.agents.talk import Ear

TAIL = 20_000  # bytes of output that are kept at hand
AT_ONCE = 65_536  # bytes
LONG = 0.005  # seconds that one piece may take
HELD = 65_536  # characters that wait for the end of their line, or of a key of many lines
BEGIN, END = "-----BEGIN ", "-----END "
Hide = Callable[[str], str]


class Output:
    """`last` is when it last said something; `hide` takes secrets out of what is kept of it."""

    def __init__(self, path: Path, bound: int, hide: Hide, ear: Ear | None = None) -> None:
        self._path, self._bound, self._hide, self._ear = path, bound, hide, ear
        self._tail, self._whole = b"", True
        self.last = 0.0

    async def follow(self, stream: asyncio.StreamReader | None) -> None:
        """To its end, whatever becomes of the log: a program that nobody reads would stand still."""
        assert stream is not None  # started with a pipe
        printed, veil = 0, Veil(self._hide)
        with contextlib.ExitStack() as open_files:
            file = self._opened(open_files)
            while piece := await stream.read(AT_ONCE):
                self.last = began = time.monotonic()
                self._whole = self._whole and len(self._tail) + len(piece) <= TAIL
                self._tail = (self._tail + piece)[-TAIL:]
                _written(file, veil.over(piece[: max(0, self._bound - printed)]))
                printed += len(piece)
                if self._ear:
                    self._ear.take(piece)
                if (took := time.monotonic() - began) > LONG:
                    await asyncio.sleep(took)  # who says more than can be heard is heard half of the time
            _written(file, veil.over(b"", last=True))
            if printed > self._bound:
                _written(file, f"\n[{printed - self._bound} bytes more were printed and not kept]\n".encode())

    def tail(self) -> str:
        """Without the rest of a line whose beginning is gone: it may be the rest of a secret."""
        begin = 0 if self._whole else self._tail.find(b"\n") + 1
        return self._hide(self._tail[begin:].decode(errors="replace"))

    def _opened(self, until: contextlib.ExitStack) -> BinaryIO | None:
        with contextlib.suppress(OSError):  # the disk is full
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return until.enter_context(self._path.open("wb", buffering=0))
        return None


class Veil:
    """Takes secrets out of what comes in pieces: it lets whole lines through, so that none is cut in two."""

    def __init__(self, hide: Hide) -> None:
        self._hide, self._held = hide, ""
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode

    def over(self, piece: bytes, last: bool = False) -> bytes:
        text = self._held + self._decode(piece, last)
        cut = len(text) if last else _whole(text)
        self._held = text[cut:]
        return self._hide(text[:cut]).encode("utf-8", "surrogateescape")


def _whole(text: str) -> int:
    """How much of it may be judged by itself: whole lines, and a key of many lines at once. Of what has no end for too
    long, whole words; of what has not even those, all."""
    end = text.rfind("\n") + 1
    begun = text.rfind(BEGIN, 0, end)
    if begun >= 0 and END not in text[begun:end]:
        end = begun
    if len(text) - end <= HELD:
        return end
    return max(text.rfind(" "), text.rfind('"')) + 1 or len(text)


def _written(file: BinaryIO | None, piece: bytes) -> None:
    if file and piece:
        with contextlib.suppress(OSError):
            file.write(piece)
