"""What every rendered record needs: moments, addresses, and who an author is to a repository."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localhub.hub import Hub
from localhub.model import Actor, Repo
from localhub.permissions import of

Json = dict[str, Any]
ROLES = {"admin": "COLLABORATOR", "maintain": "COLLABORATOR", "write": "COLLABORATOR", "triage": "COLLABORATOR"}


def moment(at: datetime | None) -> str | None:
    """A time as GitHub writes it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def repo_api(hub: Hub, repo: Repo) -> str:
    return f"{hub.base_url}/repos/{repo.full_name}"


def repo_page(hub: Hub, repo: Repo) -> str:
    return f"{hub.base_url}/{repo.full_name}"


def association(repo: Repo, author: Actor) -> str:
    """GitHub's `author_association`, wrong for members with private membership as the real one is."""
    if repo.owner is author:
        return "OWNER"
    if author.login in repo.collaborators:
        return ROLES.get(of(repo, author.login), "NONE")
    return "CONTRIBUTOR" if author.login.lower() in repo.owner.members else "NONE"
