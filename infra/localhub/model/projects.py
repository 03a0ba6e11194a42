"""Projects (v2): their fields, and the items with a value for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localhub.model.issues import Issue
    from localhub.model.people import Actor
    from localhub.model.repos import Repo


@dataclass(eq=False)
class FieldOption:
    id: str  # 8 hex digits
    name: str
    color: str = "GRAY"
    description: str = ""


@dataclass(eq=False)
class Iteration:
    id: str  # 8 hex digits
    title: str
    start_date: date
    duration: int  # days


@dataclass(eq=False)
class ProjectField:
    id: int
    node_id: str
    name: str
    data_type: str  # TITLE TEXT NUMBER DATE SINGLE_SELECT ITERATION ASSIGNEES LABELS REPOSITORY ...
    created_at: datetime
    options: list[FieldOption] = field(default_factory=list)
    iterations: list[Iteration] = field(default_factory=list)


@dataclass(eq=False)
class FieldValue:
    node_id: str
    field: ProjectField
    value: str | float | None  # the id of an option or iteration, an ISO date for DATE
    updated_at: datetime
    creator: Actor | None = None


@dataclass(eq=False)
class DraftIssue:
    id: int
    node_id: str
    title: str
    body: str
    creator: Actor
    created_at: datetime
    updated_at: datetime
    assignees: list[Actor] = field(default_factory=list)


@dataclass(eq=False)
class ProjectItem:
    id: int
    node_id: str
    project: Project
    content: Issue | DraftIssue
    creator: Actor
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    redacted: bool = False  # tests: the reader's token may not see the content
    values: dict[str, FieldValue] = field(default_factory=dict)  # field name -> value


@dataclass(eq=False)
class StatusUpdate:
    id: int
    node_id: str
    project: Project
    creator: Actor
    created_at: datetime
    updated_at: datetime
    status: str | None = None  # ON_TRACK AT_RISK OFF_TRACK COMPLETE INACTIVE
    body: str | None = None
    start_date: date | None = None
    target_date: date | None = None


@dataclass(eq=False)
class Project:
    id: int
    node_id: str
    owner: Actor
    number: int
    title: str
    created_at: datetime
    updated_at: datetime
    creator: Actor
    closed: bool = False
    public: bool = False
    fields: list[ProjectField] = field(default_factory=list)
    status_updates: list[StatusUpdate] = field(default_factory=list)  # oldest first
    items: list[ProjectItem] = field(default_factory=list)  # in board order
    built_in: set[str] = field(default_factory=lambda: {"closed_to_done", "merged_to_done"})  # built-in workflows on
    repos: list[Repo] = field(default_factory=list)
    collaborators: set[str] = field(default_factory=set)  # lower logins its owner lets in to write
