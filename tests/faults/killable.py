"""`sluice serve`, killed with -9 at the first effect of each kind: before it, after it unanswered, or after its answer.

Run as `python -m tests.faults.killable CONFIG MOMENTS HITS`. What it was killed at is a line in HITS first, so the next
start goes past it. Every effect passes through the ledger's `intend` and `settle`; a run's end through `end_run`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from bot.core.actions import Action
from bot.core.run import Outcome
from bot.core.worktree import Work
from bot.ledger.ledger import SqlLedger
from bot.settings import read_settings
from bot.wiring import build
from webhooks.app import create_app
from webhooks.face import Face
from webhooks.server import server_of


class Killer:
    """Ends the process the first time it is at a point of these moments."""

    def __init__(self, ledger: SqlLedger, moments: list[str], hits: Path) -> None:
        self._ledger, self._moments, self._hits = ledger, moments, hits
        self._kinds: dict[int, str] = {}
        self._intend, self._settle, self._end_run = ledger.intend, ledger.settle, ledger.end_run
        ledger.intend, ledger.settle, ledger.end_run = self.intend, self.settle, self.end_run  # type: ignore[method-assign]

    async def intend(self, item: str, action: Action, now: datetime) -> int:
        effect = await self._intend(item, action, now)
        self._kinds[effect] = type(action).__name__
        self._at("before", type(action).__name__)
        return effect

    async def settle(self, effect: int, ok: bool, result: str, now: datetime) -> None:
        self._at("unanswered", self._kinds[effect])
        await self._settle(effect, ok, result, now)
        self._at("answered", self._kinds[effect])

    async def end_run(self, key: str, outcome: Outcome, work: Work | None, now: datetime) -> bool:
        if outcome.ended == "lost":  # LoseRun's own effect, which is killed at as such
            return await self._end_run(key, outcome, work, now)
        point = f"a run {outcome.ended}"
        self._at("before", point)
        if outcome.ended == "cancelled":
            self._at("tidying", point)  # so that each sweep sees runs the engine lost
        self._at("unanswered", point)
        ended = await self._end_run(key, outcome, work, now)
        self._at("answered", point)
        return ended

    def _at(self, moment: str, point: str) -> None:
        hit = f"{moment}: {point}"
        if moment not in self._moments or hit in self._hits.read_text().splitlines():
            return
        with self._hits.open("a") as file:
            file.write(f"{hit}\n")
            file.flush()
            os.fsync(file.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


async def main(config: Path, moments: list[str], hits: Path) -> None:
    settings = read_settings(config)
    service = await build(settings)
    Killer(service.ledger, moments, hits)
    web = server_of(create_app(Face(service)), settings.server.host, settings.server.port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(web, "should_exit", True))
    await service.start()
    await web.serve()
    await service.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2].split(","), Path(sys.argv[3])))
