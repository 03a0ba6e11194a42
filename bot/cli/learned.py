"""The tasks of a ledger, as the next plan and the dashboard learn from them: the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.ledger import ledger_of, may_be_read

if TYPE_CHECKING:
    from bot.core.plans.learning import Past
    from bot.settings import Settings


async def history_of(settings: Settings) -> tuple[Past, ...]:
    """For who only looks."""
    from bot.prices import price_of  # here, so that a command that asks for none starts quickly

    if not await may_be_read(settings):
        return ()
    async with ledger_of(settings) as ledger:
        return tuple(await ledger.pasts(price_of))
