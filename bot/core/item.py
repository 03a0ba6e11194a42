"""An item: what GitHub says of its card and issue, and what the ledger remembers of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.core.spend import NOTHING, Budget


@dataclass(frozen=True)
class Dependency:
    ref: str  # "owner/name#12"; "" when it may not be read
    open: bool


@dataclass(frozen=True)
class Issue:
    id: str
    repo: str  # "owner/name"
    number: int
    url: str
    title: str
    body: str
    author: str
    open: bool
    state_reason: str | None = None
    labels: tuple[str, ...] = ()
    editor: str | None = None  # who edited the text last
    edited_at: datetime | None = None
    renamed_by: str | None = None  # who changed the title last
    renamed_at: datetime | None = None
    reopened_at: datetime | None = None
    blocked_by: tuple[Dependency, ...] = ()
    sub_issues: tuple[str, ...] = ()  # titles of the open ones, the first twenty
    blockers_total: int = 0  # more than len(blocked_by): some cannot be read, and the item waits

    def changed_since(self, instant: datetime) -> set[str | None]:
        """Who changed body or title after that, as far as GitHub tells: the last of each. None: somebody unknown.

        GitHub tells whole seconds: a change in the same one may have come after.
        """
        instant = instant.replace(microsecond=0)
        changes = ((self.editor, self.edited_at), (self.renamed_by, self.renamed_at))
        return {who for who, at in changes if at is not None and at >= instant}


@dataclass(frozen=True)
class Draft:
    """A draft card: text without an issue."""

    title: str
    body: str
    creator: str


@dataclass(frozen=True)
class Face:
    """The card as it stands on the board now."""

    column: str | None
    archived: bool
    fields: Mapping[str, str] = field(default_factory=dict)  # what the board's other fields say, by name
    since: datetime | None = None  # when the card was put into its column


@dataclass(frozen=True)
class Move:
    """A Status event of the card: who moved it where."""

    key: str
    to: str | None
    actor: str | None  # None: GitHub does not say
    automated: bool
    at: datetime
    ours: bool = False  # Sluice's own, as `core.own` finds out


@dataclass(frozen=True)
class GoAhead:
    """A person who may start work did so; the text is as it stood then."""

    key: str  # of the move or the command
    by: str  # a login, or words for somebody on the command line
    at: datetime
    title: str
    body: str
    by_command: bool = False
    takes_up: str = ""  # the head of an earlier result that a person approved: pushed as it is, not made again

    @property
    def login(self) -> str | None:
        """None: it was given on the command line, and whoever did is nobody on GitHub."""
        return self.by if is_login(self.by) else None

    @property
    def text_hash(self) -> str:
        return text_hash(self.title, self.body)


@dataclass(frozen=True)
class Claim:
    """Sluice works on the item."""

    peer: str
    branch: str
    base: str
    at: datetime
    go_ahead: GoAhead


@dataclass(frozen=True)
class Parked:
    """Only a person can free the item."""

    reason: str  # a plain sentence
    at: datetime
    told: bool = False  # the comment that asks for a person stands


@dataclass(frozen=True)
class Approval:
    """A person's word by comment, bound to what they saw."""

    kind: Literal["approve", "merge"]
    by: str
    head: str  # SHA, or a text hash when the text of the issue was approved
    at: datetime


@dataclass(frozen=True)
class Refused:
    """GitHub did not merge a head, in its own words."""

    head: str
    method: str  # how it was to be merged; "queue": by GitHub's merge queue
    words: str
    final: bool  # it would say the same again
    since: datetime
    at: datetime  # the last time

    def again(self, later: Refused, gap: timedelta) -> Refused:
        """The same refusal once more, unless it is another one or long after."""
        same = (self.head, self.method, self.words) == (later.head, later.method, later.words)
        return replace(later, since=self.since) if same and later.at - self.at <= gap else later


@dataclass(frozen=True)
class Order:
    """A comment command, or the same given on the command line."""

    id: str  # comment id, or a key of the command line's
    verb: str
    args: str
    author: str
    at: datetime
    subject: str = ""  # GraphQL id of the comment: where the answer's reaction goes; "" for the command line
    problem: str = ""  # why it cannot be understood
    saw: tuple[str, ...] = ()  # what its author can have seen of what stood when it was heard; see core/late.py

    @property
    def from_shell(self) -> bool:
        """Given on the command line by whoever runs Sluice: trusted."""
        return not self.subject

    @property
    def by(self) -> str:
        """Who it was, as people are told."""
        return at_shell(self.author) if self.from_shell else self.author


@dataclass(frozen=True)
class Item:
    """The ledger's memory of one card."""

    id: str  # the card's node id
    board: str
    repo: str
    number: int | None
    title: str = ""
    issue_id: str = ""
    priority: float | None = None  # lower first; None after all numbers
    position: int = 0
    claim: Claim | None = None
    go_ahead: GoAhead | None = None  # accepted, perhaps not yet claimed
    spent: str = ""  # key of the last Status event that was acted upon
    peer_wanted: str | None = None
    playbook: str = ""  # what a person asked its plan to be made by; "auto": the one that fits
    paused_by: str | None = None
    parked: Parked | None = None
    asked_fresh: int = 0  # how often `retry --fresh` was asked: the branch gets this suffix
    fresh_at: datetime | None = None  # when it was last
    pull_number: int | None = None
    pushed_head: str | None = None  # the head Sluice pushed last
    pushed_at: datetime | None = None
    stood: tuple[str, ...] = ()  # what the last look found for people to see; see core/late.py
    approvals: tuple[Approval, ...] = ()
    unaskable: tuple[str, ...] = ()  # who GitHub does not take as reviewers, in lower case
    refused: Refused | None = None  # the last merge GitHub did not make; a new word of a person's clears it
    more: Budget = NOTHING  # what people added to its caps
    more_at: datetime | None = None  # when they did last
    lane_since: datetime | None = None  # waits to be merged since
    first_seen: datetime | None = None
    heard_until: datetime | None = None  # the newest comment that was read
    done: str | None = None  # how it ended; None: it has not
    stages: tuple[tuple[str, datetime], ...] = field(default=())  # every stage it entered, and when

    @property
    def work_id(self) -> str:
        """Names what is kept of its work; another after `retry --fresh`, so that nothing old is continued or lost."""
        return f"{self.id}.{self.asked_fresh + 1}" if self.asked_fresh else self.id


def at_shell(user: str) -> str:
    """A user of the machine Sluice runs on: never taken for a login, which holds no spaces."""
    return f"{user} from the command line"


def is_login(who: str) -> bool:
    return " " not in who


def mention(who: str) -> str:
    return f"@{who}" if is_login(who) else who


def text_hash(title: str, body: str) -> str:
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()[:16]
