"""What Sluice needs of GitHub as an App: permissions, each with its reason, and events. The only list of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["read", "write"]
LEVELS = {"read": "Read-only", "write": "Read and write"}  # as GitHub's pages call them


@dataclass(frozen=True)
class Permission:
    key: str  # as manifests and installations name it
    name: str  # as GitHub's pages name it
    of: Literal["repository", "organization"]
    level: Level
    why: str
    essential: bool = True  # nothing goes without it

    def __str__(self) -> str:
        return f"“{self.name}: {LEVELS[self.level]}”"


METADATA = Permission("metadata", "Metadata", "repository", "read", "who may command; GitHub always gives it")
CONTENTS = Permission("contents", "Contents", "repository", "write", "branches, saved work, claims, merges")
ISSUES = Permission("issues", "Issues", "repository", "write", "comments, reactions, closing")
PULLS = Permission("pull_requests", "Pull requests", "repository", "write", "opening them, asking for reviews")
ACTIONS = Permission("actions", "Actions", "repository", "write", "logs of failed jobs; starting gate workflows", False)
CHECKS = Permission(
    "checks", "Checks", "repository", "write", "gates; results of gate workflows, which can be run again there", False
)
STATUSES = Permission("statuses", "Commit statuses", "repository", "read", "gates", False)
QUEUES = Permission("merge_queues", "Merge queues", "repository", "read", "whether a pull request waits in one", False)
PROJECTS = Permission("organization_projects", "Projects", "organization", "write", "the board")

# Workflows are left out: GitHub then refuses any push that changes a workflow file.
PERMISSIONS = (CONTENTS, ISSUES, PULLS, ACTIONS, CHECKS, STATUSES, QUEUES, METADATA, PROJECTS)
EVENTS = (
    "projects_v2_item",
    "issues",
    "issue_comment",
    "issue_dependencies",
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "check_suite",
    "check_run",
    "workflow_run",
    "status",
    "push",
)


def asked() -> dict[str, str]:
    return {permission.key: permission.level for permission in PERMISSIONS}


def ungranted(granted: Mapping[str, str], personal: bool = False) -> tuple[Permission, ...]:
    """What an installation was not given. On a person's account there are no permissions of an organization."""
    return tuple(
        each
        for each in PERMISSIONS
        if not (personal and each.of == "organization") and not _enough(granted.get(each.key), each.level)
    )


def _enough(granted: str | None, wanted: Level) -> bool:
    return granted in ("write", "admin") or granted == wanted
