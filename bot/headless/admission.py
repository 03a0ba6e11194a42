"""A step is let in like any other run: by the ledger's one admission, which counts slots, runs and money of all that
this ledger's Sluices do, the board's service among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.abandoned import free_abandoned, give_up
from bot.core.actions import Claim, RunPlan
from bot.core.budget import Caps, Refusal
from bot.core.item import GoAhead
from bot.core.plans.driving import round_of
from bot.core.plans.execution import StepState
from bot.core.policy import Work
from bot.core.run import Peer, Run
from bot.core.worktree import WorkSpec
from bot.headless.ledger import Ledger

MOST_RUNS = 10_000  # of one task


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

    async def close(self) -> None:
        await give_up(self.ledger, self.spec.item, self.now())

    async def admit(self, unit: StepState, plan: RunPlan, peer: Peer) -> Run | Refusal:
        """The run that is let in; it may be that a process before this one had let it in, and came no further."""
        newest = await self.run_of(unit)
        if newest and newest.state != "ended":
            return newest
        plan = replace(plan, restart=await self._known(plan.key) is not None)
        refusal = await self._asked(plan, peer)
        if refusal and refusal.soon and await free_abandoned(self.ledger, self.now(), but=self.spec.item):
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

    async def turns_of(self, unit: StepState) -> list[Run]:
        """The runs since it was dispatched: one for each turn of its agent, and one that was cut short where the task
        has come further since."""
        first = round_of(unit) - unit.turns
        mine = await self.ledger.runs(item=self.spec.item, limit=MOST_RUNS)
        return [run for run in mine if run.step == unit.step.id and run.round >= first]

    async def _asked(self, plan: RunPlan, peer: Peer) -> Refusal | None:
        return await self.ledger.admit(self.spec.item, None, plan, self.caps, self.work, peer, self.now())

    async def _known(self, key: str) -> Run | None:
        return next(iter(await self.ledger.runs(key, limit=1)), None)
