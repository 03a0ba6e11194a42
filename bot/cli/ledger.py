"""The ledger, opened by a command that reads it or leaves an order in it: quick, for nothing else is loaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.given import settings_of

if TYPE_CHECKING:
    from bot.ledger.ledger import SqlLedger
    from bot.settings import Settings


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def ledger_at(config: Path) -> AsyncIterator[SqlLedger]:
    """Of the Sluice with that settings file."""
    settings = settings_of(config)
    settings.need_board()
    async with ledger_of(settings) as ledger:
        yield ledger


async def held_agents(settings: Settings) -> list[tuple[str, str]]:
    """The agents that get nothing new, and why. A ledger of an older version stays as it is, and tells nothing."""
    if not await may_be_read(settings):
        return []
    async with ledger_of(settings) as ledger:
        return [(name, hold.reason) for name, hold in sorted((await ledger.holds(utc_now())).items())]


async def may_be_read(settings: Settings) -> bool:
    """For who only looks: where there is no ledger none is made, and one of an older version stays as it is."""
    from bot.ledger.open import has_newest_shape  # here, so that a command that needs no ledger starts quickly

    if not settings.database and not (settings.data_dir / "ledger.db").exists():
        return False
    return await asyncio.to_thread(has_newest_shape, settings.ledger_url())


@asynccontextmanager
async def ledger_of(settings: Settings) -> AsyncIterator[SqlLedger]:
    from bot.ledger.open import open_ledger  # here, so that a command that needs no ledger starts quickly

    ledger = await open_ledger(settings.ledger_url())
    try:
        yield ledger
    finally:
        await ledger.close()
