"""Transcripts lie where an agent can write: whatever it leaves there, all is read, and only counts count."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.agents.transcripts import DEEPEST, READERS, Window, billed, billed_within
from bot.core.tokens import MOST, Tokens


def claude_row(message: str = "msg_1", **usage: object) -> str:
    said = {"id": message, "model": "claude-x", "usage": {"input_tokens": 5, "output_tokens": 7, **usage}}
    return json.dumps({"type": "assistant", "message": said}) + "\n"


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    file = tmp_path / "home/.claude/projects/tree/session.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(claude_row())
    return file


@pytest.mark.parametrize("program", READERS)
def test_nothing_there_is_nothing_known(program: str, tmp_path: Path) -> None:
    """A home without a transcript has no figures, not a zero."""
    assert billed(program, tmp_path) == ()


NOON = datetime(2026, 4, 19, 12, tzinfo=UTC)


def test_of_a_session_only_what_was_said_within_the_time_counts(tmp_path: Path) -> None:
    """Messages once each, what went into the cache and sub-agents included; another session's, and later ones, not."""
    projects = tmp_path / ".claude/projects/-home-mona-my-shop"
    (projects / "sid-1/subagents").mkdir(parents=True)
    written = {"cache_creation_input_tokens": 100, "cache_read_input_tokens": 10}
    rows = [("one", 1, written), ("one", 1, written), ("late", 90, {}), ("early", -5, {})]
    (projects / "sid-1.jsonl").write_text("".join(_said(NOON, *row) for row in rows))
    (projects / "sid-1/subagents/agent-a.jsonl").write_text(_said(NOON, "sub", 2, {}) + claude_row("no time"))
    (projects / "sid-2.jsonl").write_text(_said(NOON, "other", 1, {}))
    found = billed_within(Window("sid-1", NOON, NOON + timedelta(minutes=60)), *_programs(tmp_path))
    assert found == (Tokens("claude-x", 5 + 110 + 5, cache_read=10, cache_write=100, output=14),)
    for nobody in ("sid-9", "home", ".claude", "projects"):
        assert billed_within(Window(nobody, NOON - timedelta(1), NOON + timedelta(1)), *_programs(tmp_path)) == ()


def test_no_message_is_billed_to_two_steps(tmp_path: Path) -> None:
    """Of times that overlap, and of a message whose blocks were written before and after one began."""
    projects = tmp_path / ".claude/projects/-home-mona-my-shop"
    projects.mkdir(parents=True)
    rows = [("one", 1, {}), ("two", 5, {}), ("two", 7, {}), ("three", 9, {})]
    (projects / "sid-1.jsonl").write_text("".join(_said(NOON, *row) for row in rows))
    at = [NOON + timedelta(minutes=each) for each in range(11)]
    first, second = Window("sid-1", at[0], at[6]), Window("sid-1", at[4], at[10], ((at[0], at[6]),))
    found = [billed_within(window, *_programs(tmp_path))[0].total for window in (first, second)]
    assert found == [24, 12]


def _programs(home: Path) -> tuple[Path, Path]:
    return home / ".claude", home / ".codex"


def test_of_a_session_of_codex_as_well(tmp_path: Path) -> None:
    """The model stands at the beginning of the turn, which may be before the time."""
    folder = tmp_path / ".codex/sessions/2026/04/19"
    folder.mkdir(parents=True)
    used = {"input_tokens": 50, "cached_input_tokens": 20, "output_tokens": 9}
    rows = (
        {"type": "turn_context", "payload": {"model": "gpt-x"}, "timestamp": "2026-04-19T11:00:00Z"},
        {"type": "token_usage_record", "payload": {"response_id": "r1", "usage": used}, "timestamp": f"{NOON:%FT%TZ}"},
    )
    (folder / "rollout-2026-04-19T11-00-00-sid-1.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    window = Window("sid-1", NOON, NOON + timedelta(minutes=1))
    assert billed_within(window, *_programs(tmp_path)) == (Tokens("gpt-x", 50, cache_read=20, output=9),)


def _said(noon: datetime, message: str, minutes: int, usage: dict[str, object]) -> str:
    at = noon + timedelta(minutes=minutes)
    return json.dumps({**json.loads(claude_row(message, **usage)), "timestamp": f"{at:%FT%T}.000Z"}) + "\n"


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "{",
        "null\n",
        '["usage"]\n',
        '{"usage": ' + "[" * 100_000,
        '{"type": "assistant", "message": {"usage": 1}}\n',
    ],
    ids=["empty", "torn", "null", "list", "deep", "no table"],
)
def test_rubbish_is_read_over(transcript: Path, rubbish: str) -> None:
    """What stands before and after it counts all the same."""
    transcript.write_text(f"{claude_row('one')}{rubbish}\n{claude_row('two')}")
    assert billed("claude", transcript.parents[4] / "home") == (Tokens("claude-x", 10, output=14),)


