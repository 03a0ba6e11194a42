"""Talking with a program that runs, in the sandbox and without it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bot.agents import Launcher
from bot.agents.claude import Claude
from bot.agents.conversation import Conversation
from bot.agents.launcher import SHIM, Command
from bot.agents.sandbox import bubblewrap_works
from bot.agents.talk import LONGEST, Ear, Mouth
from bot.core.run import Limits

pytestmark = pytest.mark.slow

# Repeats what it is told, until it is told no more.
ECHO = """import json, sys
print(json.dumps({"word": "ready"}), flush=True)
for line in sys.stdin:
    print(json.dumps({"word": json.loads(line)["word"]}), flush=True)
print(json.dumps({"word": "over"}), flush=True)
"""


class Parrot:
    """Says the next word whenever it has heard one, and then no more."""

    def __init__(self, *words: str) -> None:
        self.words, self.heard = list(words), list[str]()

    def begin(self, mouth: Mouth) -> None:
        self.mouth = mouth

    def hear(self, line: bytes) -> None:
        self.heard.append(json.loads(line)["word"])
        if self.words:
            self.mouth.say(json.dumps({"word": self.words.pop(0)}).encode())
        else:
            self.mouth.close()

    async def over(self) -> None:
        self.heard.append("over")


@pytest.fixture(params=["bubblewrap", "shim only"])
def launcher(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    if request.param == "bubblewrap" and not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    if request.param == "shim only":
        monkeypatch.setenv("PATH", "/nonexistent")  # so that bubblewrap is not found
    bubblewrap_works.cache_clear()
    yield Launcher(tmp_path / "root")
    bubblewrap_works.cache_clear()


async def test_what_it_is_told_depends_on_what_it_says(launcher: Launcher, tmp_path: Path) -> None:
    """Word for word, a long one among them; it ends by itself when nothing more is said."""
    long = "long " * 100_000
    parrot = Parrot("one", long, "three")
    limits = Limits(wall_seconds=30, stall_seconds=30)
    tree = tmp_path / "tree"
    tree.mkdir()
    command = Command(("python3", "-c", ECHO), tree, "k", tmp_path / "log", limits, talk=parrot, writable=(tree,))
    ended = await launcher.run(command)
    assert (ended.ended, ended.code) == ("finished", 0)
    assert parrot.heard == ["ready", "one", long, "three", "over", "over"]
    assert not list((tmp_path / "root/runs").iterdir())


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def begin(self, mouth: Mouth) -> None:
        """Says nothing."""

    def hear(self, line: bytes) -> None:
        self.lines.append(line)


def test_a_line_without_an_end_is_not_kept() -> None:
    """Of three hundred megabytes in one line nothing is heard and little kept, and the next line is heard as ever."""
    listener = Listener()
    ear, piece = Ear(listener), b"x" * 65_536
    ear.take(b"one\ntw")
    ear.take(b"o\n\nthree\n")
    tracemalloc.start()
    for _ in range(4_600):
        ear.take(piece)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ear.take(b"its end\nfour\n")
    assert listener.lines == [b"one", b"two", b"three", b"four"]
    assert kept < 100_000 and most < 1.2 * LONGEST


@pytest.mark.parametrize("line", ["x" * 1000, "{}", ""], ids=["long lines", "words that say nothing", "empty lines"])
async def test_who_says_too_much_holds_nobody_up(launcher: Launcher, tmp_path: Path, line: str) -> None:
    """While a program prints without a pause, whatever it prints, others have their turn within a tenth of a second."""
    tree = tmp_path / "tree"
    tree.mkdir()
    body = f"import sys\nwhile True: sys.stdout.write({line!r} + '\\n' + {line!r})"
    limits, turns = Limits(wall_seconds=1.5, stall_seconds=30, log_bytes=1_000), list[float]()
    listener = Conversation(Claude(), "", lambda _: None)
    command = Command(("python3", "-c", body), tree, "k", tmp_path / "log", limits, talk=listener, writable=(tree,))
    running = asyncio.create_task(launcher.run(command))
    while not running.done():
        turns.append(time.monotonic())
        await asyncio.sleep(0.005)
    waits = sorted(after - before for before, after in pairwise(turns))
    assert (await running).ended == "timed_out"
    assert waits[len(waits) * 95 // 100] < 0.1


def test_a_shim_waits_for_nobody_who_is_gone(tmp_path: Path) -> None:
    """Sluice died before the program's input was opened: there is no other end any more, and the shim ends."""
    os.mkfifo(tmp_path / "input")
    shim = [sys.executable, "-I", "-S", str(SHIM), str(tmp_path / "input"), "1000000", "0", "--", "cat"]
    ended = subprocess.run(shim, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert ended.stderr == b""
