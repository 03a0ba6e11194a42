"""What a run was billed, from the transcripts each program keeps in its home.

They lie where the agent can write: whatever is not a count is none, and nothing in them is followed. An agent that
deletes its transcript leaves nothing to count; a gateway in front of the model cannot be misled like that.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bot.core.tokens import MOST, Tokens, by_model, model_name

LONGEST = 50_000_000  # bytes of a row; a longer one is none of theirs
STEPS = 10_000_000  # of SQLite's machine, after which a query is given up: half a second
DEEPEST = 8  # folders below a program's own in which it keeps transcripts
TOLD, USAGE_TOLD = "told", Path(".sluice/usage.jsonl")  # by whoever is no program we know
COUNTS = ("input_total", "cache_read", "cache_write", "cache_write_1h", "output")
Row = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """Of what lies in a home one session's alone, sub-agents' included, and of that what was said within a time, but
    for what was said within others: those were counted before."""

    session: str
    since: datetime
    until: datetime
    counted: tuple[tuple[datetime, datetime], ...] = ()

    def has_file(self, path: Path) -> bool:
        """`path`: below the folder in which the program keeps them."""
        return self.session in path.parts or path.stem == self.session or path.stem.endswith(f"-{self.session}")

    def has(self, row: Row) -> bool:
        """What bears no time was said at any: it is no part of a step's."""
        try:
            at = datetime.fromisoformat(str(row.get("timestamp")))
        except ValueError:
            return False
        if at.tzinfo is None or not self.since <= at <= self.until:
            return False
        return not any(begin <= at <= end for begin, end in self.counted)


def billed(program: str, home: Path) -> tuple[Tokens, ...]:
    """Everything in this home, by model. Empty: nothing is known, which is not the same as nothing."""
    return by_model(tokens for tokens in READERS[program](home) if tokens.total)


def billed_within(window: Window, claude: Path, codex: Path) -> tuple[Tokens, ...]:
    """Of a session of a program that somebody else started: which one, its id tells. The folders: the programs' own."""
    found = (*_claude_in(claude, "projects", window), *_codex_in(codex, "sessions", window))
    return by_model(tokens for tokens in found if tokens.total)


def in_context(program: str, home: Path, session: str) -> int | None:
    """The tokens a session holds, by its last answer: what the model read for it, and wrote. None: it is not told."""
    if program != "claude" or not session:
        return None
    rows = _rows(home, ".claude/projects", f"{glob.escape(session)}.jsonl", '"usage"')
    answers = [row for row in rows if row.get("type") == "assistant" and not row.get("isSidechain")]
    held = [_claude_answer(_table(row, "message")).total for row in answers]
    return next((tokens for tokens in reversed(held) if tokens), None)


def _claude(home: Path) -> Iterator[Tokens]:
    return _claude_in(home, ".claude/projects")


def _claude_in(home: Path, folder: str, window: Window | None = None) -> Iterator[Tokens]:
    """A message is written once for each block of it, and again into the transcript of a session split off from it. It
    was said when its first block was."""
    first: dict[str, Row] = {}
    messages: dict[str, Row] = {}
    for row in _rows(home, folder, "*.jsonl", '"usage"', window=window):
        message = _table(row, "message")
        if row.get("type") == "assistant" and message.get("model") != "<synthetic>":
            name = str(message.get("id"))
            if window is None or window.has(first.setdefault(name, row)):
                messages[name] = message
    yield from map(_claude_answer, messages.values())


