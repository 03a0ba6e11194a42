"""Status updates: after a sweep, where a board's settings ask for them, and only when there is news."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.context import Written
from bot.core.board import Board
from bot.core.report import Line, Report, report
from bot.errors import SluiceError
from bot.ledger.board import ItemRow

log = structlog.get_logger(__name__)


class Told(Protocol):
    """What a report needs of the ledger."""

    async def items(self, board: str | None = None, *, done: bool = True, gone: bool = False) -> list[ItemRow]: ...
    async def paused_all_by(self) -> str | None: ...
    async def due_report(self, board: str, news: str, every: timedelta, now: datetime) -> bool: ...


class Tells(Protocol):
    """What it needs of GitHub."""

    async def post_update(self, board: Board, report: Report) -> Written: ...


async def tell_boards(
    ledger: Told, github: Tells, boards: Sequence[Board], every: Mapping[str, timedelta], now: datetime
) -> None:
    """`every`: how often at most, by board; a board not named there is told nothing. One that cannot be told is no
    reason to stop, and is told the next time."""
    for board in boards:
        if board.key not in every or board.trouble:
            continue
        rows = [row for row in await ledger.items(board.key) if row.last and not row.archived]
        found = report([_line(row) for row in rows], await ledger.paused_all_by())
        if found and await ledger.due_report(board.key, _digest(found), every[board.key], now):
            await _post(github, board, found)


async def _post(github: Tells, board: Board, found: Report) -> None:
    try:
        written = await github.post_update(board, found)
    except SluiceError as error:
        written = Written(ok=False, error=str(error))
    if not written.ok:
        log.warning("the board's status update was not posted", board=board.key, error=written.error)


def _line(row: ItemRow) -> Line:
    item = row.item
    assert row.last
    return Line(f"{item.repo}#{item.number}" if item.number else item.title, row.last.stage, row.last.reason)


def _digest(found: Report) -> str:
    return hashlib.sha256(f"{found.standing}\n{found.body}".encode()).hexdigest()[:16]
