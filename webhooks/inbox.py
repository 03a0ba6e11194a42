"""The inbox: a delivery is a row before it is acknowledged, and its hints become wakes afterwards."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs

import structlog

from bot.core.actions import WAITS
from bot.core.board import Board
from bot.core.item import Move
from bot.ledger.deliveries import Delivery
from webhooks.hints import BoardHint, CardHint, Hint, ItemHint, ReachHint, WaitingHint, WordHint, hints
from webhooks.together import Together

log = structlog.get_logger()


KEEPS = 0.005  # seconds a delivery waits for company: under a storm half of the transactions are spared
CROWD = 50  # webhooks in a second, at which looks at items step back: GitHub waits for each of them
SECOND = timedelta(seconds=1)
FOLLOWS = 0.1  # seconds between two turns of following: whom it wakes is looked at seconds later anyway
Arrived = tuple[Delivery, Mapping[str, Any] | None]  # with its payload, where it has been read already


class Ledger(Protocol):
    """What the inbox needs of bot.ledger."""

    async def store_deliveries(self, arrived: Sequence[Delivery]) -> list[bool]: ...
    async def mark_deliveries(self, results: Mapping[str, str]) -> None: ...
    async def unhandled_deliveries(self) -> Sequence[Delivery]: ...
    async def items_numbered(self, repo: str, numbers: Collection[int]) -> dict[int, list[str]]: ...
    async def known_cards(self, cards: Collection[str]) -> set[str]: ...
    async def note_move(self, card: str, move: Move) -> None: ...
    async def wake_all(
        self, causes: Mapping[str, str], due: datetime, waiting: Sequence[WaitingHint] = ()
    ) -> list[int]: ...
    async def wake_where(
        self,
        due: datetime,
        cause: str,
        *,
        repo: str | None = None,
        waits_for: Sequence[str] = (),
        limit: int | None = None,
    ) -> int: ...


class Inbox:
    """Stores deliveries and turns them into wakes. What came in and was not handled is handled at the next start.

    Those that come in at the same time are stored together and followed together.
    """

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
        self._last = deque[datetime](maxlen=CROWD)  # when they came
        self._kept = Together(ledger.store_deliveries, KEEPS)
        self._followed = Together(self._follow, min(FOLLOWS, coalesce_seconds / 10))

    async def store(self, guid: str, event: str, body: bytes, payload: Mapping[str, Any]) -> Delivery | None:
        """The stored delivery; None when it is known already."""
        self._last.append(self._now())
        arrived = Delivery(guid, event, str(payload.get("action") or ""), body, self._now())
        return arrived if await self._kept(arrived) else None

    def crowded(self) -> bool:
        return len(self._last) == CROWD and self._now() - self._last[0] < SECOND

    async def handle(self, delivery: Delivery, payload: Mapping[str, Any] | None = None) -> None:
        """Wake what the delivery hints at, and note what came of it. `payload`: as it was read before, if it was."""
        await self._followed((delivery, payload))

    async def catch_up(self) -> int:
        """Handle what an earlier process stored and did not get to."""
        waiting = await self._ledger.unhandled_deliveries()
        await asyncio.gather(*map(self.handle, waiting))
        return len(waiting)

    async def _follow(self, arrived: list[Arrived]) -> list[None]:
        """Of many deliveries as of one: each hint is followed once, each item woken once."""
        read = {delivery.guid: self._read(delivery, payload) for delivery, payload in arrived}
        found = list(dict.fromkeys(hint for each in read.values() if not isinstance(each, str) for hint in each))
        woken = await self._wake(found)
        results = {guid: each if isinstance(each, str) else _result(each, woken) for guid, each in read.items()}
        await self._ledger.mark_deliveries(results)
        return [None] * len(arrived)

    def _read(self, delivery: Delivery, payload: Mapping[str, Any] | None) -> list[Hint] | str:
        """Its hints, or what is wrong with it."""
        try:
            told = json.loads(delivery.payload) if payload is None else payload
            found = hints(delivery.event, told, self._me, delivery.guid, delivery.received)
            _sound(found)
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:  # not as GitHub documents it: the sweep is the net
            log.warning("webhook not understood", webhook=delivery.event, guid=delivery.guid, error=repr(error))
            return f"not understood: {error!r}"
        return found

    async def _wake(self, found: Sequence[Hint]) -> dict[Hint, int]:
        """How many items each hint woke."""
        items = await self._items(found)
        causes = {item: hint.cause for hint in reversed(found) for item in items.get(hint, ())}
        waiting = [hint for hint in found if isinstance(hint, WaitingHint)]
        others = await self._ledger.wake_all(causes, self._now() + self._coalesce, waiting)
        for hint in found:
            if isinstance(hint, BoardHint) and (board := self._board(hint.project)):
                self._scan_soon(board)
        far = {hint: await self._reach(hint) for hint in found if isinstance(hint, ReachHint)}
        return {hint: len(ids) for hint, ids in items.items()} | dict(zip(waiting, others, strict=True)) | far

    async def _reach(self, hint: ReachHint) -> int:
        if self._reach_changed:
            self._reach_changed()
        return await self._ledger.wake_where(self._now(), hint.cause, waits_for=WAITS)

    def _board(self, project: str) -> str | None:
        return next((board.key for board in self._boards if board.project_id == project), None)

    async def _items(self, found: Sequence[Hint]) -> dict[Hint, list[str]]:
        """Whom the hints name. What only a sweep can tell more of is asked of one."""
        numbers: defaultdict[str, set[int]] = defaultdict(set)
        for hint in found:
            if isinstance(hint, ItemHint):
                numbers[hint.repo] |= set(hint.numbers)
            elif isinstance(hint, WordHint):
                numbers[hint.repo].add(hint.number)
        known = {repo: await self._ledger.items_numbered(repo, wanted) for repo, wanted in numbers.items()}
        items = await self._cards([hint for hint in found if isinstance(hint, CardHint)])
        for hint in found:
            if isinstance(hint, ItemHint):
                items[hint] = list(dict.fromkeys(id_ for n in hint.numbers for id_ in known[hint.repo].get(n, ())))
            elif isinstance(hint, WordHint) and hint.number not in known[hint.repo]:
                self._scan_soon(hint.repo)
        return items

    async def _cards(self, found: Sequence[CardHint]) -> dict[Hint, list[str]]:
        """A card of a board Sluice does not drain is none of its business; a new one is for the scan to file."""
        ours = {hint: board for hint in found if (board := self._board(hint.project))}
        for hint in ours:
            if hint.move:
                await self._ledger.note_move(hint.card, hint.move)
        known = await self._ledger.known_cards({hint.card for hint in ours}) if ours else set()
        for hint, board in ours.items():
            if hint.card not in known:
                self._scan_soon(board)
        return {hint: [hint.card] for hint in ours}  # of a card nobody filed yet, the wake rests until the scan has


def _result(found: Sequence[Hint], woken: Mapping[Hint, int]) -> str:
    return f"woke {sum(woken.get(hint, 0) for hint in found)}" if found else "nothing to do"


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
    if not body.isascii() or b"\\u" in body:
        json.dumps(payload, ensure_ascii=False).encode()  # half a surrogate pair is no text
    return body, payload
