"""Transferring an issue: it becomes another issue of another repository, and its cards go along. No webhook is sent."""

from __future__ import annotations

from dataclasses import replace

from localhub import issues
from localhub.errors import Unprocessable
from localhub.hub import Hub
from localhub.model import Issue, PullRequest, Repo
from localhub.permissions import Caller, require


def transfer(hub: Hub, caller: Caller, issue: Issue, repo: Repo) -> Issue:
    """The new issue, with another id and number; the old one does not exist any more."""
    require(caller, issue.repo, "write", "issues")
    require(caller, repo, "write", "issues")
    if isinstance(issue, PullRequest) or repo is issue.repo or repo.owner is not issue.repo.owner:
        raise Unprocessable("Repository is invalid. Issues can only be transferred to another repository of the owner.")
    moved = replace(issue, id=hub.new_id(), node_id="", repo=repo, number=issues.take_number(repo), labels=[])
    hub.register("I", moved)
    repo.issues[moved.number] = moved
    del issue.repo.issues[issue.number]
    hub.forget(issue)
    for card in moved.cards:
        card.content, card.updated_at = moved, hub.now()
    for comment in moved.comments:
        comment.issue = moved
    hub.record(
        caller.actor, "issue transferred", f"{issue.repo.full_name}#{issue.number} {repo.full_name}#{moved.number}"
    )
    return moved
