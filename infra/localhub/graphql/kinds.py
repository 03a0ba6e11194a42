"""Which GraphQL type a record is, and which repository or project it lives in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localhub.gitstore import CommitInfo, FileChange
from localhub.model import (
    Actor,
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    DraftIssue,
    FieldValue,
    Issue,
    Label,
    Project,
    ProjectField,
    ProjectItem,
    PullRequest,
    Reaction,
    Repo,
    Review,
    ReviewComment,
    ReviewThread,
    StatusUpdate,
    TimelineEvent,
    Workflow,
    WorkflowRun,
)


@dataclass(frozen=True)
class GitCommit:
    """A commit together with the repository it was read from."""

    repo: Repo
    info: CommitInfo


@dataclass(frozen=True)
class GitRef:
    repo: Repo
    name: str  # refs/heads/main
    sha: str


@dataclass(frozen=True)
class GitBlob:
    repo: Repo
    oid: str
    content: bytes


@dataclass(frozen=True)
class GitTree:
    repo: Repo
    oid: str
    rev: str
    path: str


@dataclass(frozen=True)
class ChangedFile:
    change: FileChange


@dataclass(frozen=True)
class Happening:
    """An event of a timeline together with the issue it happened to."""

    event: TimelineEvent
    issue: Issue


@dataclass(frozen=True)
class Rollup:
    """All checks and statuses of one commit."""

    repo: Repo
    sha: str


NAMES: dict[type, str] = {
    PullRequest: "PullRequest",
    Issue: "Issue",
    Repo: "Repository",
    Label: "Label",
    Comment: "IssueComment",
    Reaction: "Reaction",
    Review: "PullRequestReview",
    ReviewComment: "PullRequestReviewComment",
    ReviewThread: "PullRequestReviewThread",
    CheckRun: "CheckRun",
    CheckSuite: "CheckSuite",
    CommitStatus: "StatusContext",
    Workflow: "Workflow",
    WorkflowRun: "WorkflowRun",
    Project: "ProjectV2",
    ProjectItem: "ProjectV2Item",
    DraftIssue: "DraftIssue",
    StatusUpdate: "ProjectV2StatusUpdate",
    GitCommit: "Commit",
    GitRef: "Ref",
    GitBlob: "Blob",
    GitTree: "Tree",
    ChangedFile: "PullRequestChangedFile",
    Rollup: "StatusCheckRollup",
}

EVENTS = {
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "assigned": "AssignedEvent",
    "unassigned": "UnassignedEvent",
    "renamed": "RenamedTitleEvent",
    "blocked_by_added": "BlockedByAddedEvent",
    "blocked_by_removed": "BlockedByRemovedEvent",
    "added_to_project": "AddedToProjectV2Event",
    "removed_from_project": "RemovedFromProjectV2Event",
    "converted_from_draft": "ConvertedFromDraftEvent",
    "status_changed": "ProjectV2ItemStatusChangedEvent",
    "review_requested": "ReviewRequestedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "convert_to_draft": "ConvertToDraftEvent",
    "removed_from_merge_queue": "RemovedFromMergeQueueEvent",
    "merged": "MergedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
}

VALUES = {
    "SINGLE_SELECT": "ProjectV2ItemFieldSingleSelectValue",
    "TEXT": "ProjectV2ItemFieldTextValue",
    "TITLE": "ProjectV2ItemFieldTextValue",
    "NUMBER": "ProjectV2ItemFieldNumberValue",
    "DATE": "ProjectV2ItemFieldDateValue",
    "ITERATION": "ProjectV2ItemFieldIterationValue",
}

FIELDS = {"SINGLE_SELECT": "ProjectV2SingleSelectField", "ITERATION": "ProjectV2IterationField"}


def type_name(record: Any) -> str | None:
    """The concrete GraphQL type of what a resolver returned."""
    if isinstance(record, dict):
        return record.get("__typename")
    if isinstance(record, Actor):
        return record.kind
    if isinstance(record, Happening):
        return EVENTS.get(record.event.kind)
    if isinstance(record, FieldValue):
        return VALUES.get(record.field.data_type)
    if isinstance(record, ProjectField):
        return FIELDS.get(record.data_type, "ProjectV2Field")
    return NAMES.get(type(record))


def home(record: Any) -> Repo | Project | None:
    """Where a record lives: who may not read that place may not know the record."""
    match record:
        case Repo() | Project():
            return record
        case Issue(repo=repo) | CheckSuite(repo=repo) | Workflow(repo=repo):
            return repo
        case Comment(issue=issue):
            return issue.repo
        case Review(pull=pull) | ReviewComment(review=Review(pull=pull)):
            return pull.repo
        case CheckRun(suite=suite):
            return suite.repo
        case WorkflowRun(workflow=workflow):
            return workflow.repo
        case ReviewThread(comments=[first, *_]):
            return first.review.pull.repo
        case GitCommit(repo=repo) | GitRef(repo=repo) | GitBlob(repo=repo) | GitTree(repo=repo) | Rollup(repo=repo):
            return repo
        case ProjectItem(project=project) | StatusUpdate(project=project):
            return project
        case _:
            return None


def scope_of(record: Any) -> str | None:
    """The permission that reading such a record takes, where its repository is private."""
    match record:
        case PullRequest() | Review() | ReviewComment() | ReviewThread() | Comment(issue=PullRequest()):
            return "pull_requests"
        case Issue() | Comment():
            return "issues"
        case CheckRun() | CheckSuite() | Rollup():
            return "checks"
        case Workflow() | WorkflowRun():
            return "actions"
        case GitCommit() | GitRef() | GitBlob() | GitTree():
            return "contents"
        case _:
            return None
