"""The tasks of a ledger, as the next plan and the dashboard learn from them: the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.plans.learning import Past, past
from bot.prices import price_of

if TYPE_CHECKING:
    from bot.ledger.ledger import SqlLedger


async def pasts(ledger: SqlLedger) -> list[Past]:
    """Of every repository: what was started."""
    tasks = [(task, task.execution) for task in await ledger.tasks()]
    return [past(e, task.happened, price_of) for task, e in tasks if e.started]
