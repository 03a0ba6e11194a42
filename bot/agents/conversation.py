"""Leads the talk with Claude Code through one run: the brief, whatever is told meanwhile, and the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from bot.agents import claude
from bot.agents.talk import Mouth
from bot.core.events import Event


class Conversation:
    def __init__(self, brief: str, note: Callable[[Event], None]) -> None:
        self.session = ""
        self.ending: claude.Ending | None = None
        self._brief, self._note = brief, note
        self._mouth: Mouth | None = None
        self._owed = 1  # turns that have not ended

    def begin(self, mouth: Mouth) -> None:
        self._mouth = mouth
        self._say(claude.opening(self._brief))

    def tell(self, text: str) -> bool:
        """Reaches it in the middle of its turn; False: its last turn is over."""
        if self._mouth is None or self._owed == 0:
            return False
        self._say([claude.said(text)])
        return True

    def interrupt(self) -> None:
        self._say([claude.interrupt()])

    def hear(self, line: bytes) -> None:
        heard = claude.hear(line)
        for each in heard.events:
            self._note(each)
        self._say(heard.answers)
        self.session = heard.session or self.session
        if heard.ended:
            self.ending, self._owed = heard.ended, 0
            if self._mouth:
                self._mouth.close()

    def _say(self, lines: Iterable[claude.Line]) -> None:
        for line in lines:
            if self._mouth:
                self._mouth.say(json.dumps(line).encode())
