"""What follows when a branch or tag moved, however it moved: by git, by a merge or over REST.

server.py sets `hub.pushed = on_push` and adds `pull_refs(hub)` to the listeners. Refs outside of heads and tags
(`refs/sluice/**` for one) are stored and fetched like any ref, and nobody hears of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localhub import gitstore, pulls
from localhub.hub import Event, Hub
from localhub.model import PullRequest, Repo
from localhub.permissions import Caller

LOUD = ("refs/heads/", "refs/tags/")


async def on_push(hub: Hub, repo: Repo, ref: str, before: str, after: str, caller: Caller) -> None:
    """Moves the heads of pull requests, then tells listeners, who start workflows and send webhooks."""
    if not ref.startswith(LOUD):
        return
    repo.pushed_at = hub.now()
    about = await _commits(repo, ref, before, after)
    await pulls.on_push(hub, repo, ref, before, after, caller)
    actor, app = caller.actor, caller.app
    if before == gitstore.ZERO:
        hub.emit("create", None, actor, repo=repo, app=app, ref=ref)
    hub.emit("push", None, actor, repo=repo, app=app, ref=ref, before=before, after=after, pusher=actor, **about)
    if after == gitstore.ZERO:
        hub.emit("delete", None, actor, repo=repo, app=app, ref=ref)


def pull_refs(hub: Hub) -> Callable[[Event], None]:
    """A listener that keeps `refs/pull/N/head`, which everybody may fetch and nobody may push."""

    def hear(event: Event) -> None:
        pull = event.objects.get("pull")
        if event.name == "pull_request" and event.action in ("opened", "synchronize") and isinstance(pull, PullRequest):
            ref = f"refs/pull/{pull.number}/head"
            hub.spawn(gitstore.update_ref(pull.repo.git_dir, ref, pull.head_sha))

    return hear


async def _commits(repo: Repo, ref: str, before: str, after: str) -> dict[str, Any]:
    """The commits of a push: what the ref gained; for a new ref, what the default branch does not have."""
    if after == gitstore.ZERO:
        return {"commits": [], "touched": {}, "forced": False}
    base: str | None = before
    forced = False
    if before == gitstore.ZERO:
        default = f"refs/heads/{repo.default_branch}"
        base = await gitstore.resolve(repo.git_dir, default) if ref != default else None
    else:
        forced = not await gitstore.is_ancestor(repo.git_dir, before, after)
    commits = await gitstore.commits_between(repo.git_dir, base, after)
    touched = await gitstore.touched_by_commit(repo.git_dir, base, after) if commits else {}
    return {"commits": commits, "touched": touched, "forced": forced}
