"""Talking with a program that runs, in the sandbox and without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.agents import Launcher
from bot.agents.launcher import Command
from bot.agents.sandbox import bubblewrap_works
from bot.agents.talk import Mouth
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
    assert parrot.heard == ["ready", "one", long, "three", "over"]
    assert not list((tmp_path / "root/runs").iterdir())
