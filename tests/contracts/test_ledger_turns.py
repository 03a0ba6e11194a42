"""A writer's turn on SQLite: what may wait does so beside the event loop, and everything else in it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.ledger.databases import LOG
from bot.ledger.deliveries import Delivery
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    await opened.close()


@asynccontextmanager
async def another_writer(folder: Path) -> AsyncIterator[None]:
    """Another process has its turn."""
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("COMMIT")


async def test_a_writer_of_another_process_stops_nobody_else(ledger: SqlLedger, tmp_path: Path) -> None:
    """While one waits for its turn others read, and when the turn comes nothing is missing."""
    async with another_writer(tmp_path):
        waiting = asyncio.create_task(ledger.book(None, "rest_requests", 1, NOW))
        seen = [await ledger.costs(None) for _ in range(100)]
        assert not waiting.done()
        assert seen == [{}] * 100
    await waiting
    assert await ledger.costs(None) == {"rest_requests": 1}


async def test_who_gives_up_waiting_leaves_the_turn_free(ledger: SqlLedger, tmp_path: Path) -> None:
    """A task that is cancelled while it waits has written nothing, and the next one can."""
    async with another_writer(tmp_path):
        waiting = asyncio.create_task(ledger.book(None, "rest_requests", 1, NOW))
        for _ in range(20):
            await ledger.costs(None)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await ledger.book(None, "git_calls", 2, NOW)
    assert await ledger.costs(None) == {"git_calls": 2}


async def test_the_log_does_not_grow_for_ever(ledger: SqlLedger, tmp_path: Path) -> None:
    """What is written again and again finds its place in the file."""
    for number in range(12):
        body = bytes(2_000_000)
        await ledger.store_deliveries([Delivery(f"guid-{number}", "push", "", body, NOW)])
    assert (tmp_path / "ledger.db-wal").stat().st_size < LOG
    assert (tmp_path / "ledger.db").stat().st_size > LOG
