"""Between a program's lines and the library that knows the Agent Client Protocol: what is no message stays outside."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from acp.schema import SessionNotification
from pydantic import ValidationError

from bot.agents.talk import Mouth

Message = dict[str, Any]


class Wire:
    """The library's transport. A message it would stumble over, and log at length, is dropped here."""

    def __init__(self) -> None:
        self.mouth: Mouth | None = None
        self._heard: asyncio.Queue[Message | None] = asyncio.Queue()

    def hear(self, line: bytes) -> None:
        if message := _message(line):
            self._heard.put_nowait(message)

    def end(self) -> None:
        """The program has ended: nothing is waited for any longer."""
        self._heard.put_nowait(None)

    async def send(self, message: Message) -> None:
        if self.mouth:
            self.mouth.say(json.dumps(message).encode())

    async def receive(self) -> Message | None:
        return await self._heard.get()

    async def close(self) -> None:
        """The program's input is closed by whoever opened it."""


def _message(line: bytes) -> Message | None:
    """A request, an answer or news of the session. Other notifications tell nothing that is wanted here."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("params", {}), dict | None):
        return None
    method, key = told.get("method"), told.get("id")
    if isinstance(key, int | str):
        sound = isinstance(method, str) or (method is None and isinstance(told.get("error", {}), dict))
        return told if sound else None
    return told if method == "session/update" and _is_news(told.get("params")) else None


def _is_news(params: object) -> bool:
    try:
        SessionNotification.model_validate(params)
    except ValidationError:
        return False
    return True
