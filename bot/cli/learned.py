"""The tasks of a ledger, as the next plan and the dashboard learn from them: the newest first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.cli.ledger import ledger_of

if TYPE_CHECKING:
    from bot.core.plans.learning import Past
    from bot.ledger.ledger import SqlLedger
    from bot.settings import Settings


async def history_of(settings: Settings) -> tuple[Past, ...]:
    """For who only looks: where there is no ledger yet none is made."""
    from bot.ledger.open import has_newest_shape  # here, so that a command that needs no ledger starts quickly

    if not settings.database and not (settings.data_dir / "ledger.db").exists():
        return ()
    if not await asyncio.to_thread(has_newest_shape, settings.ledger_url()):
        return ()
    async with ledger_of(settings) as ledger:
        return tuple(await pasts(ledger))


async def pasts(ledger: SqlLedger) -> list[Past]:
    """Of every repository: what was started."""
    from bot.core.plans.learning import past
    from bot.prices import price_of

    tasks = [(task, task.execution) for task in await ledger.tasks()]
    return [past(e, task.happened, price_of) for task, e in tasks if e.started]
