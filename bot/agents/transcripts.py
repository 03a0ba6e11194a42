"""What a run was billed, from the transcripts each program keeps in its home.

They lie where the agent can write: whatever is not a count is none, and nothing in them is followed. An agent that
deletes its transcript leaves nothing to count; a gateway in front of the model cannot be misled like that.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.core.tokens import Tokens, by_model

LONGEST = 50_000_000  # bytes of a row; a longer one is none of theirs
MOST = 10**12  # tokens: no run comes near it, and any database holds it
Row = dict[str, Any]


def billed(program: str, home: Path) -> tuple[Tokens, ...]:
    """Everything in this home, by model. Empty: nothing is known, which is not the same as nothing."""
    return by_model(tokens for tokens in READERS[program](home) if tokens.total)


def _claude(home: Path) -> Iterator[Tokens]:
    """A message is written once for each block of it, and again into the transcript of a session split off from it."""
    messages: dict[str, Row] = {}
    for row in _rows(home, ".claude/projects", "*.jsonl", '"usage"'):
        message = _table(row, "message")
        if row.get("type") == "assistant" and message.get("model") != "<synthetic>":
            messages[str(message.get("id"))] = message
    for message in messages.values():
        usage = _table(message, "usage")
        read, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
        yield Tokens(
            _model(message),
            input_total=_count(usage, "input_tokens") + read + written,
            cache_read=read,
            cache_write=written,
            cache_write_1h=_count(_table(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
            output=_count(usage, "output_tokens"),
        )


def _codex(home: Path) -> Iterator[Tokens]:
    """One record for each of the model's answers; which model it was stands at the beginning of the turn."""
    model, answers = "", set[str]()
    for row in _rows(home, ".codex/sessions", "rollout-*.jsonl", '"turn_context"', '"token_usage_record"'):
        said = _table(row, "payload")
        if row.get("type") == "turn_context":
            model = _model(said)
        answer = str(said.get("response_id"))
        if row.get("type") == "token_usage_record" and answer not in answers:
            answers.add(answer)
            usage = _table(said, "usage")
            yield Tokens(
                model,
                input_total=_count(usage, "input_tokens"),
                cache_read=_count(usage, "cached_input_tokens"),
                cache_write=_count(usage, "cache_write_input_tokens"),
                output=_count(usage, "output_tokens"),
            )


def _rows(home: Path, folder: str, name: str, *marks: str) -> Iterator[Row]:
    """The rows of every such file that bear one of the marks, as tables."""
    for path in _files(home, folder, name):
        with contextlib.suppress(OSError), open(path, "rb", opener=_carefully) as file:
            while line := file.readline(LONGEST):
                if any(mark.encode() in line for mark in marks):
                    yield _parsed(line)


def _files(home: Path, folder: str, name: str) -> Iterator[Path]:
    """Regular files below the home, in order; a folder that leads out of it holds none."""
    place = home / folder
    if place.resolve().is_relative_to(home.resolve()):
        yield from (path for path in sorted(place.rglob(name)) if path.is_file() and not path.is_symlink())


def _carefully(path: str, flags: int) -> int:
    """Though it was a regular file a moment ago: a pipe would be waited for without end."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _parsed(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


def _table(row: Row, key: str) -> Row:
    found = row.get(key)
    return found if isinstance(found, dict) else {}


def _model(row: Row) -> str:
    return str(row.get("model") or "")[:100]


def _count(usage: Row, key: str) -> int:
    found = usage.get(key)
    return min(max(found, 0), MOST) if isinstance(found, int) else 0


READERS: Mapping[str, Callable[[Path], Iterator[Tokens]]] = {"claude": _claude, "codex": _codex}
