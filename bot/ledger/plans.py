"""Plans: each as it was made, what happened to it since, and what its steps hand on. One door for all that happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, func, insert, select, update

from bot.core.plans.accepting import refused
from bot.core.plans.execution import Execution, after, carried_out
from bot.core.plans.happened import Happened
from bot.core.plans.joining import joined
from bot.core.plans.plan import Plan
from bot.errors import UserError
from bot.ledger.databases import Tx
from bot.ledger.plan_tables import artifacts, plan_events, plans
from bot.ledger.store import Store, insert_once, upsert

MOST_TEXT = 200_000  # characters of one artifact
ALIVE = (plans.c.item == bindparam("item"), func.coalesce(plans.c.over, "") != "cancelled")
NEWEST = select(plans).where(*ALIVE).order_by(plans.c.created_at.desc(), plans.c.task).limit(1)
LEFT = select(artifacts.c.path, artifacts.c.step).where(artifacts.c.task == bindparam("task"))
HAPPENED = select(plan_events.c.what).where(plan_events.c.task == bindparam("task")).order_by(plan_events.c.number)


@dataclass(frozen=True)
class Task:
    """A plan and all that happened to it, oldest first."""

    plan: Plan
    item: str | None  # None: driven by hand
    repo: str
    happened: tuple[Happened, ...]

    @property
    def execution(self) -> Execution:
        return carried_out(self.plan, self.happened, self.item is not None)


class Plans(Store):
    async def save_plan(self, plan: Plan, repo: str, item: str | None = None) -> bool:
        """Kept once, as it was first saved; False: there is a task of that id already."""
        values = {"item": item, "repo": repo, "plan": plan, "created_at": plan.created_at}
        async with self.write() as tx:
            return await insert_once(tx, plans, {"task": plan.task_id}, values)

    async def edit_plan(self, plan: Plan) -> bool:
        """It takes the place of the one of its id, as long as nothing happened to that; False: it did."""
        async with self.write() as tx:
            found = await load_task(tx, plan.task_id)
            if found is None or found.happened:
                return False
            await tx.execute(update(plans).where(plans.c.task == plan.task_id).values(plan=plan))
            return True

    async def task(self, task: str) -> Task | None:
        async with self.read() as tx:
            return await load_task(tx, task)

    async def tasks(self, repo: str | None = None, item: str | None = None, under_way: bool = False) -> list[Task]:
        """The newest first; `under_way`: without those that are over."""
        wanted = select(plans).order_by(plans.c.created_at.desc(), plans.c.task)
        if repo is not None:
            wanted = wanted.where(plans.c.repo == repo)
        if item is not None:
            wanted = wanted.where(plans.c.item == item)
        if under_way:
            wanted = wanted.where(plans.c.over.is_(None))
        async with self.read() as tx:
            return [await task_of(tx, row) for row in (await tx.execute(wanted)).mappings().all()]

    async def happen(self, task: str, *what: Happened, looking: bool = False) -> tuple[Execution, str]:
        """Let it happen, all of it or nothing: how the plan stands then, and why it was refused (empty: it was not).

        What happened already, in the same words, is no refusal and is not noted twice. Its card is looked at, unless
        that is being done: `looking`.
        """
        async with self.write() as tx:
            found = await load_task(tx, task)
            if found is None:
                raise UserError(f"there is no task {task}; `sluice execute list` shows all")
            execution, count = found.execution, len(found.happened)
            fresh = [each for each in what if each not in found.happened]
            for each in fresh:
                if reason := refused(execution, each):
                    return found.execution, reason
                execution = after(execution, each)
            rows = [{"task": task, "number": n, "at": each.at, "what": each} for n, each in enumerate(fresh, count + 1)]
            if rows:
                await tx.execute(insert(plan_events), rows)
                over = "completed" if execution.completed else "cancelled" if execution.cancelled else None
                await tx.execute(update(plans).where(plans.c.task == task).values(over=over))
            if found.item and rows and not looking:
                from bot.ledger.wakes import rouse  # here, so that a task without a card is looked at quickly

                await rouse(tx, found.item, fresh[-1].at, "something happened to its plan")
            return execution, ""

    async def keep_artifacts(self, task: str, step: str, texts: Mapping[str, str], now: datetime) -> None:
        """What a step hands on, by path; the newest of a path counts. A team's parts become one."""
        async with self.write() as tx:
            await _keep(tx, task, step, texts, now)
            found = await load_task(tx, task)
            whole = found.execution.find(step.rpartition(".")[0]) if found else None
            if whole and whole.team:
                await _keep(tx, task, whole.step.id, joined(whole.step, await _artifacts(tx, task)), now)

    async def artifacts(self, task: str) -> dict[str, str]:
        """Their texts, by path."""
        async with self.read() as tx:
            return await _artifacts(tx, task)

    async def left_by_steps(self, task: str) -> frozenset[tuple[str, str]]:
        """Path and step of each."""
        async with self.read() as tx:
            return await left_by_steps(tx, task)


async def _keep(tx: Tx, task: str, step: str, texts: Mapping[str, str], now: datetime) -> None:
    for path, text in texts.items():
        values = {"text": text[:MOST_TEXT], "at": now}
        await upsert(tx, artifacts, {"task": task, "path": path, "step": step}, values)


async def _artifacts(tx: Tx, task: str) -> dict[str, str]:
    """The newest of each path."""
    mine = select(artifacts).where(artifacts.c.task == task).order_by(artifacts.c.path, artifacts.c.at)
    return {row.path: row.text for row in await tx.execute(mine)}


async def handed_on(tx: Tx, task: str, steps: Sequence[str]) -> dict[str, str]:
    """The texts of these steps, by path."""
    mine = select(artifacts).where(artifacts.c.task == task, artifacts.c.step.in_(steps))
    return {row.path: row.text for row in await tx.execute(mine.order_by(artifacts.c.path, artifacts.c.at))}


async def left_by_steps(tx: Tx, task: str) -> frozenset[tuple[str, str]]:
    left = await tx.execute(LEFT, {"task": task})
    return frozenset((row.path, row.step) for row in left)


async def load_task(tx: Tx, task: str) -> Task | None:
    row = (await tx.execute(select(plans).where(plans.c.task == task))).mappings().one_or_none()
    return await task_of(tx, row) if row else None


async def task_of_item(tx: Tx, item: str) -> Task | None:
    """The newest plan of an item that is not cancelled."""
    row = (await tx.execute(NEWEST, {"item": item})).mappings().one_or_none()
    return await task_of(tx, row) if row else None


async def task_of(tx: Tx, row: RowMapping) -> Task:
    happened = tuple((await tx.execute(HAPPENED, {"task": row["task"]})).scalars())
    return Task(row["plan"], row["item"], row["repo"], happened)
