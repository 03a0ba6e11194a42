"""Two Sluices started by mistake on one board: with one database, two, or in one folder. No item is taken twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.ledger.open import open_ledger
from tests.contracts.postgres import cluster, find_binaries, make_database
from tests.forks import begun, sluice
from tests.stories.conftest import MakeWorld
from tests.world import Thing, World

ITEMS = 5
ENV = os.environ | {"COLUMNS": "1000"}
SLOW_MACHINE = 200.0  # seconds


@pytest.fixture
def database() -> Iterator[str]:
    """A PostgreSQL database of its own."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL on this machine")
    with cluster(binaries) as urls:
        yield make_database(urls, "sluice")


@pytest.mark.slow
async def test_one_database(make_world: MakeWorld, database: str) -> None:
    """Two processes with one PostgreSQL share the work, each item done once."""
    world = await quiet_world(make_world)
    settings = [config(world, name, database=database) for name in ("one", "two")]
    await drained_by(world, settings, [database])


@pytest.mark.slow
async def test_two_databases(make_world: MakeWorld) -> None:
    """Two Sluices that know nothing of each other meet at the claim on the remote, and each item has one of them."""
    world = await quiet_world(make_world)
    settings = [config(world, name) for name in ("one", "two")]
    await drained_by(world, settings, [f"sqlite:///{world.folder}/{name}/ledger.db" for name in ("one", "two")])


async def test_one_folder(make_world: MakeWorld) -> None:
    """The second Sluice in one folder says who is there already, in a sentence, and ends."""
    world = await quiet_world(make_world)
    settings = config(world, "one")
    with serving(settings) as first:
        assert await until(lambda: "serving on" in log_of(settings)), log_of(settings)
        second = await sluice(["serve", "--config", str(settings)], settings.parent, ENV)
        assert second.code in (1, 2)
        said = second.err.strip().splitlines()
        assert len(said) == 1 and "already runs on" in said[0], second.err
        assert first.is_alive()


async def quiet_world(make_world: MakeWorld) -> World:
    """A world without webhooks, whose own Sluice is stopped."""
    world: World = await make_world(webhooks=False)
    await world.stop()
    return world


def config(world: World, name: str, **changed: Any) -> Path:
    """The settings of one of the two: a folder of its own, and all else alike."""
    written = world.write_config(data_dir=str(world.folder / name), **changed)
    return written.rename(written.with_name(f"{name}.toml"))


class serving:
    """`sluice serve` in a process of its own, for the length of a block."""

    def __init__(self, settings: Path) -> None:
        self._settings = settings

    def __enter__(self) -> BaseProcess:
        log = self._settings.with_suffix(".log")
        log.write_text("")
        self._process = begun(["serve", "--config", str(self._settings)], self._settings.parent, ENV, log, log)
        return self._process

    def __exit__(self, *_: object) -> None:
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.terminate()
        self._process.join(15)
        self._process.kill()
        self._process.join()
        for each in psutil.wait_procs(family, timeout=1)[1]:
            each.kill()


def log_of(settings: Path) -> str:
    return settings.with_suffix(".log").read_text()


async def until(so: Any, seconds: float = SLOW_MACHINE) -> bool:
    """Whether it came to be in time."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        found = so()
        if (await found) if asyncio.iscoroutine(found) else found:
            return True
        await asyncio.sleep(0.25)
    return False


async def drained_by(world: World, settings: list[Path], databases: list[str]) -> None:
    """Both serve; every item comes to In Review, with one pull request of one commit by one agent's one run."""
    items = []
    for number in range(ITEMS):
        title = f"Note {number}"
        world.play(title, {"append": f"notes/{number}.txt", "text": "done\n"}, {"wait": 0.5}, {"say": title})
        items.append(await world.add_issue(title, edits=False))

    async def all_in_review() -> bool:
        for item in reversed(items):  # as a rule the last is the last, and one that is not there yet is enough
            if await world.column(item) != "In Review":
                return False
        return True

    with serving(settings[0]), serving(settings[1]):
        came = await until(all_in_review, SLOW_MACHINE)
        logs = "\n".join(log_of(each)[-3000:] for each in settings)
        assert came, (await reasons(databases), logs)
        await asyncio.sleep(3)  # time for either to do something twice
    assert await runs(items, databases) == [1] * ITEMS
    for number, item in enumerate(items):
        (pull,) = await world.pulls(item)
        assert (await world.pull(item))["commits"] == 1
        assert await world.file(f"notes/{number}.txt", pull["head"]["ref"]) == "done\n"
        assert len(await world.comments(item)) == 1, await world.comments(item)


async def runs(items: list[Thing], databases: list[str]) -> list[int]:
    """How many runs each item had, in all ledgers together."""
    counts = dict.fromkeys((item.card for item in items), 0)
    for url in databases:
        ledger = await open_ledger(url)
        for item in items:
            counts[item.card] += len((await ledger.recall(item.card, datetime.now(UTC))).runs)
        await ledger.close()
    return list(counts.values())


async def reasons(databases: list[str]) -> list[str]:
    """What each ledger says of each item, for whoever reads the failure."""
    said = []
    for url in databases:
        ledger = await open_ledger(url)
        said += [f"{row.item.title}: {row.last and row.last.reason}" for row in await ledger.items()]
        await ledger.close()
    return said
