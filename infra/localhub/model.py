"""What localhub holds: plain records, no behaviour.

Times are aware UTC datetimes. `node_id` is the GraphQL id, `id` the REST database id. A record never knows JSON or
GraphQL shapes: `rest/` and `graphql/` render it. Verbs that change records live in modules named after the noun
(issues.py, pulls.py, projects.py, checks.py ...) and are the only writers.
"""

from __future__ import annotations

from asyncio import Lock
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]
CheckStatus = Literal["queued", "in_progress", "completed"]
Conclusion = Literal[
    "success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure"
]


@dataclass(eq=False)
class Actor:
    """Somebody who acts: a person, an organization or a bot (an App's login ends in `[bot]`)."""

    id: int
    node_id: str
    login: str
    kind: Literal["User", "Organization", "Bot"]
    name: str | None = None
    email: str | None = None
    created_at: datetime | None = None
    members: dict[str, Literal["admin", "member"]] = field(default_factory=dict)  # of an organization, by lower login


@dataclass(eq=False)
class App:
    """A GitHub App with its single installation on one organization; its webhook is the bot's."""

    id: int
    slug: str
    actor: Actor
    installation_id: int
    account: Actor
    permissions: dict[str, str]
    events: list[str]
    webhook_url: str | None = None
    webhook_secret: str = ""
    public_key: str = ""  # PEM; checks the App's RS256 tokens
    repositories: list[str] | None = None  # full names it is installed on; None: all of the account's
    webhook_patience: float = 10.0  # seconds GitHub waits for an answer; a test may make it shorter


@dataclass(eq=False)
class Token:
    """A bearer token of a person, or of an App installation (`app` set)."""

    value: str
    actor: Actor
    app: App | None = None
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ("repo", "project", "workflow")


@dataclass(eq=False)
class Protection:
    """What the default branch demands before a merge."""

    required_checks: tuple[str, ...] = ()
    required_approvals: int = 0
    dismiss_stale: bool = True
    strict: bool = False  # the head must be up to date with the base
    merge_queue: bool = False  # nothing is merged but by the queue, which sees to `strict` itself


@dataclass(eq=False)
class Label:
    id: int
    node_id: str
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False)
class Repo:
    id: int
    node_id: str
    owner: Actor
    name: str
    git_dir: Path  # a bare repository
    private: bool = False
    default_branch: str = "main"
    description: str | None = None
    labels: dict[str, Label] = field(default_factory=dict)
    collaborators: dict[str, Permission] = field(default_factory=dict)  # login -> permission
    issues: dict[int, Issue] = field(default_factory=dict)  # number -> Issue, pulls too: PullRequest is an Issue
    protection: dict[str, Protection] = field(default_factory=dict)  # branch -> rules
    workflows: dict[str, Workflow] = field(default_factory=dict)  # path -> Workflow
    runs: dict[int, WorkflowRun] = field(default_factory=dict)  # id -> run
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)
    queue_turns: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))  # branch -> who merges now
    next_number: int = 1
    created_at: datetime | None = None
    pushed_at: datetime | None = None

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"


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


@dataclass(frozen=True)
class JobStep:
    """One finished step of a job of GitHub Actions."""

    number: int
    name: str
    conclusion: Conclusion


@dataclass(eq=False)
class CheckRun:
    id: int
    node_id: str
    suite: CheckSuite
    name: str
    status: CheckStatus
    conclusion: Conclusion | None
    head_sha: str
    started_at: datetime
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str | None = None
    output: dict[str, object] = field(default_factory=dict)  # title, summary, text
    log: str = ""
    steps: list[JobStep] = field(default_factory=list)  # of a job of GitHub Actions
    run_attempt: int = 1


@dataclass(eq=False)
class CheckSuite:
    id: int
    node_id: str
    repo: Repo
    head_sha: str
    head_branch: str | None
    app_slug: str  # "github-actions" for Actions
    created_at: datetime
    updated_at: datetime
    runs: list[CheckRun] = field(default_factory=list)
    workflow_run: WorkflowRun | None = None
    head_commit: dict[str, object] = field(default_factory=dict)  # as webhooks show it; known for Actions


@dataclass(eq=False)
class CommitStatus:
    id: int
    node_id: str
    sha: str
    context: str
    state: Literal["error", "failure", "pending", "success"]
    description: str | None
    target_url: str | None
    creator: Actor
    created_at: datetime


@dataclass(eq=False)
class Workflow:
    id: int
    node_id: str
    repo: Repo
    path: str
    name: str
    state: str = "active"
    created_at: datetime | None = None


@dataclass(eq=False)
class WorkflowRun:
    id: int
    node_id: str
    workflow: Workflow
    event: str
    head_sha: str
    head_branch: str | None
    status: CheckStatus
    conclusion: Conclusion | None
    actor: Actor
    created_at: datetime
    updated_at: datetime
    run_number: int = 1
    run_attempt: int = 1
    display_title: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    suite: CheckSuite | None = None  # its runs are the jobs of the current attempt
    ref: str = ""  # the full ref that GITHUB_REF shows
    pull: PullRequest | None = None  # of a pull_request run
    payload: dict[str, object] = field(default_factory=dict)  # the webhook payload that `github.event` shows
    earlier_jobs: dict[int, list[CheckRun]] = field(default_factory=dict)  # attempt -> its jobs, once re-run
    failure: str = ""  # why it is a startup_failure


@dataclass(eq=False)
class FieldOption:
    id: str  # 8 hex digits
    name: str
    color: str = "GRAY"
    description: str = ""


@dataclass(eq=False)
class ProjectField:
    id: int
    node_id: str
    name: str
    data_type: str  # TITLE TEXT NUMBER DATE SINGLE_SELECT ASSIGNEES LABELS REPOSITORY ...
    created_at: datetime
    options: list[FieldOption] = field(default_factory=list)


@dataclass(eq=False)
class FieldValue:
    node_id: str
    field: ProjectField
    value: str | float | None  # an option id for SINGLE_SELECT, an ISO date for DATE
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
    items: list[ProjectItem] = field(default_factory=list)  # in board order
    built_in: set[str] = field(default_factory=lambda: {"closed_to_done", "merged_to_done"})  # built-in workflows on
    repos: list[Repo] = field(default_factory=list)
    collaborators: set[str] = field(default_factory=set)  # lower logins its owner lets in to write


@dataclass(eq=False)
class Delivery:
    """One webhook sent, or still to be sent."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: dict[str, object]
    delivered_at: datetime
    status_code: int | None = None
    duration: float = 0.0
    redelivery: bool = False
    status: str = ""  # what came of it, in GitHub's words; empty while it is under way
    app_id: int = 0
    installation_id: int | None = None
    repository_id: int | None = None
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
