"""What is told of an agent of the crew, by what is known of it: plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.crew import Command, Mate, Told, progress
from bot.core.run import Outcome, Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOUT = Mate("scout-3f2a", "scout", "/home/ann/shop", "local/shop-1a2b3c4d", "ada", "main", NOW, "ann")


def test_who_was_deleted_before_it_was_told_anything_is_over() -> None:
    """Until then it may be told something yet; nobody waits for ever for one that is gone."""
    there = Told(SCOUT)
    assert (there.status, there.over, there.resting) == ("creating", False, True)
    gone = Told(replace(SCOUT, deleted_at=NOW))
    assert (gone.status, gone.over, gone.reason) == ("failed", True, "it was deleted")


def test_who_asks_something_is_not_simply_done() -> None:
    """Its question is what there is to see of it."""
    outcome = Outcome("asked", "", 1.0, "", question="Which of the two?")
    run = Run("r1", SCOUT.id, "command", "ada", 1, "g", "e", "sha", "ended", NOW, NOW, NOW, outcome)
    told = Told(SCOUT, (Command(1, NOW, "Look.", "r1"),), (run,))
    assert (told.status, progress(told)) == ("complete", "it asks: Which of the two?")
