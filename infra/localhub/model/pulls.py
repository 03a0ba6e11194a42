"""Pull requests and their reviews."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from localhub.model.issues import Issue

if TYPE_CHECKING:
    from localhub.model.issues import Reaction
    from localhub.model.people import Actor


@dataclass(eq=False)
class ReviewComment:
    id: int
    node_id: str
    review: Review
    author: Actor
    body: str
    path: str
    line: int | None
    created_at: datetime
    updated_at: datetime
    commit_id: str
    in_reply_to: ReviewComment | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class ReviewThread:
    node_id: str
    path: str
    line: int | None
    comments: list[ReviewComment] = field(default_factory=list)
    resolved_by: Actor | None = None
    outdated: bool = False


@dataclass(eq=False)
class Review:
    id: int
    node_id: str
    pull: PullRequest
    author: Actor
    state: Literal["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]
    body: str
    commit_id: str
    created_at: datetime
    submitted_at: datetime | None = None
    comments: list[ReviewComment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class PullRequest(Issue):
    head_ref: str = ""
    head_sha: str = ""
    base_ref: str = ""
    base_sha: str = ""
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Actor | None = None
    merge_commit_sha: str | None = None
    head_deleted: bool = False
    mergeable_for: tuple[str, str] | None = None  # (head, base) the answer below was computed for; else UNKNOWN
    mergeable: bool | None = None
    behind: bool = False  # known with `mergeable`: the base has commits the head lacks
    mergeable_asked: bool = False  # somebody read UNKNOWN, so the computation has begun
    reviews: list[Review] = field(default_factory=list)
    threads: list[ReviewThread] = field(default_factory=list)
    requested_reviewers: list[Actor] = field(default_factory=list)
    auto_merge: dict[str, object] | None = None
    queue_position: int | None = None  # entry in the merge queue
    commits: int = 0  # the size of the diff as of the last move of the head or base
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
