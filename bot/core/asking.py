"""A question that an agent asked ends its run and waits, with nothing held, for a person's answer."""

from __future__ import annotations

from bot.core.comments import quoted
from bot.core.run import Run
from bot.core.snapshot import Snapshot


def asked(s: Snapshot) -> Run | None:
    """The run that waits for an answer, if it is what the item stands still for."""
    return asking(s, s.item.parked.reason) if s.item.parked else None


def asking(s: Snapshot, reason: str) -> Run | None:
    """The run whose question that is: the newest, or where steps work side by side, the newest of one of them."""
    mine = {run.step: run for run in s.runs}  # the newest of each step
    return next((run for run in reversed(mine.values()) if reason and reason_of(run) == reason), None)


def reason_of(run: Run) -> str:
    """Why the item needs a person; empty where the run asked nothing."""
    outcome = run.outcome
    return f"agent {run.peer} asks: {quoted(outcome.question)}" if outcome and outcome.ended == "asked" else ""
