"""What Sluice did itself: recognised by what the ledger recorded, for a person may run it with a token of their own.

In an App's name nobody else can act, so there the name is proof. In a person's, a comment is Sluice's when the ledger
knows its id, and a move when the ledger recorded one to that column which GitHub carried out at that instant: GitHub
names no event in its answer to a move, but tells when the card's value was set. A write whose answer never came (a
crash, a broken line) is looked for at the next look, before anything is concluded from what is found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.core.item import Face, Move

NEAR = timedelta(minutes=2)  # between the instant a value was set and its event, both by GitHub's clock


@dataclass(frozen=True)
class Deed:
    """A write that a person could have made too, as the ledger recorded it."""

    effect: int
    kind: Literal["MoveCard", "SayStatus", "AskPerson", "Reply"]
    text: str  # the column it went to, the status that was said, or the mark of the comment
    settled: bool  # False: whether it happened is not known
    id: str = ""  # of the comment
    at: datetime | None = None  # when the card moved, by GitHub's clock


@dataclass(frozen=True)
class Marked:
    """A comment that carries one of Sluice's marks, whoever wrote it."""

    id: str
    author: str
    text: str  # without the mark
    mark: str  # "": that of the status comment


def is_app(login: str) -> bool:
    """No person can act in such a name."""
    return login.endswith("[bot]")


def known_moves(moves: Sequence[Move], deeds: Iterable[Deed], me: str) -> tuple[Move, ...]:
    """The moves with Sluice's own marked. Each recorded move stands for one event at most: the nearest in time."""
    if is_app(me):
        return tuple(replace(move, ours=move.actor == me) for move in moves)
    ours: set[str] = set()
    for deed in deeds:
        if deed.kind == "MoveCard" and deed.at:
            ours |= _event(deed.text, deed.at, [m for m in moves if m.actor == me and m.key not in ours])
    return tuple(replace(move, ours=move.key in ours) for move in moves)


def known_comments(marked: Iterable[Marked], deeds: Iterable[Deed], me: str) -> list[Marked]:
    ids = {deed.id for deed in deeds if deed.id}
    return [each for each in marked if each.id in ids or (is_app(me) and each.author == me)]


def found_out(deeds: Iterable[Deed], face: Face | None, marked: Sequence[Marked], me: str) -> tuple[Deed, ...]:
    """The deeds with what a look tells of those whose answer never came: all of them are settled by it."""
    return tuple(deed if deed.settled else _found_out(deed, face, marked, me) for deed in deeds)


def _event(column: str, at: datetime, moves: Sequence[Move]) -> set[str]:
    near = [m for m in moves if not m.automated and _same(m.to, column) and abs(m.at - at) <= NEAR]
    return {min(near, key=lambda move: abs(move.at - at)).key} if near else set()


def _found_out(deed: Deed, face: Face | None, marked: Sequence[Marked], me: str) -> Deed:
    """A card that does not stand where it was to go was not moved, or somebody moved it on, which is news itself."""
    if deed.kind == "MoveCard":
        there = face is not None and _same(face.column, deed.text)
        return replace(deed, settled=True, at=face.since if face and there else None)
    mark, said = ("", deed.text) if deed.kind == "SayStatus" else (deed.text, None)
    mine = (r for r in marked if r.author == me and r.mark == mark and said in (None, r.text))
    found = next(mine, None)
    return replace(deed, settled=True, id=found.id if found else "")


def _same(one: str | None, other: str) -> bool:
    return (one or "").casefold() == other.casefold()
