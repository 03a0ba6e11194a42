"""The merge queue: pull requests that keep the rules wait here and are merged one after the other."""

from __future__ import annotations

from localhub import issues
from localhub.errors import HubError, Unprocessable
from localhub.hub import Hub
from localhub.merging import HEAD_MODIFIED, blocker, merge
from localhub.model import PullRequest, Repo
from localhub.permissions import Caller, require


async def enqueue(hub: Hub, caller: Caller, pull: PullRequest, expected_head: str | None = None) -> PullRequest:
    """Join the queue; what may not be merged may not join."""
    require(caller, pull.repo, "write", "contents")
    if expected_head is not None and expected_head != pull.head_sha:
        raise Unprocessable(HEAD_MODIFIED)
    why_not = await blocker(pull)
    if why_not is not None:
        raise Unprocessable(why_not)
    if pull.queue_position is None:
        pull.queue_position = 1 + len(queued(pull.repo))
        issues.tell(hub, caller, pull, "enqueued")
        hub.spawn(_run(hub, caller, pull.repo))
    return pull


def dequeue(hub: Hub, caller: Caller, pull: PullRequest) -> PullRequest:
    require(caller, pull.repo, "write", "contents")
    if pull.queue_position is None:
        raise Unprocessable("Pull request is not in the merge queue")
    _leave(hub, caller, pull)
    return pull


def queued(repo: Repo) -> list[PullRequest]:
    """Who waits, first come first."""
    pulls = [each for each in repo.issues.values() if isinstance(each, PullRequest)]
    waiting = [(each.queue_position, each) for each in pulls if each.queue_position is not None]
    return [pull for _, pull in sorted(waiting, key=lambda entry: entry[0])]


async def _run(hub: Hub, caller: Caller, repo: Repo) -> None:
    while waiting := queued(repo):
        first = waiting[0]
        try:
            await merge(hub, caller, first, expected_head=first.head_sha)
        except HubError:
            _leave(hub, caller, first)


def _leave(hub: Hub, caller: Caller, pull: PullRequest) -> None:
    pull.queue_position = None
    for position, waiting in enumerate(queued(pull.repo), start=1):
        waiting.queue_position = position
    issues.tell(hub, caller, pull, "dequeued")
