"""`sluice serve`, killed with -9 at the first effect of each kind: before it, after it unanswered, or after its answer.

What it was killed at is a line in the file of hits first, so the next start goes past it. Every effect passes through
the ledger's `intend` and `settle`; a run's end through `end_run`. Passes go on beside each other, so a process about to
die lets the effects of others come to an end, or to a point of their own: none is cut off where nobody counts it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.core.actions import Action, NotePlan
from bot.core.run import Outcome
from bot.core.worktree import Work
from bot.ledger.ledger import SqlLedger
from bot.server import server_of
from bot.settings import read_settings
from bot.wiring import build
from webhooks.app import create_app
from webhooks.face import Face

PATIENCE = 5.0  # seconds an effect under way has when its process is to die


def serve(config: Path, moments: list[str], hits: Path, log: Path) -> None:
    """Serve until SIGTERM, or until killed; meant to be called in a process forked for it."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    asyncio.run(_serve(config, moments, hits))


async def _serve(config: Path, moments: list[str], hits: Path) -> None:
    settings = read_settings(config)
    service = await build(settings)
    Killer(service.ledger, moments, hits)
    web = server_of(create_app(Face(service)), settings.server.host, settings.server.port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(web, "should_exit", True))
    await service.start()
    await web.serve()
    await service.stop()


class Killer:
    """Ends the process the first time it is at a point of these moments."""

    def __init__(self, ledger: SqlLedger, moments: list[str], hits: Path) -> None:
        self._ledger, self._moments, self._hits = ledger, moments, hits
        self._kinds: dict[int, str] = {}
        self._under_way: dict[object, asyncio.Task[Any] | None] = {}  # effects begun and not answered, by whom
        self._dying = False
        self._intend, self._settle, self._end_run = ledger.intend, ledger.settle, ledger.end_run
        ledger.intend, ledger.settle, ledger.end_run = self.intend, self.settle, self.end_run  # type: ignore[method-assign]

    async def intend(self, item: str, action: Action, now: datetime) -> int:
        effect = await self._intend(item, action, now)
        self._kinds[effect] = _kind(action)
        await self._begin(effect, _kind(action))
        return effect

    async def settle(self, effect: int, ok: bool, result: str, now: datetime, at: datetime | None = None) -> None:
        await self._at("unanswered", self._kinds[effect])
        await self._settle(effect, ok, result, now, at)
        await self._end(effect, self._kinds[effect])

    async def end_run(self, key: str, outcome: Outcome, work: Work | None, now: datetime) -> bool:
        if outcome.ended == "lost":  # LoseRun's own effect, which is killed at as such
            return await self._end_run(key, outcome, work, now)
        point = f"a run {outcome.ended}"
        await self._begin(key, point)
        if outcome.ended == "cancelled":
            await self._at("tidying", point)  # so that each sweep sees runs the engine lost
        await self._at("unanswered", point)
        ended = await self._end_run(key, outcome, work, now)
        await self._end(key, point)
        return ended

    async def _begin(self, effect: object, point: str) -> None:
        await self._at("before", point)
        if self._dying:
            await self._stand()
        self._under_way[effect] = asyncio.current_task()

    async def _end(self, effect: object, point: str) -> None:
        await self._at("answered", point)
        del self._under_way[effect]
        if self._dying and asyncio.current_task() not in self._under_way.values():
            await self._stand()

    async def _at(self, moment: str, point: str) -> None:
        hit = f"{moment}: {point}"
        if moment not in self._moments or hit in self._hits.read_text().splitlines():
            return
        with self._hits.open("a") as file:
            file.write(f"{hit}\n")
            file.flush()
            os.fsync(file.fileno())
        if self._dying:  # the process dies of another's point, and here as well
            await self._stand()
        self._dying = True
        await self._others_stand()
        os.kill(os.getpid(), signal.SIGKILL)

    async def _stand(self) -> None:
        """Go no further: the process is about to die."""
        me = asyncio.current_task()
        self._under_way = {effect: task for effect, task in self._under_way.items() if task is not me}
        await asyncio.Event().wait()

    async def _others_stand(self) -> None:
        me = asyncio.current_task()
        end = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < end:
            if all(task is me or task is None or task.done() for task in self._under_way.values()):
                return
            await asyncio.sleep(0.01)


def _kind(action: Action) -> str:
    """Of what happens to a plan each is an effect of its own kind."""
    return f"NotePlan {type(action.what).__name__}" if isinstance(action, NotePlan) else type(action).__name__
