"""Setting a board up: the columns it lacks beside those it has, each of which keeps its id and with it its cards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


# Other teams' names for the same columns. Where cards lie by themselves ("Todo", "Backlog") is no go-ahead.
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "ready": ("ready to start", "ready for work", "ready for dev", "ready for agent", "up next", "next up", "next"),
    "in_progress": ("doing", "working", "in development", "in work", "wip", "started"),
    "in_review": ("review", "reviewing", "under review", "code review", "ready for review"),
    "needs_person": ("needs human", "needs attention", "needs input", "blocked", "on hold", "stuck"),
    "done": ("completed", "complete", "closed", "finished", "merged", "shipped"),
}


def guessed(options: Sequence[str]) -> dict[str, str]:
    """The best of a board's columns for each purpose, as the board spells it; no column twice, and none for none."""
    found: dict[str, str] = {}
    for field in fields(Columns):
        names = (str(field.default).casefold(), *OTHER_NAMES[field.name])
        free = {plain(option): option for option in reversed(options) if option not in found.values()}
        fitting = next((free[name] for name in names if name in free), None)
        if fitting is not None:
            found[field.name] = fitting
    return found


def plain(option: str) -> str:
    """Without case, and without the pictures and signs people put before a name."""
    return " ".join(re.sub(r"[^\w\s]", " ", option.casefold().replace("-", " ")).split())


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
