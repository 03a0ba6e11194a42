"""`/sluice pause all` and `resume all` are heard on any issue and pull request of a live repository, items or not.

Whoever wants everything stopped from a phone should not have to look for a card first. Each sweep reads what was said
in the repository since the last one; every other command belongs to an item, whose own pass hears it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.commands import parse
from bot.context import Context, Heard
from bot.core.item import Order
from bot.core.trust import needed_for
from bot.ledger.repositories import Repository

VERBS = ("pause all", "resume all")


class Listening(Protocol):
    """What listening needs of the ledger."""

    async def repositories(self) -> list[Repository]: ...
    async def item_ids_for(self, repo: str, number: int) -> list[str]: ...
    async def heard_in(self, repo: str) -> tuple[int, datetime] | None: ...
    async def obey_in(self, repo: str, comment: int, at: datetime, order: Order | None, now: datetime) -> None: ...


async def listen(ctx: Context, ledger: Listening) -> None:
    """What was said before Sluice first listened is history."""
    for repo in [known.repo for known in await ledger.repositories() if known.mode == "live"]:
        heard = await ledger.heard_in(repo)
        last, since = heard or (0, ctx.now())
        if heard is None:
            await ledger.obey_in(repo, last, since, None, ctx.now())
        for number, comment in await ctx.github.said_since(repo, since):
            if int(comment.id) > last:
                await _one(ctx, ledger, repo, number, comment)


async def _one(ctx: Context, ledger: Listening, repo: str, number: int, comment: Heard) -> None:
    orders = [] if await ledger.item_ids_for(repo, number) else [o for o in parse(comment) if o.verb in VERBS]
    order = orders[-1] if orders else None
    allowed = order is not None and await ctx.github.role(repo, comment.author) >= needed_for(order.verb)
    await ledger.obey_in(repo, int(comment.id), comment.at, order if allowed else None, ctx.now())
    if order is not None:
        await ctx.github.react(repo, comment.id, "+1" if allowed else "-1")
