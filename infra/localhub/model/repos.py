"""Repositories: their rules, their labels, and everything that lives in them."""

from __future__ import annotations

from asyncio import Lock
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localhub.model.checks import CheckSuite, CommitStatus
    from localhub.model.issues import Issue
    from localhub.model.people import Actor, Permission
    from localhub.model.workflows import Workflow, WorkflowRun


@dataclass(eq=False)
class Protection:
    """What the default branch demands before a merge."""

    required_checks: tuple[str, ...] = ()
    required_approvals: int = 0
    dismiss_stale: bool = True
    strict: bool = False  # the head must be up to date with the base
    resolve_threads: bool = False  # no review thread may be left unresolved
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
    merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")  # those the settings allow
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
