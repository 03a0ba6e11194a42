"""Everything the ledger knows of one item, in one view."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from bot.context import Memory
from bot.core.item import Item
from bot.core.plans.due import AskApproval, due
from bot.core.plans.execution import Execution
from bot.core.queue import rank
from bot.core.snapshot import Rival
from bot.ledger.busy import busy_of
from bot.ledger.databases import Tx
from bot.ledger.decisions import deeds_of
from bot.ledger.deliveries import moves_of
from bot.ledger.gates import gate_of
from bot.ledger.items import item_of, lane_of, row_of, twin_of
from bot.ledger.messages import messages_of
from bot.ledger.orders import unanswered
from bot.ledger.plan_tables import plans
from bot.ledger.plans import handed_on, left_by_steps, task_of_item
from bot.ledger.repositories import fact, policy_word_of, repository_of
from bot.ledger.runs import run_of, usage_of
from bot.ledger.store import Store
from bot.ledger.tables import gate_runs, items, runs

MY_RUNS = select(runs).where(runs.c.item == bindparam("item")).order_by(runs.c.seq)
MY_GATES = select(gate_runs).where(gate_runs.c.item == bindparam("item")).order_by(gate_runs.c.seq)
FREE_TO_GO = (items.c.done.is_(None), items.c.gone_at.is_(None), items.c.paused_by.is_(None))
OTHERS = (items.c.repo == bindparam("repo"), items.c.id != bindparam("item"))
AHEAD = select(items).where(*OTHERS, items.c.waits_for.in_(("slot", "agent")), *FREE_TO_GO)
PLANS_OVER = select(func.count()).select_from(plans).where(plans.c.item == bindparam("item"), plans.c.over.is_not(None))


class Recall(Store):
    async def recall(self, item: str, now: datetime) -> Memory:
        async with self.read() as tx:
            row = await row_of(tx, item)
            mine = item_of(row)
            given = mine.claim.go_ahead if mine.claim else mine.go_ahead
            my_runs = await tx.execute(MY_RUNS, {"item": item})
            my_gates = await tx.execute(MY_GATES, {"item": item})
            repository = await repository_of(tx, mine.repo)
            return Memory(
                item=mine,
                runs=tuple(run_of(row) for row in my_runs.mappings()),
                gate_runs=tuple(gate_of(row) for row in my_gates.mappings()),
                orders=await unanswered(tx, item),
                messages=await messages_of(tx, item),
                usage=await usage_of(tx, mine, given.key if given else None, now),
                ahead=await _ahead(tx, mine),
                lane=tuple(await lane_of(tx, row)),
                paused_all_by=await fact(tx, "paused_all_by"),
                live_since=repository.live_since if repository else None,
                last_policy=repository.policy if repository else None,
                moves=await moves_of(tx, item),
                twin=await twin_of(tx, mine),
                column=row["column_name"],
                priority=row["priority"],
                policy_word=await policy_word_of(tx, mine.repo),
                deeds=await deeds_of(tx, item),
                **await _plan(tx, mine),
            )


async def _ahead(tx: Tx, mine: Item) -> tuple[Rival, ...]:
    """The other items of the repository that wait for a slot or an agent too, first in rank first."""
    rows = (await tx.execute(AHEAD, {"repo": mine.repo, "item": mine.id})).mappings().all()
    found = [(item_of(row), row["agents"] if row["waits_for"] == "agent" else ()) for row in rows]
    rivals = [Rival(i.id, rank(i), i.first_seen, i.number, agents) for i, agents in found]
    return tuple(sorted(rivals, key=lambda rival: rival.rank))


async def _plan(tx: Tx, mine: Item) -> dict[str, Any]:
    """A plan that came to its end belongs to the life it did so in."""
    task = await task_of_item(tx, mine.id)
    e = task.execution if task else None
    over = {"plans_over": (await tx.execute(PLANS_OVER, {"item": mine.id})).scalar_one()}
    if e is None or (e.completed and mine.done and mine.claim is None):
        return over
    known = {**over, "execution": e, "artifacts": await left_by_steps(tx, e.plan.task_id)}
    if e.completed:
        return known
    return {**known, "busy": await busy_of(tx, mine), "to_approve": await _to_approve(tx, e)}


async def _to_approve(tx: Tx, e: Execution) -> dict[str, str]:
    """What the phase that waits for a person's word has handed on."""
    asks = next((each for each in due(e) if isinstance(each, AskApproval)), None)
    phase = e.phase(asks.phase) if asks else None
    return await handed_on(tx, e.plan.task_id, [each.step.id for each in phase.steps]) if phase else {}
