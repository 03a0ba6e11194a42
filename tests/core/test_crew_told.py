"""What is told of an agent of the crew, by what is known of it: plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.crew import Mate, Told

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOUT = Mate("scout-3f2a", "scout", "/home/ann/shop", "local/shop-1a2b3c4d", "ada", "main", NOW, "ann")


def test_who_was_deleted_before_it_was_told_anything_is_over() -> None:
    """Until then it may be told something yet; nobody waits for ever for one that is gone."""
    there = Told(SCOUT)
    assert (there.status, there.over, there.resting) == ("creating", False, True)
    gone = Told(replace(SCOUT, deleted_at=NOW))
    assert (gone.status, gone.over, gone.reason) == ("failed", True, "it was deleted")
