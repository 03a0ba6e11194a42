"""What the token may do with a board and in a repository, and what policy is found there."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

from bot.core.board import Board
from bot.github.graphql import GraphQL
from bot.github.rest import Rest

WRITING = ("WRITE", "MAINTAIN", "ADMIN")


@dataclass(frozen=True)
class BoardAccess:
    may_write: bool
    repositories: tuple[str, ...]  # those linked to the board


@dataclass(frozen=True)
class RepositoryAccess:
    repo: str
    found: bool
    role: Literal["write", "less", "untold"] = "untold"  # an App is not always told its role
    archived: bool = False
    policy: str | None = None  # the text of .github/sluice.toml on the default branch


async def board_access(graphql: GraphQL, board: Board) -> BoardAccess:
    answer = await graphql.ask("BoardAccess", {"project": board.project_id})
    node = answer.data.get("node") or {}
    linked = (node.get("repositories") or {}).get("nodes") or []
    return BoardAccess(bool(node.get("viewerCanUpdate")), tuple(repo["nameWithOwner"] for repo in linked if repo))


async def repository_access(graphql: GraphQL, repo: str) -> RepositoryAccess:
    owner, _, name = repo.partition("/")
    answer = await graphql.ask("RepositoryAccess", {"owner": owner, "name": name})
    node = answer.data.get("repository")
    if not node:
        return RepositoryAccess(repo, found=False)
    permission = node["viewerPermission"]
    return RepositoryAccess(
        node["nameWithOwner"],
        found=True,
        role="untold" if permission is None else "write" if permission in WRITING else "less",
        archived=node["isArchived"],
        policy=(node["policy"] or {}).get("text"),
    )


async def policy_text(rest: Rest, repo: str) -> str | None:
    """The policy file as it stands on the default branch; None where there is none."""
    reply = await rest.get(f"/repos/{repo}/contents/.github/sluice.toml", values=(404,))
    return base64.b64decode(reply.data["content"]).decode("utf-8", "replace") if reply.ok else None
