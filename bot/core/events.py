"""What happens while an agent works, in one form for every program that can be one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.foreign import plain

Kind = Literal["started", "message", "tool", "changed", "asked", "answered", "notice", "usage", "finished"]
LONGEST = 2_000  # characters of one event's text that are kept
HEARD = 20_000  # and that are looked at, so that nothing is cut in two that is to be taken out of it


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
    """As it is heard: words that may be kept anywhere, but for the secrets among them."""
    return Event(kind, plain(text[:HEARD]), plain(target[:HEARD]))


def kept(heard: Event, hide: Callable[[str], str]) -> Event:
    """Without secrets, and then cut."""
    return Event(heard.kind, hide(heard.text)[:LONGEST], hide(heard.target)[:LONGEST])
