"""Leads the talk with a program that speaks JSON lines: the brief, whatever is told meanwhile, and the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.agents.seat import Ending, Note
from bot.agents.talk import Mouth
from bot.core.events import Event

Line = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """What a line came to: events, what is to be answered, the session's id, and how the turn ended.

    `last`: no turn follows it, and the program may end; what it said last counts.
    """

    events: tuple[Event, ...] = ()
    answers: tuple[Line, ...] = ()
    session: str = ""
    ended: Ending | None = None
    last: bool = True


class Dialect(Protocol):
    """One program's language. No process and no file; it remembers what its own lines refer to."""

    def opening(self, brief: str) -> Sequence[Line]: ...
    def said(self, text: str) -> Sequence[Line]: ...  # in the middle of a turn; empty: it cannot be said now
    def interrupt(self) -> Sequence[Line]: ...
    def hear(self, told: Line) -> Heard: ...


class Conversation:
    def __init__(self, dialect: Dialect, brief: str, note: Note) -> None:
        self.session = ""
        self.ending: Ending | None = None
        self._dialect, self._brief, self._note = dialect, brief, note
        self._mouth: Mouth | None = None

    def begin(self, mouth: Mouth) -> None:
        self._mouth = mouth
        self._say(self._dialect.opening(self._brief))

    def tell(self, text: str) -> bool:
        lines = self._dialect.said(text) if self._mouth else ()
        self._say(lines)
        return bool(lines)

    def interrupt(self) -> None:
        self._say(self._dialect.interrupt())

    def hear(self, line: bytes) -> None:
        heard = self._dialect.hear(_parsed(line))
        self.session = heard.session or self.session
        for each in heard.events:
            self._note(each)
        self._say(heard.answers)
        self.ending = heard.ended or self.ending
        if self._mouth and heard.ended and heard.last:
            self._mouth.close()
            self._mouth = None

    async def over(self) -> None:
        """Every line is taken in when it is heard."""

    def _say(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if self._mouth:
                self._mouth.say(json.dumps(line).encode())


def _parsed(line: bytes) -> Line:
    """Empty, for what is no line of any protocol."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
