"""Missed webhooks: GitHub's log of deliveries is read back to the last look, and what never came in is asked for again.

The net under webhooks is the sweep. This is for the little that a scan cannot see.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import structlog

from bot.core.missed import Attempt, Gap, LastLook, first_look, gap, read_from

log = structlog.get_logger(__name__)


class Deliveries(Protocol):
    """What is needed of GitHub: the App's own view of its webhook."""

    async def back_to(self, since: datetime) -> list[Attempt]: ...
    async def newest(self) -> list[Attempt]: ...
    async def ask_again(self, attempt: int) -> bool: ...


class Kept(Protocol):
    """What is needed of the ledger."""

    async def last_look(self) -> LastLook | None: ...
    async def arrived(self, guids: Collection[str]) -> set[str]: ...
    async def keep_look(self, look: LastLook) -> None: ...


async def read_back(deliveries: Deliveries, ledger: Kept, now: datetime, after_a_start: bool) -> Gap:
    """The look is kept before anything is asked for: a process that dies in between asks twice, not never."""
    last = await ledger.last_look()
    if last is None:
        look = first_look(await deliveries.newest(), now)
        await ledger.keep_look(look)
        return Gap(look)
    entries = await deliveries.back_to(read_from(last))
    known = {entry.guid for entry in entries} | {each.guid for each in last.missed}
    found = gap(last, entries, await ledger.arrived(known), now, after_a_start)
    await ledger.keep_look(found.look)
    forgotten = [each.guid for each in found.ask if not await deliveries.ask_again(each.attempt)]
    if found.missed or found.ask or found.lost:
        facts = {"missed": found.missed, "asked": len(found.ask), "lost": found.lost + len(forgotten)}
        log.warning("webhooks did not come in", **facts)
    return found
