"""One answer of the model, ready to be put into a dialect."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.models.scenario import Billed, Turn
from tests.models.tools import ToolCall, tool_call

Json = dict[str, Any]


@dataclass(frozen=True)
class Speech:
    id: str  # unique for ever
    say: str
    calls: list[ToolCall]
    billed: Billed
    delay: float


def speech_of(turn: Turn, tools: Sequence[str], number: int) -> Speech:
    calls = [tool_call(call, tools) for call in turn.calls]
    return Speech(f"{number:06}", turn.say, calls, turn.billed, turn.delay)


def event(data: Json, *, named: bool = True) -> str:
    """A server-sent event; those of Gemini and of chat completions have no name."""
    name = f"event: {data['type']}\n" if named else ""
    return f"{name}data: {json.dumps(data)}\n\n"
