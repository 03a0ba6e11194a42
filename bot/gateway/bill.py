"""What one answer of a model is billed with, read from the answer itself while it passes, streamed or not.

Providers tell it more than once in a stream, each time for all of it so far: the last word counts, and of a stream
that breaks off what was told until then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.core.tokens import MOST, Tokens, model_name
from bot.gateway.asked import Asked, Dialect

LONGEST = 50_000_000  # bytes of an event, or of an answer in one piece; a longer one is not read
Json = dict[str, Any]


class Bill:
    def __init__(self, asked: Asked) -> None:
        self._dialect, self._model = asked.dialect, asked.model
        self._usage: Json = {}

    def read(self, told: object) -> None:
        """An event of the stream, or the whole answer."""
        if isinstance(told, list):  # Gemini's, streamed as one array
            for each in told:
                self.read(each)
        elif isinstance(told, dict):
            answer = _answer(self._dialect, told)
            self._model = _model(answer) or self._model
            usage = answer.get("usageMetadata" if self._dialect == "gemini" else "usage")
            if isinstance(usage, dict):
                self._usage |= {kind: count for kind, count in usage.items() if count is not None}

    @property
    def tokens(self) -> Tokens | None:
        """None: nothing was told."""
        if not self._usage:
            return None
        counts = COUNTS[self._dialect](self._usage)
        return Tokens(self._model, **{kind: min(max(count, 0), MOST) for kind, count in counts.items()})


class Reader:
    """Reads an answer that comes in pieces, wherever they are cut."""

    def __init__(self, bill: Bill, streamed: bool) -> None:
        self._bill, self._streamed = bill, streamed
        self._kept = bytearray()
        self._over = False

    def take(self, piece: bytes) -> None:
        if len(self._kept) > LONGEST:
            self._kept.clear()
            self._over = not self._streamed
        if self._over:
            return
        if not self._streamed:
            self._kept += piece
            return
        head, newline, rest = piece.rpartition(b"\n")
        if not newline:
            self._kept += piece
            return
        for line in (bytes(self._kept) + head).split(b"\n"):
            if line.startswith(b"data:") and b"usage" in line:
                self._bill.read(_parsed(line[5:]))
        self._kept = bytearray(rest)

    def end(self) -> None:
        if not self._streamed and not self._over:
            self._bill.read(_parsed(bytes(self._kept)))
            self._kept.clear()


def _answer(dialect: Dialect, told: Json) -> Json:
    """The part of an event that is the answer so far."""
    inner = {"anthropic": "message", "responses": "response"}.get(dialect, "")
    return _table(told, inner) if isinstance(told.get(inner), dict) else told


def _model(answer: Json) -> str:
    return model_name(answer.get("model") or answer.get("modelVersion"))


def _anthropic(usage: Json) -> Mapping[str, int]:
    read, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
    return {
        "input_total": _count(usage, "input_tokens") + read + written,
        "cache_read": read,
        "cache_write": written,
        "cache_write_1h": _count(_table(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
        "output": _count(usage, "output_tokens"),
    }


def _responses(usage: Json) -> Mapping[str, int]:
    details = _table(usage, "input_tokens_details")
    return {
        "input_total": _count(usage, "input_tokens"),
        "cache_read": _count(details, "cached_tokens"),
        "cache_write": _count(details, "cache_write_tokens"),
        "output": _count(usage, "output_tokens"),
    }


def _chat(usage: Json) -> Mapping[str, int]:
    """Some providers tell the reasoning beside what else was written: it then stands in the total alone. DeepSeek has
    a name of its own for what came from the cache."""
    details = _table(usage, "prompt_tokens_details")
    read = _count(usage, "prompt_tokens")
    return {
        "input_total": read,
        "cache_read": _count(details, "cached_tokens") or _count(usage, "prompt_cache_hit_tokens"),
        "cache_write": _count(details, "cache_write_tokens"),
        "output": max(_count(usage, "completion_tokens"), _count(usage, "total_tokens") - read),
    }


def _gemini(usage: Json) -> Mapping[str, int]:
    """Thoughts, and what tools of the provider's own gave the model to read, are told apart."""
    return {
        "input_total": _count(usage, "promptTokenCount") + _count(usage, "toolUsePromptTokenCount"),
        "cache_read": _count(usage, "cachedContentTokenCount"),
        "output": _count(usage, "candidatesTokenCount") + _count(usage, "thoughtsTokenCount"),
    }


COUNTS: Mapping[Dialect, Callable[[Json], Mapping[str, int]]] = {
    "anthropic": _anthropic,
    "responses": _responses,
    "chat": _chat,
    "gemini": _gemini,
}


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _table(table: Json, key: str) -> Json:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _count(usage: Json, key: str) -> int:
    found = usage.get(key)
    return found if isinstance(found, int) else 0
