"""Setting a board up: the columns it lacks beside those it has, each of which keeps its id and with it its cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from bot.core.board import Columns

COLORS = {"ready": "GREEN", "in_progress": "YELLOW", "in_review": "PURPLE", "needs_person": "RED", "done": "GRAY"}
DESCRIPTIONS = {
    "ready": "Waiting for an agent",
    "in_progress": "An agent works on it",
    "in_review": "Its pull request is open",
    "needs_person": "Only a person can free it",
    "done": "Over",
}


@dataclass(frozen=True)
class Option:
    """One option of the Status field. Without an id it is new; an old one that loses its id loses its cards."""

    name: str
    color: str
    description: str
    id: str = ""


def completed(options: Sequence[Option], columns: Columns) -> tuple[Option, ...]:
    """Every option as it is, and each missing column behind the one that comes before it in the life of an item."""
    found = list(options)
    wanted = [(field.name, str(getattr(columns, field.name))) for field in fields(columns)]
    for place, (meaning, name) in enumerate(wanted):
        if _at(found, name) is None:
            behind = _at(found, wanted[place - 1][1]) if place else None
            ahead = next((at for _, later in wanted[place + 1 :] if (at := _at(found, later)) is not None), len(found))
            at = ahead if behind is None else behind + 1
            found.insert(at, Option(name, COLORS[meaning], DESCRIPTIONS[meaning]))
    return tuple(found)


def _at(options: Sequence[Option], name: str) -> int | None:
    return next((at for at, option in enumerate(options) if option.name.casefold() == name.casefold()), None)


def new(options: Sequence[Option]) -> tuple[str, ...]:
    return tuple(option.name for option in options if not option.id)
