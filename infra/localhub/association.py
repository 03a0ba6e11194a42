"""Who an author is to a repository, as GitHub tells everybody, over REST, GraphQL and webhooks alike."""

from __future__ import annotations

from localhub.model import Actor, PullRequest, Repo
from localhub.permissions import of

ROLES = {"admin": "COLLABORATOR", "maintain": "COLLABORATOR", "write": "COLLABORATOR", "triage": "COLLABORATOR"}


def association(repo: Repo, author: Actor) -> str:
    """GitHub's `author_association`, computed as if nobody looked on, and so wrong for most members of organizations.

    Whoever keeps a membership private is a stranger here, or a mere contributor once something of theirs was merged,
    whatever they may really do. Only `collaborators/{login}/permission` tells.
    """
    login, owner = author.login.lower(), repo.owner
    if owner is author:
        return "OWNER"
    if login in owner.public_members:
        return "MEMBER"
    if login not in owner.members and author.login in repo.collaborators:
        return ROLES.get(of(repo, author.login), "NONE")
    return "CONTRIBUTOR" if _contributed(repo, author) else "NONE"


def _contributed(repo: Repo, author: Actor) -> bool:
    pulls = (each for each in repo.issues.values() if isinstance(each, PullRequest))
    return any(each.author is author and each.merged_at is not None for each in pulls)
