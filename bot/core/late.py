"""What a command was about: what stood when it was written, as far as Sluice knows.

A command is a person's word about what they saw, and what is there when it is heard may be something else. GitHub tells
when a comment was written but not when a head came (the dates of commits are their author's to choose), so the word
rests on what Sluice saw itself. `approve` and `merge` count for a head or a result that the look before had found, or
that Sluice had pushed before the comment; what this very look finds for the first time nobody is taken to have seen.
Other commands count for what is there, unless they are heard so late that they must have meant something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.comments import heard_late
from bot.core.item import Item, Order
from bot.core.plans.execution import Execution
from bot.core.pull import Pull
from bot.core.run import Run

LATE = timedelta(minutes=5)  # webhooks take seconds and a sweep a minute
OF_THE_CHANGES = ("reject", "retry", "update")
OF_THE_RESULT = ("reject", "answer")


@dataclass(frozen=True)
class Since:
    """What may have changed since the command was written."""

    before: tuple[str, ...]  # what stood at the last look, as `standing` names it
    now: tuple[str, ...]
    pushed: str = ""  # the head Sluice pushed last, named likewise
    pushed_at: datetime | None = None
    result_at: datetime | None = None  # when the agent's newest result came


def standing(pull: Pull | None, runs: Sequence[Run], e: Execution | None = None) -> tuple[str, ...]:
    """What a person may see and speak of: the head of the open pull request, the plan, and the newest result."""
    last = runs[-1] if runs else None
    shown = ((on_pull(pull.head),) if pull and pull.open else ()) + ((as_plan(e),) if e else ())
    shown += (as_result(e.work.head),) if e and e.work else ()
    return (*shown, as_result(last.work.head)) if last and last.work else shown


def on_pull(head: str) -> str:
    return f"pull:{head}"


def as_result(head: str) -> str:
    return f"result:{head}"


def as_plan(e: Execution | None) -> str:
    """As it stands: another as soon as something happens to it."""
    return f"plan:{e.plan.task_id}:{e.last_at.isoformat() if e.last_at else ''}" if e else ""


def since(item: Item, pull: Pull | None, runs: Sequence[Run], e: Execution | None = None) -> Since:
    """Between the last look and this one."""
    last = runs[-1] if runs else None
    return Since(
        before=item.stood,
        now=standing(pull, runs, e),
        pushed=on_pull(item.pushed_head) if item.pushed_head else "",
        pushed_at=item.pushed_at,
        result_at=last.ended_at if last and last.work else None,
    )


def judged(order: Order, heard: datetime, since: Since) -> Order:
    """The command when it is first heard: with what its author saw, and with a problem if it comes too late."""
    pushed = since.pushed if since.pushed_at and since.pushed_at < order.at else ""
    order = replace(order, saw=tuple(each for each in since.now if each in (*since.before, pushed)))
    if order.problem or heard - order.at <= LATE:
        return order
    changed = _changed(order, since)
    return replace(order, problem=heard_late(changed)) if changed else order


def _changed(order: Order, since: Since) -> str:
    """What the command was about and is no longer the same; empty when it still holds."""
    fresh = [each for each in since.now if each not in since.before]
    if order.verb in OF_THE_CHANGES and any(each.startswith(on_pull("")) for each in fresh):
        return "the pull request has got other commits"
    if order.verb in OF_THE_RESULT and since.result_at and since.result_at > order.at:
        return "a newer result has come"
    return ""
