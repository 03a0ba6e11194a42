"""Hears what the player of an edit script does: it prints each step before it plays it."""

from __future__ import annotations

import json
from pathlib import Path

from bot.agents.seat import Note
from bot.agents.talk import Mouth
from bot.core.events import Event, event

CHANGING = ("write", "append", "replace", "delete")


class Played:
    def __init__(self, note: Note) -> None:
        self._note = note

    def begin(self, mouth: Mouth) -> None:
        """There is nothing to tell it: its steps lie in a file."""

    def hear(self, line: bytes) -> None:
        if found := _event(line):
            self._note(found)

    async def over(self) -> None:
        """Every line is taken in when it is heard."""


def _event(line: bytes) -> Event | None:
    try:
        step = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match step:
        case {"run": str(command)}:
            return event("tool", "run", command)
        case {"commit": str(message)}:
            return event("tool", "commit", message)
        case {"say": str(text)}:
            return event("message", text)
        case dict():
            verb = next((verb for verb in CHANGING if isinstance(step.get(verb), str)), None)
            return event("changed", verb, str(Path(step[verb]))) if verb else None
    return None
