"""What did not go as expected, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.context import Context


@dataclass(frozen=True)
class Stopped:
    """Why the rest of a decision was not performed."""

    reason: str
    waits_for: str = "machine"
    look_again_at: datetime | None = None


def later(ctx: Context) -> datetime:
    return ctx.now() + timedelta(seconds=30)
