"""What is kept of a program's output holds no secret, in whatever pieces it came."""

from __future__ import annotations

import logging
import sys
from contextlib import closing, redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agents import Launcher
from bot.agents.launcher import Command
from bot.agents.output import HELD, TAIL, Veil
from bot.core.events import LONGEST, event, kept
from bot.core.run import Limits
from bot.logs import MARKS, SECRET, Hiding, set_up_logs

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nvgIB\n-----END RSA PRIVATE KEY-----"
TOKEN, KNOWN = "ghs_1234567890abcdef.xyz", "known to be secret"
SAID = f'one\n{{"token": "{TOKEN}", "w": "é"}}\n{KEY}\n{KNOWN} {TOKEN}\nurl https://ann:pa55@example.com/ end'
hide = Hiding([KNOWN]).text


@settings(max_examples=200)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_no_piece_lets_a_secret_through(sizes: list[int]) -> None:
    """However the output is cut in pieces, what is kept is what it would be in one."""
    said, veil, got = SAID.encode(), Veil(hide), b""
    for size in sizes:
        got, said = got + veil.over(said[:size]), said[size:]
    got += veil.over(said) + veil.over(b"", last=True)
    assert got.decode() == hide(SAID)
    assert not any(secret in got.decode() for secret in (TOKEN, KNOWN, "vgIB", "pa55"))


def test_what_is_no_text_and_has_no_end_stays_as_it_is() -> None:
    """Bytes that are no text, and a line that is longer than what is held back, come out as they came in."""
    veil, said = Veil(hide), b"\xff\xfe" + b"x" * 3 * HELD + b"\xc3"
    assert b"".join([veil.over(said[:99_999]), veil.over(said[99_999:]), veil.over(b"", last=True)]) == said


async def test_the_log_and_the_last_words_bear_no_secret(tmp_path: Path) -> None:
    """Neither what lies in the log nor what is told of it, though it begins in the middle of a secret."""
    line = f"import os; os.write(1, b'{TOKEN}\\n' + b'{KNOWN}' + b' x' * {TAIL // 2 - 4} + b'\\nthe end {TOKEN}\\n')"
    command = Command((sys.executable, "-c", line), tmp_path, "k", tmp_path / "log", Limits(30, 30))
    ended = await Launcher(tmp_path / "root", hide).run(command)
    log = (tmp_path / "log").read_text()
    assert log.startswith("[hidden]\n[hidden] x x") and log.endswith("the end [hidden]\n")
    assert ended.tail == "the end [hidden]\n"


def test_an_event_is_cut_when_its_secrets_are_out_of_it() -> None:
    """A secret that lies across the cut leaves nothing of itself behind, nor one that was cut in two by what is
    invisible."""
    heard = event("message", "x" * (LONGEST - 5) + f"{KNOWN[:9]}\u200b{KNOWN[9:]} and more")
    assert kept(heard, hide).text == "x" * (LONGEST - 5) + "[hidden]"[:5]


@pytest.mark.parametrize(
    "secret", [TOKEN, KEY, "eyJhbGciOi.eyJpc3Mi.c2ln", "Authorization: Bearer abcdefgh12", "sk-sluice-x"]
)
def test_every_pattern_has_its_mark(secret: str) -> None:
    """The quick look passes nothing over that the thorough one would find."""
    assert SECRET.search(secret) and any(mark in secret for mark in MARKS) and hide(secret) != secret


def test_logs_go_to_standard_error_as_it_is_then() -> None:
    """What runs commands in its own process replaces it for each, and closes it; libraries flush their handlers."""
    with closing(StringIO()) as first, redirect_stderr(first):
        set_up_logs()
    second = StringIO()
    with redirect_stderr(second):
        for name in ("", "dbos"):
            logger = logging.getLogger(name)
            logger.warning("heard, with %s", "ghp_" + "a" * 36)
            for handler in logger.handlers:
                handler.flush()
    assert second.getvalue() == "WARNING root heard, with [hidden]\nWARNING dbos heard, with [hidden]\n"
