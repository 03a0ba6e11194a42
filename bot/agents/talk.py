"""A conversation with a program that runs: what it prints is heard line by line, and it is told lines meanwhile."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Protocol

LONGEST = 20_000_000  # bytes of a line; a longer one is no word of any protocol


class Talk(Protocol):
    """Whoever leads it: a driver, which knows the program's language."""

    def begin(self, mouth: Mouth) -> None: ...
    def hear(self, line: bytes) -> None: ...
    async def over(self) -> None: ...  # it has ended, and all it said was heard


class Mouth:
    """The program's standard input, held open until it has heard everything."""

    def __init__(self, pipe: asyncio.WriteTransport, keeper: int) -> None:
        self._pipe, self._keeper = pipe, keeper

    def say(self, line: bytes) -> None:
        if not self._pipe.is_closing():
            self._pipe.write(line + b"\n")

    def close(self) -> None:
        """Nothing more will be said; most programs then end. Not before the program has been heard: it may not have
        opened its input yet, and would wait for somebody to open the other end."""
        if self._keeper >= 0:
            os.close(self._keeper)
            self._keeper = -1
        self._pipe.close()


class Ear:
    """Lines out of what comes in pieces. Of one that is too long nothing is heard."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._begun: list[bytes] = []
        self._length = 0

    def take(self, piece: bytes) -> None:
        first, *more = piece.split(b"\n")
        self._keep(first)
        for next_one in more:
            line, whole = b"".join(self._begun), self._length <= LONGEST
            self._begun, self._length = [], 0
            if line and whole:
                self._talk.hear(line)
            self._keep(next_one)

    def _keep(self, part: bytes) -> None:
        self._length += len(part)
        if self._length > LONGEST:
            self._begun = []
        elif part:
            self._begun.append(part)


async def open_mouth(fifo: Path) -> Mouth:
    """The fifo is made here, and kept open both ways, so that nobody waits for the other to open it."""
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo, 0o600)
    keeper = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    end = os.fdopen(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
    pipe, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.Protocol, end)
    return Mouth(pipe, keeper)
