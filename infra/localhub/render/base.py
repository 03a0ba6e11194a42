"""What every rendered record needs: moments and addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localhub.hub import Hub
from localhub.model import Repo

Json = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    """A time as GitHub writes it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def repo_api(hub: Hub, repo: Repo) -> str:
    return f"{hub.base_url}/repos/{repo.full_name}"


def repo_page(hub: Hub, repo: Repo) -> str:
    return f"{hub.base_url}/{repo.full_name}"
