"""An engine whose handlers do what a story says, and a way to wait for what must come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.engine import DbosEngine


def now() -> datetime:
    return datetime.now(UTC)


class Workshop:
    """Handlers that stay at work until the story lets them go."""

    def __init__(self) -> None:
        self.engines: list[DbosEngine] = []  # that work here
        self.begun: list[str] = []
        self.done: list[str] = []
        self.interrupted: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.open = False
        self.tidied = asyncio.Event()  # a story may clear it, to make the tidying up last
        self.tidied.set()

    async def run(self, key: str) -> None:
        self.begun.append(key)
        try:
            if not self.open:
                await self.gates.setdefault(key, asyncio.Event()).wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # saving what there is takes a moment
            await self.tidied.wait()
            self.interrupted.append(key)
            raise
        self.done.append(key)

    async def break_down(self, key: str) -> None:
        raise RuntimeError(f"{key} is broken")

    def release(self, *keys: str) -> None:
        for key in keys:
            self.gates[key].set()


def engine_on(database: str, workshop: Workshop, executor: str = "machine-1", limit: int = 2) -> DbosEngine:
    if database.startswith("sqlite"):
        database = database.replace("ledger.db", "engine.db")
    engine = DbosEngine(database, executor, {"ada": limit, "gates": limit}, poll_seconds=0.05)
    workshop.engines.append(engine)
    engine.handlers |= {"run": workshop.run, "gate": workshop.run, "broken": workshop.break_down}
    return engine


async def until(happened: Callable[[], bool | Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(seconds):
        while True:
            answer = happened()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)


async def over(engine: DbosEngine, key: str) -> None:
    async def is_over() -> bool:
        return await engine.status(key) == "over"

    await until(is_over)
