"""A disk that is full when what was done is to be kept: nothing is lost, and it goes on when there is room."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from bot.core.events import event
from bot.errors import Unavailable
from bot.git.errors import GitFailed
from bot.ledger.open import open_ledger
from tests.contracts.git_world import SPEC, GitWorld, git
from tests.contracts.ledger_world import NOW, add

pytestmark = pytest.mark.slow


def fill(disk: Path, leave: int) -> Path:
    """Up to so many bytes."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - leave))
    return ballast


async def test_an_agents_work_waits_for_room(small_disk: Path) -> None:
    """Wherever on the way room runs out, the commits and files of an agent are there when it is back."""
    world = GitWorld(small_disk)
    tree = await world.tree()
    (tree / "big").write_bytes(random.Random(7).randbytes(1_000_000))
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "Mine")
    (tree / "more").write_bytes(random.Random(8).randbytes(1_000_000))
    failures = 0
    for leave in (0, 100_000, 900_000, 1_100_000, 1_900_000, 2_300_000):
        ballast = fill(small_disk, leave)
        try:
            await world.collect()
        except (GitFailed, OSError) as error:
            failures += 1
            assert "No space left on device" in str(error)
        ballast.unlink()
    work = await world.collect()
    assert failures >= 3 and work.commits == 2, "its own commit, and what it left beside it"
    assert [file.path for file in work.files] == ["big", "more"]
    head = await world.git.save(SPEC)
    assert git(world.remote, "log", "-2", "--format=%s", head).splitlines()[1] == "Mine"


async def test_the_ledger_says_so_and_goes_on(small_disk: Path) -> None:
    """What cannot be written is refused in a sentence, is not half there, and is written when there is room."""
    ledger = await open_ledger(f"sqlite:///{small_disk / 'ledger.db'}")
    await add(ledger, 1)
    happened = [(NOW, event("message", "x" * 2_000))] * 1_000
    ballast = fill(small_disk, 0)
    with pytest.raises(Unavailable, match="full"):
        await ledger.note_events("r", happened)
    ballast.unlink()
    assert await ledger.events("r") == []
    await ledger.note_events("r", happened)
    assert len(await ledger.events("r")) == 1_000
    await ledger.close()
