"""A board: which of its columns mean what to Sluice, and the cards found on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Columns:
    """The Status options of one board, by what they mean. Matched without regard to case."""

    ready: str = "Ready"
    in_progress: str = "In Progress"
    in_review: str = "In Review"
    needs_person: str = "Needs a person"
    done: str = "Done"

    def meaning_of(self, name: str | None) -> str | None:
        """The field of this class whose column has that name; None for a column Sluice does not use."""
        wanted = (name or "").casefold()
        return next((f.name for f in fields(self) if getattr(self, f.name).casefold() == wanted), None)

    def missing_from(self, options: tuple[str, ...]) -> tuple[str, ...]:
        """The named columns that a board with these options lacks."""
        have = {option.casefold() for option in options}
        return tuple(name for f in fields(self) if (name := getattr(self, f.name)).casefold() not in have)


@dataclass(frozen=True)
class Kept:
    """The names of the fields Sluice keeps for people; empty: not kept."""

    peer: str = ""
    attempts: str = ""
    cost: str = ""
    pull_request: str = ""

    def kinds(self) -> dict[str, str]:
        """Field name -> the type it must have, as GitHub calls it."""
        kinds = {"peer": "TEXT", "attempts": "NUMBER", "cost": "NUMBER", "pull_request": "TEXT"}
        return {name: kinds[each.name] for each in fields(self) if (name := getattr(self, each.name))}


@dataclass(frozen=True)
class Board:
    """A board as it was found last."""

    key: str  # "owner/number", as settings name it
    project_id: str
    status_field_id: str
    options: dict[str, str]  # option name -> option id
    columns: Columns
    priority_field: str = "Priority"
    kept: Kept = Kept()
    field_ids: Mapping[str, str] = field(default_factory=dict)  # of the kept fields it has, by name as settings have it
    personal: bool = False  # a person's: it sends no webhooks, and no App may touch it
    size: int = 0  # cards at the last scan of all of it
    whole_at: datetime | None = None  # when that was
    scanned_at: datetime | None = None  # when any of it was
    lost: str = ""  # why GitHub does not let Sluice read it now

    @property
    def trouble(self) -> str:
        """What stands in the way of working on it, and what to do about it; empty: nothing."""
        if self.lost:
            return f"board {self.key}: {self.lost}"
        missing = self.columns.missing_from(tuple(self.options))
        if not missing:
            return ""
        have = f"it has {', '.join(self.options)}" if self.options else "it has no Status field"
        remedy = f'add it (`sluice board setup` does), or name yours in [boards."{self.key}"]'
        return f"board {self.key} has no column {', '.join(missing)}; {have}; {remedy}"

    @property
    def keeps(self) -> Kept:
        """Those of the fields Sluice is to keep that the board has, in the type they need."""
        return Kept(
            *(name if (name := getattr(self.kept, each.name)) in self.field_ids else "" for each in fields(Kept))
        )

    @property
    def lacks(self) -> dict[str, str]:
        """Those it has not: name -> type."""
        return {name: kind for name, kind in self.kept.kinds().items() if name not in self.field_ids}

    @property
    def active(self) -> tuple[str, ...]:
        """The columns Sluice works with, as the board spells them; Done is none."""
        wanted = ("ready", "in_progress", "in_review", "needs_person")
        return tuple(name for name in self.options if self.columns.meaning_of(name) in wanted)

    @property
    def aside(self) -> str:
        """Where a card goes that nobody works on any more: beside Ready, in a column that means nothing to Sluice, so
        that a person's move to Ready is what starts it again. Where there is none, people are asked."""
        names = list(self.options)
        ready = next((place for place, name in enumerate(names) if self.columns.meaning_of(name) == "ready"), 0)
        beside = (*reversed(names[:ready]), *names[ready:])
        return next((name for name in beside if self.columns.meaning_of(name) is None), self.columns.needs_person)

    @property
    def harmless(self) -> str:
        """A column from which nothing follows: one that means nothing to Sluice, else Done."""
        return next((name for name in self.options if self.columns.meaning_of(name) is None), self.columns.done)

    def option_id(self, column: str) -> str:
        """The id of the option with that name, without regard to case."""
        return next(id_ for name, id_ in self.options.items() if name.casefold() == column.casefold())


@dataclass(frozen=True)
class Scan:
    """What one reading of a board found: its cards, and the board as it is now."""

    board: Board
    cards: tuple[Card, ...]
    whole: bool = True  # False: only the cards in columns Sluice works with


def rests(board: Board, large: int, pause: timedelta, now: datetime) -> bool:
    """A large board that was scanned lately: while webhooks tell of it, more scans would cost more than they find."""
    lately = board.scanned_at is not None and now - board.scanned_at < pause
    return lately and board.size > large and not board.personal and not board.trouble


def scan_whole(board: Board, large: int, every: timedelta, now: datetime) -> bool:
    """A large board is read whole now and then; else only its active columns, if their names can be asked for.

    GitHub answers a question for a column that does not exist with no cards at all, so only names it has just told
    are asked for, and nothing is concluded from a card that is missing.
    """
    if board.size <= large or board.trouble or board.whole_at is None:
        return True
    return now - board.whole_at >= every or any('"' in name for name in board.active)


@dataclass(frozen=True)
class Cards:
    """Known cards, asked for by their ids: those that are there, and those that are not on the board any more."""

    found: tuple[Card, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """One card as a scan sees it: scalars only, so that a hundred of them cost one point."""

    id: str
    kind: str  # ISSUE PULL_REQUEST DRAFT_ISSUE REDACTED
    column: str | None
    archived: bool
    position: int  # its place in board order
    updated_at: datetime
    title: str = ""
    repo: str = ""
    issue_id: str = ""
    number: int | None = None
    open: bool = True
    priority: str | None = None

    @property
    def fingerprint(self) -> str:
        """What a scan can see of the card: when it is unchanged, the scan has no news of it."""
        return "|".join(
            map(str, (self.kind, self.column, self.archived, self.title, self.number, self.open, self.priority))
        )
