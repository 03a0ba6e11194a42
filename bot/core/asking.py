"""A question that an agent asked ends its run and waits, with nothing held, for a person's answer."""

from __future__ import annotations

from bot.core.comments import quoted
from bot.core.run import Run
from bot.core.snapshot import Snapshot


def asked(s: Snapshot) -> Run | None:
    """The run that waits for an answer: the newest, if it is what the item stands still for."""
    last = s.runs[-1] if s.runs else None
    waits = last is not None and s.item.parked is not None and s.item.parked.reason == reason_of(last)
    return last if waits else None


def reason_of(run: Run) -> str:
    """Why the item needs a person; empty where the run asked nothing."""
    outcome = run.outcome
    return f"agent {run.peer} asks: {quoted(outcome.question)}" if outcome and outcome.ended == "asked" else ""
