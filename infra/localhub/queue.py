"""The merge queue: where a branch has one, pull requests that keep the rules are merged by it, one after the other."""

from __future__ import annotations

from localhub import issues, mergegroups
from localhub.errors import HubError, NotMergeable, Unprocessable
from localhub.hub import Hub
from localhub.merging import HEAD_MODIFIED, Method, blocker, merge
from localhub.model import PullRequest, Repo
from localhub.permissions import Caller, at_least, of, require
from localhub.timeline import note

REASONS = {"manual": "MANUAL", "failed_checks": "CI_FAILURE"}  # as the webhook spells what the timeline says


async def enqueue(hub: Hub, caller: Caller, pull: PullRequest, expected_head: str | None = None) -> PullRequest:
    """Join the queue; what may not be merged may not join."""
    require(caller, pull.repo, "write", "contents")
    if not has_queue(pull.repo, pull.base_ref):
        raise Unprocessable("Merge queue is not enabled for the base branch")
    if expected_head is not None and expected_head != pull.head_sha:
        raise Unprocessable(HEAD_MODIFIED)
    why_not = await blocker(pull)
    if why_not is not None:
        raise Unprocessable(why_not)
    if pull.queue_position is None:
        pull.queue_position = 1 + len(queued(pull.repo, pull.base_ref))
        issues.tell(hub, caller, pull, "enqueued")
        hub.spawn(_merge_in_turn(hub, caller, pull, pull.head_sha))
    return pull


def dequeue(hub: Hub, caller: Caller, pull: PullRequest) -> PullRequest:
    require(caller, pull.repo, "write", "contents")
    if pull.queue_position is None:
        raise Unprocessable("Pull request is not in the merge queue")
    _leave(hub, caller, pull, "manual")
    return pull


async def merge_directly(
    hub: Hub, caller: Caller, pull: PullRequest, method: Method = "merge", *,
    expected_head: str | None = None, title: str | None = None, message: str | None = None,
) -> str:  # fmt: skip
    """What somebody asks for without the queue: only admins get past one, as they do past the protection of pushes."""
    require(caller, pull.repo, "write", "contents")
    if pull.queue_position is not None:
        raise NotMergeable("Pull Request is in the merge queue")
    if has_queue(pull.repo, pull.base_ref) and not at_least(of(pull.repo, caller.login), "admin"):
        raise NotMergeable("Repository rule violations found\n\nChanges must be made through the merge queue\n\n")
    return await merge(hub, caller, pull, method, expected_head=expected_head, title=title, message=message)


def has_queue(repo: Repo, branch: str) -> bool:
    rules = repo.protection.get(branch)
    return rules is not None and rules.merge_queue


def queued(repo: Repo, branch: str) -> list[PullRequest]:
    """Who waits for a branch, first come first."""
    pulls = [each for each in repo.issues.values() if isinstance(each, PullRequest) and each.base_ref == branch]
    waiting = [(each.queue_position, each) for each in pulls if each.queue_position is not None]
    return [pull for _, pull in sorted(waiting, key=lambda entry: entry[0])]


async def _merge_in_turn(hub: Hub, caller: Caller, pull: PullRequest, head: str) -> None:
    """The lock is fair: who joined first is merged first. What was enqueued is that head and no other."""
    async with pull.repo.queue_turns[pull.base_ref]:
        if pull.queue_position is None:
            return
        group = await mergegroups.form(hub, caller, pull)
        try:
            await merge(hub, caller, pull, expected_head=head)
        except HubError:
            _leave(hub, caller, pull, "failed_checks")
        _close_ranks(pull)
        await mergegroups.dissolve(hub, caller, group, "merged" if pull.merged_at else "invalidated")


def _leave(hub: Hub, caller: Caller, pull: PullRequest, reason: str) -> None:
    pull.queue_position = None
    _close_ranks(pull)
    note(hub, pull, "removed_from_merge_queue", caller.actor, reason=reason)
    issues.tell(hub, caller, pull, "dequeued", reason=REASONS[reason])


def _close_ranks(pull: PullRequest) -> None:
    for position, waiting in enumerate(queued(pull.repo, pull.base_ref), start=1):
        waiting.queue_position = position
