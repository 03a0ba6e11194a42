"""The inbox: a delivery is a row before it is acknowledged, and its hints become wakes afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs

import structlog

from bot.core.actions import WAITS
from bot.core.board import Board
from bot.core.item import Move
from webhooks.hints import BoardHint, CardHint, Hint, ItemHint, ReachHint, WaitingHint, WordHint, hints

log = structlog.get_logger()


class Delivery(Protocol):
    """One webhook as the ledger keeps it."""

    @property
    def guid(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def received(self) -> datetime: ...


class Ledger(Protocol):
    """What the inbox needs of bot.ledger."""

    async def store_delivery(self, guid: str, event: str, action: str, payload: bytes, received: datetime) -> bool: ...
    async def mark_delivery(self, guid: str, result: str) -> None: ...
    async def unhandled_deliveries(self) -> Sequence[Delivery]: ...
    async def item_ids_for(self, repo: str, number: int) -> list[str]: ...
    async def item_for_card(self, card: str) -> str | None: ...
    async def note_move(self, card: str, move: Move) -> None: ...
    async def wake(self, item: str, due: datetime, cause: str) -> None: ...
    async def wake_where(
        self,
        due: datetime,
        cause: str,
        *,
        repo: str | None = None,
        waits_for: Sequence[str] = (),
        limit: int | None = None,
    ) -> int: ...


@dataclass(frozen=True)
class Arrived:
    """A delivery that has just come in."""

    guid: str
    event: str
    payload: bytes
    received: datetime


class Inbox:
    """Stores deliveries and turns them into wakes. What came in and was not handled is handled at the next start."""

    def __init__(
        self,
        ledger: Ledger,
        boards: Iterable[Board],
        me: str,
        now: Callable[[], datetime],
        scan_soon: Callable[[str], None],
        coalesce_seconds: float = 2.0,
        reach_changed: Callable[[], None] | None = None,
    ) -> None:
        """`scan_soon` is told the board or repository of which only a sweep can tell more, `reach_changed` that what
        Sluice may reach is another.

        Hints within `coalesce_seconds` of each other are one look.
        """
        self._ledger = ledger
        self._boards = boards  # as they are now: one that was out of reach at the start is known later
        self._me = me
        self._now = now
        self._scan_soon = scan_soon
        self._reach_changed = reach_changed
        self._coalesce = timedelta(seconds=coalesce_seconds)

    async def store(self, guid: str, event: str, body: bytes, payload: Mapping[str, Any]) -> Arrived | None:
        """The stored delivery; None when it is known already."""
        arrived = Arrived(guid, event, body, self._now())
        action = str(payload.get("action") or "")
        new = await self._ledger.store_delivery(guid, event, action, body, arrived.received)
        return arrived if new else None

    async def handle(self, delivery: Delivery) -> None:
        """Wake what the delivery hints at, and note what came of it."""
        payload = json.loads(delivery.payload)
        try:
            found = hints(delivery.event, payload, self._me, delivery.guid, delivery.received)
            _sound(found)
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:  # not as GitHub documents it: the sweep is the net
            log.warning("webhook not understood", webhook=delivery.event, guid=delivery.guid, error=repr(error))
            await self._ledger.mark_delivery(delivery.guid, f"not understood: {error!r}")
            return
        woken = [await self._follow(hint) for hint in found]
        await self._ledger.mark_delivery(delivery.guid, f"woke {sum(woken)}" if found else "nothing to do")

    async def catch_up(self) -> int:
        """Handle what an earlier process stored and did not get to."""
        waiting = await self._ledger.unhandled_deliveries()
        for delivery in waiting:
            await self.handle(delivery)
        return len(waiting)

    async def _follow(self, hint: Hint) -> int:
        """How many items it woke."""
        due = self._now() + self._coalesce
        match hint:
            case CardHint():
                return await self._card(hint, due)
            case ItemHint():
                ids = [id_ for number in hint.numbers for id_ in await self._ledger.item_ids_for(hint.repo, number)]
                for id_ in dict.fromkeys(ids):
                    await self._ledger.wake(id_, due, hint.cause)
                return len(set(ids))
            case WordHint():
                if not await self._ledger.item_ids_for(hint.repo, hint.number):
                    self._scan_soon(hint.repo)
                return 0
            case WaitingHint():
                return await self._ledger.wake_where(due, hint.cause, repo=hint.repo, waits_for=hint.waits_for)
            case ReachHint():
                if self._reach_changed:
                    self._reach_changed()
                return await self._ledger.wake_where(self._now(), hint.cause, waits_for=WAITS)
            case BoardHint():
                board = self._board(hint.project)
                if board:
                    self._scan_soon(board)
                return 0

    def _board(self, project: str) -> str | None:
        return next((board.key for board in self._boards if board.project_id == project), None)

    async def _card(self, hint: CardHint, due: datetime) -> int:
        """A card of a board Sluice does not drain is none of its business; a new one is for the scan to file."""
        board = self._board(hint.project)
        if board is None:
            return 0
        if hint.move:
            await self._ledger.note_move(hint.card, hint.move)
        await self._ledger.wake(hint.card, due, hint.cause)  # of a card nobody filed yet, it rests until the scan has
        if await self._ledger.item_for_card(hint.card) is None:
            self._scan_soon(board)
        return 1


def _sound(found: Iterable[Hint]) -> None:
    """ValueError or TypeError for what no ledger could look up: it would come back at every start."""
    for hint in found:
        numbers = hint.numbers if isinstance(hint, ItemHint) else (hint.number,) if isinstance(hint, WordHint) else ()
        names = [getattr(hint, field, None) or "" for field in ("repo", "card", "project")]
        if not all(isinstance(name, str) for name in names):
            raise TypeError("a name is text")
        if not all(type(number) is int and 0 < number < 2**31 for number in numbers):
            raise ValueError("a number is out of range")


def read_payload(body: bytes, content_type: str) -> tuple[bytes, dict[str, Any]]:
    """The JSON of a delivery, plain or in a form's `payload`. ValueError when there is none."""
    if content_type.partition(";")[0].strip() == "application/x-www-form-urlencoded":
        body = parse_qs(body.decode("utf-8", "strict")).get("payload", [""])[0].encode()
    payload = json.loads(body)
    if not isinstance(payload, dict):
        raise ValueError("a payload is a JSON object")
    json.dumps(payload, ensure_ascii=False).encode()  # half a surrogate pair is no text
    return body, payload
