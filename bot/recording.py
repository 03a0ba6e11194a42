"""A run's event log: events are taken as they happen and reach the ledger in small batches, without secrets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import structlog

from bot.context import Context
from bot.core.events import Event, kept
from bot.errors import Unavailable

log = structlog.get_logger(__name__)
PACE = 1.0  # seconds between two batches
MOST_WAITING = 5_000  # events that wait for a ledger that does not answer
Note = Callable[[Event], None]


@asynccontextmanager
async def recording(ctx: Context, run: str, hide: Callable[[str], str]) -> AsyncIterator[Note]:
    """Gives what events are told to. At the end, however it comes, what waits is written."""
    waiting: list[tuple[datetime, Event]] = []

    def note(each: Event) -> None:
        if len(waiting) < MOST_WAITING:
            waiting.append((ctx.now(), kept(each, hide)))

    async def write() -> None:
        batch = waiting[:]
        try:
            await ctx.ledger.note_events(run, batch)
        except Unavailable as error:  # the run goes on, and they are written with the next ones
            log.warning("events are written later", run=run, reason=str(error))
            return
        del waiting[: len(batch)]

    over = asyncio.Event()

    async def write_now_and_then() -> None:
        """Never broken off: what is written in this moment would be written once more at the end."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PACE)
            await write()

    writing = asyncio.create_task(write_now_and_then())
    try:
        yield note
    finally:
        over.set()
        await asyncio.shield(writing)
