"""Accounts: all that happened to tasks and items, as plans tell it; an item without a plan is one of one step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import RowMapping, select

from bot.core.plans.direct import End, Judged, as_happened, as_plan, ended
from bot.core.plans.learning import Past, past
from bot.core.run import Run
from bot.core.spend import Price
from bot.ledger.databases import Tx
from bot.ledger.plan_tables import plan_events, plans
from bot.ledger.plans import Task, task_of, task_of_item
from bot.ledger.runs import run_of
from bot.ledger.store import Store
from bot.ledger.tables import ON_BOARD, gate_runs, items, receipts, runs

MOST_PASTS = 500  # tasks that are learnt from, and items


class Accounts(Store):
    async def pasts(self, price: Price, repo: str | None = None) -> list[Past]:
        """What was started, as the next plan learns from it: the newest first."""
        async with self.read() as tx:
            tasks = [*await _planned(tx, repo), *await _direct(tx, repo)]
        found = [(task.execution, task.happened) for task in tasks]
        begun = [(e, happened) for e, happened in found if e.started]
        begun.sort(key=lambda one: one[0].plan.created_at, reverse=True)
        return [past(e, happened, price) for e, happened in begun[:MOST_PASTS]]

    async def account(self, item: str, end: End | None = None) -> Task | None:
        """Of one item, to its end where it has one, or to the one that it is about to have; None: nobody ever worked
        on it."""
        ending = {item: end} if end else {}
        async with self.read() as tx:
            task = await task_of_item(tx, item)
            if task is None or not task.happened:
                return next(iter(await _direct(tx, None, item, ending)), None)
            ends = await _ends(tx, [item]) | ending
        e = task.execution
        if item not in ends or e.completed or e.cancelled or e.last_at is None:
            return task
        return Task(task.plan, task.item, task.repo, (*task.happened, ended(ends[item], e.last_at)))


async def _planned(tx: Tx, repo: str | None) -> list[Task]:
    begun = select(plan_events.c.task).where(plan_events.c.number == 1)
    wanted = select(plans).where(plans.c.task.in_(begun)).order_by(plans.c.created_at.desc(), plans.c.task)
    if repo is not None:
        wanted = wanted.where(plans.c.repo == repo)
    return [await task_of(tx, row) for row in (await tx.execute(wanted.limit(MOST_PASTS))).mappings().all()]


async def _direct(
    tx: Tx, repo: str | None, item: str | None = None, ending: Mapping[str, End] = MappingProxyType({})
) -> list[Task]:
    """Items that agents worked on without a plan, the newest first."""
    planned = select(plans.c.item).where(plans.c.item.is_not(None))
    wanted = select(items).where(ON_BOARD, items.c.id.in_(select(runs.c.item)), items.c.id.not_in(planned))
    if repo is not None:
        wanted = wanted.where(items.c.repo == repo)
    if item is not None:
        wanted = wanted.where(items.c.id == item)
    wanted = wanted.order_by(items.c.first_seen.desc(), items.c.id).limit(MOST_PASTS)
    found = (await tx.execute(wanted)).mappings().all()
    ids = [row["id"] for row in found]
    worked, judged, ends = await _runs(tx, ids), await _gates(tx, ids), await _ends(tx, ids) | dict(ending)
    return [_task(row, worked[row["id"]], judged[row["id"]], ends.get(row["id"])) for row in found]


def _task(row: RowMapping, worked: Sequence[Run], judged: Sequence[Judged], end: End | None) -> Task:
    plan = as_plan(row["repo"], row["number"], row["title"], worked, judged)
    return Task(plan, row["id"], row["repo"], as_happened(worked, judged, end))


async def _runs(tx: Tx, ids: Sequence[str]) -> defaultdict[str, list[Run]]:
    found: defaultdict[str, list[Run]] = defaultdict(list)
    for row in (await tx.execute(select(runs).where(runs.c.item.in_(ids)).order_by(runs.c.seq))).mappings():
        found[row["item"]].append(run_of(row))
    return found


async def _gates(tx: Tx, ids: Sequence[str]) -> defaultdict[str, list[Judged]]:
    """Those that said something of their head."""
    found: defaultdict[str, list[Judged]] = defaultdict(list)
    over = (gate_runs.c.item.in_(ids), gate_runs.c.state.in_(("passed", "failed")))
    for row in (await tx.execute(select(gate_runs).where(*over).order_by(gate_runs.c.seq))).mappings():
        at, name = row["ended_at"] or row["admitted_at"], row["gate"].removeprefix("command:")
        found[row["item"]].append(Judged(at, row["head"], name, row["state"] == "passed", row["reason"]))
    return found


async def _ends(tx: Tx, ids: Sequence[str]) -> dict[str, End]:
    """The newest of each that is over."""
    done = select(items.c.id).where(items.c.id.in_(ids), items.c.done.is_not(None))
    filed = select(receipts).where(receipts.c.item.in_(done)).order_by(receipts.c.id)
    return {row.item: End(row.at, row.how) for row in await tx.execute(filed)}
