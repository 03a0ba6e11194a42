"""The sweep, the net under webhooks: scan every board, wake what changed or was not looked at for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.claims import renew
from bot.context import Context, item_at_work
from bot.core.board import Board, Card, Cards, Scan, rests, scan_whole
from bot.core.item import Item
from bot.errors import OutOfReach, Unavailable
from bot.ledger.repositories import Repository

log = structlog.get_logger(__name__)
TELLS = timedelta(seconds=3)  # our own last write may bear a time a little after our look
PATIENCE = timedelta(minutes=10)  # how long what waits goes without a look when nothing is known to have changed
# Of a large board: how often it is scanned while webhooks come in, and how often whole. One of 10,000 cards, 200
# of them active, costs 12 scans of 3 points an hour and half a scan of 100: below 2 % of the 5,000 points there are.
LARGE, WHOLE = timedelta(minutes=5), timedelta(hours=2)
A_FEW = 20  # such looks in one sweep: each costs a point


@dataclass(frozen=True)
class Swept:
    """What one sweep found, for those who asked for it."""

    boards: int = 0
    cards: int = 0
    woken: int = 0
    missed: int = 0  # webhooks that never came in, as the last look into GitHub's log found
    problems: tuple[str, ...] = field(default=())


class Scanned(Protocol):
    """What a sweep needs of the ledger."""

    async def upsert_cards(
        self, board: str, cards: Sequence[Card], now: datetime, gone: Collection[str] | None = None
    ) -> list[str]: ...
    async def cards_in(self, board: str, columns: Collection[str]) -> list[str]: ...
    async def looked_at(self, board: str) -> dict[str, datetime]: ...
    async def claimed(self) -> list[Item]: ...
    async def repositories(self) -> list[Repository]: ...
    async def waiting(self, board: str) -> list[str]: ...
    async def wake(self, item: str, due: datetime, cause: str) -> None: ...


async def sweep(ctx: Context, ledger: Scanned, recheck: timedelta, asked: Collection[str] | None = None) -> Swept:
    """`recheck`: claimed items are looked at this often even when nothing is known to have changed.

    `asked`: boards of which a webhook said that a scan can tell more; None: webhooks are not known to come in.
    """
    total = Swept()
    for board in list(ctx.boards.values()):
        if asked is not None and board.key not in asked and rests(board, ctx.large_board, LARGE, ctx.now()):
            continue
        try:
            found = await _scanned(ctx, board)
        except OutOfReach as error:  # the others are looked at all the same
            total = replace(total, problems=(*total.problems, await _lost(ctx, ledger, board, str(error))))
            continue
        ctx.boards[board.key] = replace(found.board, scanned_at=ctx.now())
        total = replace(total, boards=total.boards + 1)
        if found.board.trouble:  # its cards keep the columns they were last seen in, and nothing is done with them
            log.error("board left alone", problem=found.board.trouble)
            total = replace(total, problems=(*total.problems, found.board.trouble))
            continue
        if found.whole:
            whole = replace(ctx.boards[board.key], size=len(found.cards), whole_at=ctx.now())
            ctx.boards[board.key] = whole
        woken = await _wake(ctx, ledger, board, found, recheck)
        total = replace(total, cards=total.cards + len(found.cards), woken=total.woken + woken)
    return total


async def _scanned(ctx: Context, board: Board) -> Scan:
    """A board that could not be read at the start is first asked for who it is."""
    known = board if board.project_id else await ctx.github.board(board.key)
    return await ctx.github.scan(known, scan_whole(known, ctx.large_board, WHOLE, ctx.now()))


async def _lost(ctx: Context, ledger: Scanned, board: Board, why: str) -> str:
    """The App was taken off or suspended: the board's items stand as they are, and each says why."""
    lost = replace(board, lost=why)
    ctx.boards[board.key] = lost
    if not board.lost:
        log.error("board out of reach", problem=lost.trouble)
        here = [item.id for item in await ledger.claimed() if item.board == board.key]
        for item in (*here, *await ledger.waiting(board.key)):
            await ledger.wake(item, ctx.now(), "out of reach")
    return lost.trouble


async def _wake(ctx: Context, ledger: Scanned, board: Board, found: Scan, recheck: timedelta) -> int:
    """`board`: as it was before this scan; one that was in trouble and is no longer has all its items looked at."""
    recheck = timedelta() if board.trouble else recheck
    now = ctx.now()
    left = await _left(ctx, ledger, found)
    cards = (*found.cards, *left.found)
    gone = None if found.whole else left.gone
    wake = dict.fromkeys(await ledger.upsert_cards(board.key, cards, now, gone), "the board changed")
    looked = await ledger.looked_at(board.key)
    for card in cards:
        seen = looked.get(card.id)
        if seen and card.updated_at > seen + TELLS:
            wake.setdefault(card.id, "the issue changed")
    for item in await ledger.claimed():
        seen = looked.get(item.id)
        if item.board == board.key and (seen is None or now - seen >= recheck):
            wake.setdefault(item.id, "not looked at for a while")
    again = await ledger.waiting(board.key) if board.trouble else await _stale(ledger, board, looked, now)
    for item_id in again:
        wake.setdefault(item_id, "not looked at for a while")
    for item_id, cause in wake.items():
        await ledger.wake(item_id, now, cause)
    return len(wake)


async def _left(ctx: Context, ledger: Scanned, scan: Scan) -> Cards:
    """What a scan of the active columns did not find where it was: moved away, gone, or the index is behind."""
    if scan.whole:
        return Cards()
    there = {card.id for card in scan.cards}
    missing = [id_ for id_ in await ledger.cards_in(scan.board.key, scan.board.active) if id_ not in there]
    return await ctx.github.cards(scan.board, missing) if missing else Cards()


async def _stale(ledger: Scanned, board: Board, looked: dict[str, datetime], now: datetime) -> list[str]:
    """Of what waits, a few that were left longest: a blocking issue that closes changes nothing on the blocked card."""
    waiting = [item for item in await ledger.waiting(board.key) if now - looked.get(item, now) >= PATIENCE]
    return sorted(waiting, key=looked.__getitem__)[:A_FEW]


async def renew_claims(ctx: Context, ledger: Scanned) -> None:
    """Claims on the remote expire; those of items under way are renewed in time, where Sluice may write."""
    live = {known.repo for known in await ledger.repositories() if known.mode == "live"}
    for item in await ledger.claimed():
        if item.claim and item.issue_id and item.repo in live:
            item_at_work.set(item.id)
            try:
                await renew(ctx, item.repo, item.issue_id)
            except Unavailable as error:  # the next ones are renewed all the same
                log.warning("a claim could not be renewed", item=item.id, error=str(error))
