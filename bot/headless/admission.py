"""A step is let in like any other run: by the ledger's one admission, which counts slots, runs and money of all that
this ledger's Sluices do, the board's service among them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.core.actions import Claim, RunPlan
from bot.core.budget import Caps, Refusal
from bot.core.item import GoAhead, Item
from bot.core.plans.driving import round_of
from bot.core.plans.execution import StepState
from bot.core.policy import Work
from bot.core.run import Outcome, Peer, Run
from bot.core.worktree import Work as Result
from bot.core.worktree import WorkSpec

MOST_RUNS = 10_000  # of one task
GONE = Outcome("cancelled", "its process is gone", 0.0, "")


class UnderWay(Protocol):
    async def running(self) -> Sequence[Run]: ...
    async def end_run(self, key: str, outcome: Outcome, work: Result | None, now: datetime) -> bool: ...


class Ledger(UnderWay, Protocol):
    async def keep_local(self, item: str, repo: str, title: str, now: datetime) -> None: ...
    async def note_repository(
        self, repo: str, policy: str | None, mode: str, since: datetime | None, pushed: datetime | None, now: datetime
    ) -> datetime | None: ...
    async def item(self, item: str) -> Item: ...
    async def runs(self, key: str = "", item: str | None = None, limit: int = 50) -> Sequence[Run]: ...
    async def admit(
        self,
        item: str,
        claim: Claim | None,
        run: RunPlan | None,
        caps: Caps,
        work: Work,
        peer: Peer | None,
        now: datetime,
    ) -> Refusal | None: ...


@dataclass(frozen=True)
class Admission:
    """Of one task, which is an item without a card. Whoever calls `sluice execute run` gives the go-ahead."""

    ledger: Ledger
    spec: WorkSpec
    title: str
    caps: Caps  # the item's: what is asked for on the command line, too
    policy: str | None  # its text
    work: Work  # what it says of work
    by: str
    at: datetime  # of the go-ahead
    now: Callable[[], datetime]
    is_left: Callable[[str], Awaitable[bool]]  # a task that no process drives

    @property
    def go_ahead(self) -> str:
        return f"{self.spec.item}@{self.at.isoformat()}"

    async def open(self) -> None:
        task, repo = self.spec.item, self.spec.repo
        await self.ledger.note_repository(repo, self.policy, "local", None, None, self.now())
        await self.ledger.keep_local(task, repo, self.title, self.now())
        if (await self.ledger.item(task)).claim is None:
            go = GoAhead(self.go_ahead, self.by, self.at, self.title, "", by_command=True)
            claim = Claim("", self.spec.branch, self.spec.base, go, None)
            await self.ledger.admit(task, claim, None, self.caps, self.work, None, self.now())

    async def admit(self, unit: StepState, plan: RunPlan, peer: Peer) -> Run | Refusal:
        """The run that is let in; it may be that a process before this one had let it in, and came no further."""
        newest = await self.run_of(unit)
        if newest and newest.state != "ended":
            return newest
        plan = replace(plan, restart=await self._known(plan.key) is not None)
        refusal = await self._asked(plan, peer)
        if refusal and refusal.soon and await self._free_what_is_left():
            refusal = await self._asked(plan, peer)
        if refusal:
            return refusal
        run = await self._known(plan.key)
        assert run
        return run

    async def run_of(self, unit: StepState) -> Run | None:
        """The newest of this round."""
        mine = await self.ledger.runs(item=self.spec.item, limit=MOST_RUNS)
        return next((run for run in mine if (run.step, run.round) == (unit.step.id, round_of(unit))), None)

    async def _asked(self, plan: RunPlan, peer: Peer) -> Refusal | None:
        return await self.ledger.admit(self.spec.item, None, plan, self.caps, self.work, peer, self.now())

    async def _free_what_is_left(self) -> bool:
        """Other tasks of this repository whose process is gone keep no slot, and nothing of the day's money."""
        left = {run.item for run in await self.ledger.running()} - {self.spec.item}
        gone = [item for item in left if await self.is_left(item)]
        return any([await give_up(self.ledger, item, self.now()) for item in gone])

    async def _known(self, key: str) -> Run | None:
        return next(iter(await self.ledger.runs(key, limit=1)), None)


async def give_up(ledger: UnderWay, task: str, now: datetime) -> list[Run]:
    """The runs of a task that no process drives are over; each goes on where it was when the task is driven again, and
    the result of an agent that had ended is taken up then."""
    left = [run for run in await ledger.running() if run.item == task]
    for run in left:
        await ledger.end_run(run.key, GONE, None, now)
    return left
