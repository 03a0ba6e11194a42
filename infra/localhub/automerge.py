"""Auto-merge: somebody's wish that a pull request be merged as soon as the rules are kept."""

from __future__ import annotations

from typing import cast

from localhub import issues, queue
from localhub.errors import HubError, Unprocessable
from localhub.hub import Event, Hub
from localhub.merging import HEAD_MODIFIED, Method, blocker, merge
from localhub.model import PullRequest
from localhub.permissions import Caller, require

TELLING = ("check_run", "status", "pull_request_review", "pull_request_review_thread", "pull_request", "push")


async def enable_auto_merge(
    hub: Hub, caller: Caller, pull: PullRequest, method: Method = "merge", *,
    expected_head: str | None = None, title: str | None = None, message: str | None = None,
) -> PullRequest:  # fmt: skip
    """Merge as soon as the rules are kept. One that could be merged right now is refused, as on GitHub."""
    require(caller, pull.repo, "write", "contents")
    if expected_head is not None and expected_head != pull.head_sha:
        raise Unprocessable(HEAD_MODIFIED)
    if pull.state != "open":
        raise Unprocessable("Can't enable auto-merge for this pull request.")
    if await blocker(pull) is None:
        raise Unprocessable("Pull request Pull request is in clean status")
    pull.auto_merge = {
        "caller": caller, "enabled_by": caller.actor, "enabled_at": hub.now(),
        "method": method, "title": title, "message": message,
    }  # fmt: skip
    issues.tell(hub, caller, pull, "auto_merge_enabled")
    return pull


def disable_auto_merge(hub: Hub, caller: Caller, pull: PullRequest) -> PullRequest:
    require(caller, pull.repo, "write", "contents")
    if pull.auto_merge is None:
        raise Unprocessable("Can't disable auto-merge for this pull request")
    pull.auto_merge = None
    issues.tell(hub, caller, pull, "auto_merge_disabled", reason="Auto-merge was disabled by somebody")
    return pull


def merge_when_green(hub: Hub, event: Event) -> None:
    """A listener: whatever may have made a waiting pull request mergeable makes GitHub try."""
    if event.repo is None or event.name not in TELLING:
        return
    for pull in event.repo.issues.values():
        if isinstance(pull, PullRequest) and pull.auto_merge is not None and pull.state == "open":
            hub.spawn(_try(hub, pull))


async def _try(hub: Hub, pull: PullRequest) -> None:
    """Where the base has a merge queue, what may be merged joins it."""
    if await blocker(pull) is not None or pull.auto_merge is None:
        return
    wish, pull.auto_merge = pull.auto_merge, None
    caller = cast(Caller, wish["caller"])
    try:
        if queue.has_queue(pull.repo, pull.base_ref):
            await queue.enqueue(hub, caller, pull)
        else:
            await merge(
                hub, caller, pull, cast(Method, wish["method"]),
                title=cast("str | None", wish["title"]), message=cast("str | None", wish["message"]),
            )  # fmt: skip
    except HubError:
        pull.auto_merge = wish  # the next event tries again