def _claude_answer(message: Row) -> Tokens:
    usage = _table(message, "usage")
    read, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
    return Tokens(
        _model(message),
        input_total=_count(usage, "input_tokens") + read + written,
        cache_read=read,
        cache_write=written,
        cache_write_1h=_count(_table(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
        output=_count(usage, "output_tokens"),
    )


def _codex(home: Path) -> Iterator[Tokens]:
    return _codex_in(home, ".codex/sessions")


def _codex_in(home: Path, folder: str, window: Window | None = None) -> Iterator[Tokens]:
    """One record for each of the model's answers; which model it was stands at the beginning of the turn."""
    model, answers = "", set[str]()
    marks = ('"turn_context"', '"token_usage_record"')
    for row in _rows(home, folder, "rollout-*.jsonl", *marks, window=window):
        said = _table(row, "payload")
        if row.get("type") == "turn_context":
            model = _model(said)
        answer = str(said.get("response_id"))
        within = window is None or window.has(row)
        if row.get("type") == "token_usage_record" and answer not in answers and within:
            answers.add(answer)
            usage = _table(said, "usage")
            yield Tokens(
                model,
                input_total=_count(usage, "input_tokens"),
                cache_read=_count(usage, "cached_input_tokens"),
                cache_write=_count(usage, "cache_write_input_tokens"),
                output=_count(usage, "output_tokens"),
            )


def _gemini(home: Path) -> Iterator[Tokens]:
    """A message is written again for each thing that becomes of it; thoughts and what tools read are told apart."""
    messages = {str(row.get("id")): row for row in _rows(home, ".gemini/tmp", "*.jsonl", '"tokens"')}
    for message in messages.values():
        usage = _table(message, "tokens")
        yield Tokens(
            _model(message),
            input_total=_count(usage, "input") + _count(usage, "tool"),
            cache_read=_count(usage, "cached"),
            output=_count(usage, "output") + _count(usage, "thoughts"),
        )


def _copilot(home: Path) -> Iterator[Tokens]:
    records = {str(row.get("id")): row for row in _rows(home, ".copilot/session-state", "events.jsonl", '"usage"')}
    for record in records.values():
        if record.get("type") == "session.usage_record":
            usage = _table(_table(record, "data"), "usage")
            yield Tokens(
                _model(usage),
                input_total=_count(usage, "inputTokens"),
                cache_read=_count(usage, "cacheReadTokens"),
                cache_write=_count(usage, "cacheWriteTokens"),
                output=_count(usage, "outputTokens"),
            )


def _opencode(home: Path) -> Iterator[Tokens]:
    """The title the model gives to a session without one stands nowhere: give it one."""
    for message in _messages(home, ".local/share/opencode", "opencode.db"):
        usage = _table(message, "tokens")
        read, written = _count(_table(usage, "cache"), "read"), _count(_table(usage, "cache"), "write")
        yield Tokens(
            model_name(message.get("modelID")),
            input_total=_count(usage, "input") + read + written,
            cache_read=read,
            cache_write=written,
            output=_count(usage, "output") + _count(usage, "reasoning"),
        )


def _told(home: Path) -> Iterator[Tokens]:
    """A line for each time an agent without a transcript of its own says what it used, under our own names for it."""
    for row in _rows(home, ".sluice", "usage.jsonl", '"model"'):
        yield Tokens(_model(row), *(_count(row, kind) for kind in COUNTS))


def _messages(home: Path, folder: str, name: str) -> Iterator[Row]:
    """From a database that may be anything: a table that turns out to be a view without an end is given up."""
    for path in _files(home, folder, name):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_database(path)) as database:
            for (data,) in database.execute("SELECT data FROM message WHERE length(data) < ?", (LONGEST,)):
                yield _parsed(data) if isinstance(data, bytes) else {}


def _database(path: Path) -> sqlite3.Connection:
    """To be read only; texts as the bytes they are."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    database.execute("PRAGMA trusted_schema = OFF")
    database.text_factory = bytes
    database.set_progress_handler(lambda: 1, STEPS)
    return database


def _rows(home: Path, folder: str, name: str, *marks: str, window: Window | None = None) -> Iterator[Row]:
    """The rows of every such file that bear one of the marks, as tables."""
    for path in _files(home, folder, name):
        if window and not window.has_file(path.relative_to(home / folder)):
            continue
        with contextlib.suppress(OSError), open(path, "rb", opener=_carefully) as file:
            while line := file.readline(LONGEST):
                if any(mark.encode() in line for mark in marks):
                    yield _parsed(line)


def _files(home: Path, folder: str, name: str) -> Iterator[Path]:
    """Regular files below the home, in order. No link is followed, and no deeper is looked than any program writes."""
    parts = Path(folder).parts
    with contextlib.suppress(OSError):
        if not any(home.joinpath(*parts[: count + 1]).is_symlink() for count in range(len(parts))):
            yield from _below(home / folder, name, DEEPEST)


def _below(folder: Path, name: str, depth: int) -> Iterator[Path]:
    try:
        found = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:  # whatever the agent made of it
        return
    for each in found:
        if each.is_dir(follow_symlinks=False):
            if depth:
                yield from _below(folder / each.name, name, depth - 1)
        elif fnmatchcase(each.name, name) and each.is_file(follow_symlinks=False):
            yield folder / each.name


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
    return model_name(row.get("model"))


def _count(usage: Row, key: str) -> int:
    found = usage.get(key)
    return min(max(found, 0), MOST) if isinstance(found, int) else 0


READERS: Mapping[str, Callable[[Path], Iterator[Tokens]]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "copilot": _copilot,
    "opencode": _opencode,
    TOLD: _told,
}
