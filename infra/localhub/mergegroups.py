"""Merge groups: what a merge queue builds of the base and the pull request whose turn it is, and has Apps check."""

from __future__ import annotations

from dataclasses import dataclass

from localhub import gitstore
from localhub.gitstore import CommitInfo
from localhub.hub import Hub
from localhub.model import PullRequest
from localhub.permissions import Caller

FOLDER = "refs/heads/gh-readonly-queue"


@dataclass(frozen=True)
class MergeGroup:
    """The commit the queue proposes, on a branch of its own while it is being judged."""

    pull: PullRequest
    head: CommitInfo
    head_ref: str
    base_sha: str
    base_ref: str


async def form(hub: Hub, caller: Caller, pull: PullRequest) -> MergeGroup | None:
    """The group of one pull request; none when the two conflict, which the merge itself will say."""
    git_dir, base = pull.repo.git_dir, pull.base_sha
    message = f"Merge pull request #{pull.number} from {pull.repo.owner.login}/{pull.head_ref}\n"
    try:
        sha = await gitstore.merge_commit(git_dir, base, pull.head_sha, message, caller.actor)
    except gitstore.GitError:
        return None
    ref = f"{FOLDER}/{pull.base_ref}/pr-{pull.number}-{base}"
    await gitstore.update_ref(git_dir, ref, sha)
    group = MergeGroup(pull, await gitstore.commit(git_dir, sha), ref, base, f"refs/heads/{pull.base_ref}")
    _tell(hub, caller, group, "checks_requested", None)
    return group


async def dissolve(hub: Hub, caller: Caller, group: MergeGroup | None, reason: str) -> None:
    """The group is over: `merged`, or `invalidated`."""
    if group is not None:
        await gitstore.delete_ref(group.pull.repo.git_dir, group.head_ref)
        _tell(hub, caller, group, "destroyed", reason)


def _tell(hub: Hub, caller: Caller, group: MergeGroup, action: str, reason: str | None) -> None:
    repo, app = group.pull.repo, caller.app
    hub.emit("merge_group", action, caller.actor, repo=repo, app=app, group=group, reason=reason)
