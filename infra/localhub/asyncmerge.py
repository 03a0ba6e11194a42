"""Merging in the background: a request is kept under its uuid for a day, and says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from localhub import queue
from localhub.errors import HubError, NotFound, Unprocessable
from localhub.hub import Hub
from localhub.merging import NAMED, Method
from localhub.model import PullRequest
from localhub.permissions import Caller, require

Action = Literal["default", "direct_merge", "merge_queue"]
KEPT = timedelta(hours=24)


@dataclass(eq=False)
class AsyncMerge:
    """One request: what was asked for, and what came of it."""

    uuid: str
    pull: PullRequest
    method: str  # as asked: "default" when nothing was
    action: Action
    head: str  # what is to be merged, and nothing else
    at: datetime
    title: str | None = None
    message: str | None = None
    status: Literal["pending", "merged", "enqueued", "failed"] = "pending"
    said: str = "Merge request is being processed."
    sha: str | None = None


def request(
    hub: Hub, caller: Caller, pull: PullRequest, *,
    method: str | None, action: str | None, head: str | None, title: str | None, message: str | None,
) -> tuple[AsyncMerge, bool]:  # fmt: skip
    """The request, and whether it is new. Only the state is looked at now; the rules are, when it is carried out."""
    require(caller, pull.repo, "write", "contents")
    _check("merge_action", action, ("default", "direct_merge", "merge_queue"))
    _check("merge_method", method, ("default", *NAMED))
    known = next((each for each in hub.async_merges.values() if each.pull is pull and each.status == "pending"), None)
    if known is not None:
        return known, False
    made = AsyncMerge(
        str(uuid4()), pull, method or "default", action or "default",  # type: ignore[arg-type]  # looked up above
        head or pull.head_sha, hub.now(), title, message,
    )  # fmt: skip
    if not _is_over_already(made):
        hub.async_merges[made.uuid] = made
        hub.spawn(_carry_out(hub, caller, made))
    return made, True


def find(hub: Hub, caller: Caller, pull: PullRequest, uuid: str) -> AsyncMerge:
    require(caller, pull.repo, "read")
    found: AsyncMerge | None = hub.async_merges.get(uuid)
    if found is None or found.pull is not pull or found.at + KEPT <= hub.now():
        raise NotFound()
    return found


def _check(name: str, given: str | None, known: tuple[str, ...]) -> None:
    if given is not None and given not in known:
        raise Unprocessable(f"Invalid request. {name} is not one of {', '.join(known)}.")


def _is_over_already(made: AsyncMerge) -> bool:
    """What is merged, queued, closed or a draft needs no work."""
    pull = made.pull
    if pull.merged_at is not None:
        made.status, made.said, made.sha = "merged", "Pull request is already merged.", pull.merge_commit_sha
    elif pull.queue_position is not None:
        made.status, made.said = "enqueued", "Pull request is already in the merge queue."
    elif pull.state != "open" or pull.draft:
        made.status = "failed"
        made.said = "Pull request is still a draft." if pull.draft else "Pull request is closed."
    return made.status != "pending"


async def _carry_out(hub: Hub, caller: Caller, made: AsyncMerge) -> None:
    pull = made.pull
    queued = made.action == "merge_queue" or (made.action == "default" and queue.has_queue(pull.repo, pull.base_ref))
    try:
        if queued:
            await queue.enqueue(hub, caller, pull, made.head)
            made.status, made.said = "enqueued", "Pull request was added to the merge queue."
        else:
            more: dict[str, Any] = {"title": made.title, "message": made.message}
            method: Method = "merge" if made.method == "default" else made.method  # type: ignore[assignment]
            made.sha = await queue.merge_directly(hub, caller, pull, method, expected_head=made.head, **more)
            made.status, made.said = "merged", "Pull Request successfully merged"
    except HubError as refusal:
        made.status, made.said = "failed", refusal.message