@pytest.mark.parametrize(
    "count", [-5, 1.5, "5", None, [], 10**400], ids=["below", "part", "text", "none", "list", "much"]
)
def test_only_counts_count(transcript: Path, count: object) -> None:
    """Neither a negative number nor one beyond all measure gets into the books."""
    transcript.write_text(claude_row(output_tokens=count))
    (tokens,) = billed("claude", transcript.parents[4] / "home")
    assert tokens.output == (MOST if isinstance(count, int) and count > 0 else 0)


def test_a_message_told_twice_is_one(transcript: Path) -> None:
    """Once for each of its blocks, and again in a session that was split off."""
    transcript.write_text(claude_row(output_tokens=1) + claude_row())
    (transcript.parent / "other.jsonl").write_text(claude_row())
    assert billed("claude", transcript.parents[4] / "home") == (Tokens("claude-x", 5, output=7),)


def test_no_link_is_followed_and_no_pipe_waited_for(transcript: Path, tmp_path: Path) -> None:
    """An agent that lays them where its transcripts are leads nowhere."""
    (tmp_path / "elsewhere.jsonl").write_text(claude_row("another's"))
    (transcript.parent / "link.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    os.mkfifo(transcript.parent / "pipe.jsonl")
    (tmp_path / "home/.codex").mkdir()
    (tmp_path / "home/.codex/sessions").symlink_to("/")
    assert billed("claude", tmp_path / "home") == (Tokens("claude-x", 5, output=7),)
    assert billed("codex", tmp_path / "home") == ()


def _ring(folder: Path) -> None:
    (folder.parent / "moved").mkdir()
    folder.rename(folder.parent / "moved/away")
    folder.symlink_to(folder.name)


def _pit(folder: Path) -> None:
    """Deeper than a path may be long."""
    for _ in range(500):
        folder.joinpath("n" * 9).mkdir()
        os.chdir(folder.joinpath("n" * 9))
        folder = Path()
    Path("late.jsonl").write_text(claude_row("late"))


@pytest.mark.parametrize(("made", "found"), [(_ring, ()), (_pit, (Tokens("claude-x", 5, output=7),))])
def test_no_folder_leads_astray(
    transcript: Path, made: Callable[[Path], None], found: tuple[Tokens, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ring of links or a pit without a bottom ends nobody's counting: what lies before it counts."""
    monkeypatch.chdir(transcript.parent)
    made(transcript.parents[1])
    assert billed("claude", transcript.parents[4] / "home") == found
    assert len(transcript.relative_to(transcript.parents[1]).parts) < DEEPEST


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("us.anthropic.claude-opus-5-5-v1:0[1m]", "us.anthropic.claude-opus-5-5-v1:0[1m]"),
        ("claude-\ud800x\x00\n\nSigned-off-by: me", "claude-xSigned-off-by:me"),
        ("x [skip ci] fixes #1", "x[skipci]fixes1"),
        (["x"], ""),
        ("x" * 101, "x" * 100),
    ],
    ids=["as they are", "no text", "a command", "no name", "long"],
)
def test_a_models_name_can_be_kept_and_shown(transcript: Path, told: object, name: str) -> None:
    """It goes into the ledger, comments and the commit's trailers: what is no name stays out."""
    transcript.write_text(claude_row().replace('"claude-x"', json.dumps(told)))
    assert billed("claude", transcript.parents[4] / "home") == (Tokens(name, 5, output=7),)


def test_a_forged_mountain_is_bounded(transcript: Path) -> None:
    """However many there are, their sum fits into any database."""
    transcript.write_text("".join(claude_row(str(each), output_tokens=MOST) for each in range(9)))
    (tokens,) = billed("claude", transcript.parents[4] / "home")
    assert tokens.output == MOST


@pytest.mark.parametrize("made", ["no database", "another table", "a view without an end"])
def test_a_database_may_be_anything(tmp_path: Path, made: str) -> None:
    """opencode's is read like the others' files: what is no message is none, and nothing holds the reader up."""
    file = tmp_path / ".local/share/opencode/opencode.db"
    file.parent.mkdir(parents=True)
    endless = "WITH RECURSIVE n(data) AS (SELECT '{}' UNION ALL SELECT data FROM n) SELECT data FROM n WHERE data = '!'"
    with contextlib.closing(sqlite3.connect(file)) as database:
        match made:
            case "no database":
                file.write_text("nothing of the kind, and longer than the head of a database would be" * 10)
            case "another table":
                database.execute("CREATE TABLE message (data)")
                database.executemany("INSERT INTO message VALUES (?)", [(1,), (None,), ("[",), ('{"tokens": 5}',)])
                database.commit()
            case _:
                database.execute(f"CREATE VIEW message AS {endless}")
    assert billed("opencode", tmp_path) == ()
