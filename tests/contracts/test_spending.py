"""Counting while an agent works: what cannot be counted goes no further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.context import Context
from bot.core.budget import Caps
from bot.core.run import Ended, Peer
from bot.core.tokens import Tokens
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from bot.spending import Spending
from tests.contracts.ledger_world import NOW, PEER, add, start


class Uncountable:
    """An agent whose transcript breaks whoever reads it, at work until it is ended."""

    def __init__(self) -> None:
        self.over: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    def billed(self, run: str, item: str, peer: Peer) -> tuple[Tokens, ...]:
        raise RuntimeError("nobody foresaw this")

    def source(self, peer: Peer) -> str:
        return "transcript"

    def end(self, run: str, how: Ended) -> None:
        self.over.set_result(how)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    await opened.close()


async def test_a_run_that_cannot_be_counted_is_ended(ledger: SqlLedger) -> None:
    """Whatever went wrong with the counting, it costs no more than it did by then, and its own end is not disturbed."""
    [item] = await add(ledger, 1)
    assert await start(ledger, item) is None
    [run] = await ledger.running()
    agents = Uncountable()
    ctx = Context(lambda: NOW, None, None, None, ledger, {}, (PEER,), Caps())  # type: ignore[arg-type]
    async with asyncio.timeout(20), Spending(ctx, agents, pace=0.01).counting(run):
        assert await agents.over == "failed"
