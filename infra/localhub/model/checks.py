"""What is said of one commit: check runs in their suites, and statuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from localhub.model.people import Actor
    from localhub.model.repos import Repo
    from localhub.model.workflows import WorkflowRun

CheckStatus = Literal["queued", "in_progress", "completed"]
Conclusion = Literal[
    "success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure"
]


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
    annotations: list[dict[str, object]] = field(default_factory=list)
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
    rerequested: bool = False  # somebody wants it once more, and its App has not changed anything since


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
