"""`/sluice pause all` and `resume all` are heard on any issue and pull request of a live repository, items or not.

Whoever wants everything stopped from a phone should not have to look for a card first. Each sweep, and while an agent
works every few seconds, reads what was said in live repositories since the last time. A command on an item is for that
item's own pass to hear, which is woken for it, in case its webhook is lost; where no pass can look, it is obeyed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.commands import parse
from bot.context import Context, Heard
from bot.core.actions import NoteOrder
from bot.core.item import Order
from bot.core.trust import needed_for
from bot.errors import SluiceError
from bot.ledger.repositories import Repository

log = structlog.get_logger(__name__)
SINCE = timedelta(seconds=3)  # GitHub tells whole seconds: a change of this moment may have come after the look
VERBS = ("pause all", "resume all")


class Listening(Protocol):
    """What listening needs of the ledger."""

    async def repositories(self) -> list[Repository]: ...
    async def item_ids_for(self, repo: str, number: int) -> list[str]: ...
    async def wake(self, item: str, due: datetime, cause: str) -> None: ...
    async def changed_since_look(self, repo: str, changed: Mapping[int, datetime]) -> list[str]: ...
    async def heard_in(self, repo: str) -> tuple[int, datetime] | None: ...
    async def obey_in(self, repo: str, comment: int, at: datetime, order: Order | None, now: datetime) -> None: ...


async def listen(ctx: Context, ledger: Listening) -> None:
    """In all that are live. What was said before they went live is history."""
    for repo in [known.repo for known in await ledger.repositories() if known.mode == "live"]:
        try:
            await _in(ctx, ledger, repo)
            await _reviews(ctx, ledger, repo)
        except SluiceError as error:  # one that cannot be read does not keep the others from being heard
            log.warning("comments could not be read", repo=repo, error=str(error))


async def _in(ctx: Context, ledger: Listening, repo: str) -> None:
    heard = await ledger.heard_in(repo)
    if heard is None:
        await ledger.obey_in(repo, 0, ctx.now(), None, ctx.now())  # from here on nothing is missed
        return
    last, since = heard
    for number, comment in await ctx.github.said_since(repo, since):
        if int(comment.id) > last:
            await _one(ctx, ledger, repo, number, comment)


async def _reviews(ctx: Context, ledger: Listening, repo: str) -> None:
    """What is said in reviews and on lines changes the pull request; the item's own pass hears it."""
    changed = await ctx.github.pulls_changed(repo)
    for item in await ledger.changed_since_look(repo, {number: at + SINCE for number, at in changed.items()}):
        await ledger.wake(item, ctx.now(), "the pull request changed")


async def _one(ctx: Context, ledger: Listening, repo: str, number: int, comment: Heard) -> None:
    found = parse(comment)
    items = await ledger.item_ids_for(repo, number) if found else []
    for item in items:
        await ledger.wake(item, ctx.now(), "a command")
    unheard = not any([await _hears(ctx, item) for item in items])
    order = next((each for each in reversed(found) if each.verb in VERBS and unheard), None)
    allowed = order is not None and await ctx.github.role(repo, comment.author) >= needed_for(order.verb)
    await ledger.obey_in(repo, int(comment.id), comment.at, order if allowed else None, ctx.now())
    if order is not None:
        for item in items:  # its own pass, once it may look again, has nothing left to obey
            await ctx.ledger.hear(item, [order], ctx.now())
            await ctx.ledger.note_order(item, NoteOrder(order.id, "answered", order.author), ctx.now())
        await ctx.github.react(repo, comment.id, "+1" if allowed else "-1")


async def _hears(ctx: Context, item: str) -> bool:
    """A pass can look at the item: nothing is wrong with its board."""
    board = ctx.boards.get((await ctx.ledger.recall(item, ctx.now())).item.board)
    return board is not None and not board.trouble
