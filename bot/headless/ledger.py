"""What driving a task needs of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.abandoned import Task, UnderWay
from bot.core.actions import Claim, RunPlan
from bot.core.budget import Caps, Refusal
from bot.core.crew import Mate
from bot.core.item import Item
from bot.core.plans.execution import Execution
from bot.core.plans.happened import Happened
from bot.core.policy import Work as WorkPolicy
from bot.core.run import Peer, Run


class Known(Task, Protocol):
    @property
    def execution(self) -> Execution: ...
    @property
    def happened(self) -> tuple[Happened, ...]: ...


class Ledger(UnderWay, Protocol):
    async def task(self, task: str) -> Known | None: ...
    async def mate_of(self, item: str) -> Mate | None: ...
    async def happen(self, task: str, *what: Happened) -> tuple[Execution, str]: ...
    async def artifacts(self, task: str) -> dict[str, str]: ...
    async def left_by_steps(self, task: str) -> frozenset[tuple[str, str]]: ...  # path and step
    async def paused_all_by(self) -> str | None: ...
    async def keep_local(self, item: str, repo: str, title: str, now: datetime) -> None: ...
    async def note_repository(
        self, repo: str, policy: str | None, mode: str, since: datetime | None, pushed: datetime | None, now: datetime
    ) -> datetime | None: ...
    async def item(self, item: str) -> Item: ...
    async def runs(self, key: str = "", item: str | None = None, limit: int = 50) -> Sequence[Run]: ...
    async def plan_of(self, run: str) -> RunPlan | None: ...
    async def admit(
        self,
        item: str,
        claim: Claim | None,
        run: RunPlan | None,
        caps: Caps,
        work: WorkPolicy,
        peer: Peer | None,
        now: datetime,
    ) -> Refusal | None: ...
