"""The tasks of a ledger, as the next plan and the dashboard learn from them: the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.ledger import ledger_of, may_be_read

if TYPE_CHECKING:
    from bot.core.plans.learning import Past
    from bot.ledger.ledger import SqlLedger
    from bot.settings import Settings


async def history_of(settings: Settings) -> tuple[Past, ...]:
    """For who only looks."""
    if not await may_be_read(settings):
        return ()
    async with ledger_of(settings) as ledger:
        return tuple(await pasts(ledger))


async def pasts(ledger: SqlLedger) -> list[Past]:
    """Of every repository: what was started."""
    from bot.core.plans.learning import past
    from bot.prices import price_of

    tasks = [(task, task.execution) for task in await ledger.tasks()]
    return [past(e, task.happened, price_of) for task, e in tasks if e.started]
