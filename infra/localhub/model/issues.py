"""Issues and what is said and done about them; pull requests are issues too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from localhub.model.people import Actor, App
    from localhub.model.projects import ProjectItem
    from localhub.model.repos import Label, Repo


@dataclass(eq=False)
class Reaction:
    id: int
    node_id: str
    content: str  # REST spelling: +1 -1 laugh confused heart hooray rocket eyes
    user: Actor
    created_at: datetime


@dataclass(eq=False)
class Comment:
    """A comment of the conversation of an issue or pull request."""

    id: int
    node_id: str
    issue: Issue
    author: Actor
    body: str
    created_at: datetime
    updated_at: datetime
    last_edited_at: datetime | None = None
    via_app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)
    minimized_reason: str | None = None


@dataclass(eq=False)
class TimelineEvent:
    """One entry of an issue's timeline; `data` holds the records the kind needs.

    kinds and data: closed(state_reason) reopened labeled(label) unlabeled(label) assigned(assignee)
    unassigned(assignee) blocked_by_added(issue) blocked_by_removed(issue)
    added_to_project(project) removed_from_project(project) converted_from_draft(project)
    status_changed(project, previous, status, was_automated) review_requested(reviewer)
    ready_for_review convert_to_draft removed_from_merge_queue(reason) merged(commit)
    head_ref_deleted head_ref_force_pushed(before, after)
    """

    id: int
    node_id: str
    kind: str
    actor: Actor | None
    created_at: datetime
    data: dict[str, object] = field(default_factory=dict)


@dataclass(eq=False)
class Issue:
    id: int
    node_id: str
    repo: Repo
    number: int
    title: str
    body: str
    author: Actor
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None  # completed | not_planned | duplicate | reopened
    closed_at: datetime | None = None
    closed_by: Actor | None = None
    last_edited_at: datetime | None = None
    editor: Actor | None = None
    locked: bool = False
    labels: list[Label] = field(default_factory=list)
    assignees: list[Actor] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    blocked_by: list[Issue] = field(default_factory=list)
    blocking: list[Issue] = field(default_factory=list)  # the other end of `blocked_by`
    cards: list[ProjectItem] = field(default_factory=list)  # on every board
    parent: Issue | None = None
    sub_issues: list[Issue] = field(default_factory=list)
