"""What happens while an agent works, in one form for every program that can be one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.foreign import plain

Kind = Literal["started", "message", "tool", "changed", "asked", "answered", "notice", "usage", "finished"]
LONGEST = 2_000  # characters of one event's text that are kept


@dataclass(frozen=True)
class Event:
    """`target` is what a tool works on: a path or a command. Both are an agent's words, and untrusted."""

    kind: Kind
    text: str = ""
    target: str = ""


@dataclass(frozen=True)
class Noted:
    """An event as the ledger keeps it; numbers count from 1 within a run."""

    number: int
    at: datetime
    event: Event


def event(kind: Kind, text: str = "", target: str = "") -> Event:
    """Bounded before and after: what has no face takes no place, and may not take long either."""
    return Event(kind, plain(text[: 2 * LONGEST])[:LONGEST], plain(target[: 2 * LONGEST])[:LONGEST])
