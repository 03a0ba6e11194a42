"""What the contract suites share: a database of each kind, new and empty for every test."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from tests import ledgers
from tests.contracts.engine_world import Workshop
from tests.contracts.postgres import cluster, find_binaries, make_database

NAMES = (f"contract_{n}" for n in itertools.count(1))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A running PostgreSQL; the URL's database name is left open."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL on this machine")
    with cluster(binaries) as urls:
        yield urls


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return make_database(request.getfixturevalue("postgres"), next(NAMES))


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    """No engine outlives its story: a process has one at most."""
    made = Workshop()
    yield made
    for engine in made.engines:
        await engine.stop()


@pytest.fixture
async def ledger(database: str, tmp_path: Path) -> AsyncIterator[SqlLedger]:
    if database.startswith("sqlite"):
        ledgers.lay(tmp_path, ledgers.LEDGER)
    opened = await open_ledger(database)
    yield opened
    await opened.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of twenty megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    system = {"PATH": "/usr/bin:/bin"}
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", place]
    if subprocess.run(["env", *mount], env=system, capture_output=True, executable="/usr/bin/env").returncode:
        pytest.skip("a disk cannot be mounted here")
    yield place
    subprocess.run(["env", "umount", "--lazy", place], env=system, check=True, executable="/usr/bin/env")
