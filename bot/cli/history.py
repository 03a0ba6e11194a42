"""What was done before, as forecasts count it: the steps of plans, and the runs of items that had none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.core.plans.forecast import Sample
from bot.core.plans.happened import Dispatched, Recorded
from bot.core.queue import BUILDER
from bot.core.run import Run
from bot.core.spend import cost_of
from bot.prices import price_of

if TYPE_CHECKING:
    from bot.ledger.ledger import SqlLedger
    from bot.ledger.plans import Task

LAST = 500  # runs that are looked at
PLAIN = "direct"  # what an item without a plan amounts to


async def history(ledger: SqlLedger) -> list[Sample]:
    runs = {run.key: run for run in await ledger.runs(limit=LAST) if run.outcome}
    samples: list[Sample] = []
    for task in await ledger.tasks():
        samples += _of_plan(task, runs)
        for what in task.happened:
            if isinstance(what, Recorded):
                runs.pop(what.run, None)
    return [*samples, *(_of_run(run) for run in runs.values())]


def _of_plan(task: Task, runs: dict[str, Run]) -> Iterator[Sample]:
    begun: dict[str, Dispatched] = {}
    e = task.execution
    for what in task.happened:
        if isinstance(what, Dispatched):
            begun[what.step] = what
        elif isinstance(what, Recorded) and (state := e.find(what.step)):
            tokens = sum(each.total for each in what.used) if what.used else None  # an estimate teaches nothing
            step, run = state.step, runs.get(what.run)
            cost = run.outcome.cost_usd if run and run.outcome else cost_of(what.used, price_of)
            seconds = _seconds(what, begun.get(what.step))
            yield Sample(step.role, task.plan.playbook, step.agent, tokens, cost, seconds, bool(what.used))


def _seconds(what: Recorded, begun: Dispatched | None) -> float | None:
    """As its agent took, where that is known, else since it was given out."""
    if what.seconds is not None or begun is None:
        return what.seconds
    return (what.at - begun.at).total_seconds()


def _of_run(run: Run) -> Sample:
    assert run.outcome
    return Sample(BUILDER, PLAIN, run.peer, run.outcome.tokens, run.outcome.cost_usd, run.outcome.seconds)
