"""One life of the process that holds Sluice and its people: until it is killed, or the world is judged.

A start is a fork of a process that has imported everything. Kills are `kill -9` of the whole process, at the n-th
point before an effect, after it unanswered, or after its answer was kept; the next life goes on in the same folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from bot.core.actions import Action
from bot.core.run import Outcome
from bot.core.worktree import Work
from bot.ledger.ledger import SqlLedger
from bot.logs import set_up_logs
from tests.localhub.talk import LocalHub
from tests.soak.judge import judge, left_behind
from tests.soak.schedule import schedule_of
from tests.soak.stage import Stage

VAIN = 25  # so often time goes by without anybody acting before a world is given up


@dataclass(frozen=True)
class Verdict:
    wrong: list[str]
    struck: int  # faults
    runs: int


def live(seed: int, life: int, url: str, folder: Path) -> None:
    """Meant to be called in a process forked for it."""
    with (folder / "log").open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    set_up_logs("warning")
    verdict = asyncio.run(_live(seed, life, url, folder))
    (folder / "verdict.json").write_text(json.dumps(asdict(verdict)))


async def _live(seed: int, life: int, url: str, folder: Path) -> Verdict:
    schedule = schedule_of(seed)
    stage = Stage(LocalHub(url), folder, schedule)
    try:
        await stage.open()
        assert stage.service
        if life < len(schedule.kills):
            Mortal(stage.service.ledger, schedule.kills[life])
        async with stage.heckled():
            wrong = await _until_over(stage)
        runs = len([run for thing in stage.things.values() for run in await _runs(stage, thing.card)])
        await stage.stop()
        struck = len(stage.hub.admin("faults")["struck"])
        return Verdict([*wrong, *left_behind(stage)], struck, runs)
    finally:
        await stage.stop()
        await stage.http.aclose()


async def _until_over(stage: Stage) -> list[str]:
    """People act and time goes by until all is well, and once more, to see that it stays so."""
    vain = 0
    while True:
        await stage.quiet()
        if await stage.act():
            vain = 0
            continue
        wrong = await judge(stage)
        if not wrong or vain >= VAIN:
            break
        vain += 1
        await stage.time_goes_by()
    if not wrong:
        await stage.time_goes_by()
        await stage.quiet()
        wrong = [f"at first all was well, then: {each}" for each in await judge(stage)]
    return wrong


async def _runs(stage: Stage, card: str) -> tuple[object, ...]:
    assert stage.service
    return tuple((await stage.service.ledger.recall(card, stage.now())).runs)


class Mortal:
    """Ends the process at the n-th point of its life at which an effect is about to happen, or just did."""

    def __init__(self, ledger: SqlLedger, points: int) -> None:
        self._left = points
        self._intend, self._settle, self._end_run = ledger.intend, ledger.settle, ledger.end_run
        ledger.intend, ledger.settle, ledger.end_run = self.intend, self.settle, self.end_run  # type: ignore[method-assign]

    async def intend(self, item: str, action: Action, now: datetime) -> int:
        effect = await self._intend(item, action, now)
        self._point()
        return effect

    async def settle(self, effect: int, ok: bool, result: str, now: datetime, at: datetime | None = None) -> None:
        self._point()
        await self._settle(effect, ok, result, now, at)
        self._point()

    async def end_run(self, key: str, outcome: Outcome, work: Work | None, now: datetime) -> bool:
        self._point()
        ended = await self._end_run(key, outcome, work, now)
        self._point()
        return ended

    def _point(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
