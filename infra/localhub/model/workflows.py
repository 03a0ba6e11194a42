"""Workflows of GitHub Actions and their runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localhub.model.checks import CheckRun, CheckStatus, CheckSuite, Conclusion
    from localhub.model.people import Actor
    from localhub.model.pulls import PullRequest
    from localhub.model.repos import Repo


@dataclass(eq=False)
class Workflow:
    id: int
    node_id: str
    repo: Repo
    path: str
    name: str
    state: str = "active"
    created_at: datetime | None = None


@dataclass(frozen=True)
class Attempt:
    """What an attempt of a run shows of itself alone."""

    status: CheckStatus
    conclusion: Conclusion | None
    updated_at: datetime
    started_at: datetime
    triggered_by: Actor


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
    referenced: list[dict[str, str]] = field(default_factory=list)  # the reusable workflows it calls
    triggered_by: Actor | None = None  # whoever re-ran it last
    started_at: datetime | None = None  # its present attempt
    earlier: dict[int, Attempt] = field(default_factory=dict)  # those that are over, by number

    @property
    def attempt(self) -> Attempt:
        """The present one."""
        began, who = self.started_at or self.created_at, self.triggered_by or self.actor
        return Attempt(self.status, self.conclusion, self.updated_at, began, who)
