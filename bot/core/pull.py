"""A pull request as gates see it: facts on one head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PASSING = frozenset({"SUCCESS", "SKIPPED", "NEUTRAL"})  # github docs: these conclusions satisfy a required check
VERDICTLESS = frozenset({"CANCELLED", "STARTUP_FAILURE", "STALE", "ACTION_REQUIRED"})  # the machinery's, not the code's


@dataclass(frozen=True)
class Check:
    """One check run or commit status on the head. `unknown`: it ended and says nothing of the code."""

    name: str
    state: Literal["pending", "passed", "failed", "unknown"]
    required: bool = False
    url: str = ""
    summary: str = ""  # what it printed last, untrusted
    key: str = ""  # run id and attempt: new evidence when a check is run again


@dataclass(frozen=True)
class Shown:
    """A check run of Sluice's own on the head: what people see of a gate."""

    name: str
    id: int
    key: str  # which result it shows; GitHub calls it external id
    conclusion: str = ""  # lower case; "": in progress
    title: str = ""
    rerequested: bool = False  # somebody pressed "Re-run" since it was completed


@dataclass(frozen=True)
class Review:
    id: str
    author: str
    state: Literal["COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED", "PENDING"]
    body: str
    head: str
    at: datetime
    by_writer: bool
    by_bot: bool = False


@dataclass(frozen=True)
class Remark:
    """A review comment on a line."""

    path: str
    line: int | None
    author: str
    body: str
    review: str = ""  # the id of the review it came with


@dataclass(frozen=True)
class Thread:
    resolved: bool
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Pull:
    id: str
    number: int
    url: str
    state: Literal["OPEN", "CLOSED", "MERGED"]
    draft: bool
    head: str
    base: str  # branch name
    base_sha: str
    mergeable: Literal["MERGEABLE", "CONFLICTING", "UNKNOWN"]
    merge_state: str  # GitHub's mergeStateStatus
    created_at: datetime
    author: str = ""
    checks: tuple[Check, ...] = ()
    checks_known: bool = True  # False: GitHub has no rollup for the head yet
    checks_left: bool = False  # there are more than Sluice reads
    shown: tuple[Shown, ...] = ()  # Sluice's own check runs; they are not among the checks
    reviews: tuple[Review, ...] = ()
    threads: tuple[Thread, ...] = ()
    review_decision: str | None = None  # APPROVED CHANGES_REQUESTED REVIEW_REQUIRED
    requested: tuple[str, ...] = ()  # logins asked for a review
    head_author: str = ""  # login or email of the head commit's author
    closed_by: str | None = None
    closed_at: datetime | None = None
    merged_by: str | None = None
    merged_at: datetime | None = None
    merge_commit: str | None = None
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    commits: int = 0
    branch: str = ""  # the head's; "": not told
    fork: bool = False  # the head lies in another repository
    text: str | None = None  # Sluice's part of the description; None: somebody took it out
    in_queue: bool = False  # GitHub's merge queue has it
    queue: bool = False  # the base branch has a merge queue
    left_queue: datetime | None = None  # when GitHub's merge queue last gave it back
    left_because: str = ""

    @property
    def open(self) -> bool:
        return self.state == "OPEN"
