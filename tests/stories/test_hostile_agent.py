"""Stories of one hostile agent, which tries everything: what it got, what it left behind, and what came of its work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.agents.sandbox import bubblewrap_works
from tests.stories.conftest import MakeWorld
from tests.world import Thing, World

pytestmark = pytest.mark.slow
AGENT = Path(__file__).with_name("hostile.py")
TREASURES = ("homes/another/robo/home/.claude", "desks/another", "worktrees/acme__other/1-x", "logs", "outcomes")


@pytest.fixture(params=["bubblewrap", "shim only"])
def sandboxed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    if request.param == "bubblewrap" and not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    bubblewrap_works.cache_clear()
    if request.param == "shim only":
        monkeypatch.setenv("PATH", "/nonexistent")  # so that bubblewrap is not found
    bubblewrap_works()  # and remembers it
    monkeypatch.undo()
    yield bubblewrap_works()
    bubblewrap_works.cache_clear()


@pytest.fixture
def bot() -> Iterator[None]:
    """A process of the bot's user with a token in its environment."""
    env = {**os.environ, "SLUICE_GITHUB__TOKEN": "ghs_of_the_bot"}
    with subprocess.Popen(["/bin/sleep", "600"], env=env) as process:
        yield
        process.kill()


def hostile(folder: Path, daemon: int, url: str) -> dict[str, Any]:
    words = [sys.executable, str(AGENT), str(daemon), f"{url}/x/y.git", str(folder / "sprung")]
    return {"robo": {"runtime": "command", "command": words, "disk_gigabytes": 0.15, "stall_minutes": 0.5}}


def alive(daemon: int) -> bool:
    return any(process.info["cmdline"] == ["sleep", str(daemon)] for process in psutil.process_iter(["cmdline"]))


async def test_a_hostile_agent_gets_nothing_and_its_work_waits_for_a_person(
    make_world: MakeWorld, tmp_path: Path, sandboxed: bool, bot: None
) -> None:
    """No token, no memory of Sluice's and nothing of another run is in its reach; what it planted runs nowhere."""
    for place in TREASURES:
        (tmp_path / "data" / place).mkdir(parents=True)
        (tmp_path / "data" / place / "kept").write_text("a treasure")
    daemon = 700_000 + os.getpid()
    world: World = await make_world(
        peers=hostile(tmp_path, daemon, "http://127.0.0.1:9"), permissions={"workflows": "write"}
    )
    world.write_config()
    item = await world.add_issue("Be good", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert "changes protected files" in await world.reason(item)
    assert await world.branches() == ["main"] and not alive(daemon)
    await world.comment(item, "/sluice approve\n/sluice retry", by="ann")
    await world.settle()
    assert await world.branches() == ["main", "sluice/1-be-good"], await world.reason(item)
    assert not (tmp_path / "sprung").exists()
    [head] = (await world.refs("heads/sluice")).values()
    told = json.loads(taken(world, head, "told.json"))
    assert told["pushed"] != 0
    assert await obeyed(world, item) == []
    if sandboxed:
        assert told["beyond"] == []
        loot = taken(world, head, "loot")
        secrets = (world.app["token"].encode(), b"ghs_of_the_bot", b"hush", b"a treasure", b"SQLite format 3")
        assert len(loot) > 100 and [each for each in secrets if each in loot] == []


async def obeyed(world: World, item: Thing) -> list[str]:
    """Of its words in commits, pull request, comments and events: what GitHub, Sluice or a terminal would obey."""
    pull = await world.pull(item)
    commits = await world.rest("ann", "GET", f"{{repo}}/pulls/{pull['number']}/commits")
    messages = [each["commit"]["message"] for each in commits]
    who = [each["commit"][role]["email"] for each in commits for role in ("author", "committer")]
    said = [text for text in (pull["body"], *await world.comments(item)) if "Fixes" in text]
    assert world.service and said and all("`Fixes #99 [skip ci]" in text for text in said), "quoted as code"
    [run] = (await world.service.ledger.recall(item.card, world.now())).runs
    events = [each.event.text for each in await world.service.ledger.events(run.key)]
    found = [word for word in ("Fixes #", "[skip ci]", "Sluice-Run: another", "\33") if word in str(messages)]
    found += [text for text in (*said, *events) if "\33" in text]
    marks = ("sluice:mark:Ask", "sluice:status", "sluice:text")
    found += [text for text in said if sum(map(text.count, marks)) > 1]  # beside Sluice's own
    return found + [each for each in who if each == "ann@example.com"]


def taken(world: World, head: str, file: str) -> bytes:
    """A file of what was pushed."""
    mirror = world.folder / "data/mirrors" / f"{world.repo}.git"
    return subprocess.check_output(["git", "-C", mirror, "cat-file", "blob", f"{head}:{file}"])


async def test_an_agent_that_fills_the_disk_is_stopped_and_a_person_told(
    make_world: MakeWorld, tmp_path: Path, sandboxed: bool
) -> None:
    """It is ended with its daemon, the reason names what it used, and nothing of it reaches a branch."""
    daemon = 800_000 + os.getpid()
    world: World = await make_world(peers=hostile(tmp_path, daemon, "http://127.0.0.1:9"))
    item = await world.add_issue("Fill the disk", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person"
    assert "its files grew by" in await world.reason(item)
    assert await world.branches() == ["main"] and not alive(daemon)
