"""What the contract suites share: a database of each kind, new and empty for every test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
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
async def ledger(database: str) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(database)
    yield opened
    await opened.close()
