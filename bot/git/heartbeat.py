"""The sign of life: a ref whose commit says when Sluice was last well. No branch, so it starts no workflow, and no call
of the API: a workflow in that repository reads it and fails when it grows old.
"""

from __future__ import annotations

from datetime import datetime

from bot.git.errors import GitFailed
from bot.git.mirror import Mirror
from bot.git.push import why

REF = "refs/sluice/heartbeat"


async def beat(mirror: Mirror, now: datetime) -> None:
    """A commit without files and without parents, so that nothing piles up behind the ref."""
    await mirror.ready()
    there = await mirror.remote_ref(REF)
    empty_tree = await mirror.git.text(mirror.path, "mktree")
    date = f"{int(now.timestamp())} +0000"
    dated = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    sha = await mirror.git.text(mirror.path, "commit-tree", empty_tree, stdin=b"Sluice is well\n", env=dated)
    answer = await mirror.push(sha, REF, there)
    if answer.code:
        raise GitFailed(f"{mirror.repo} did not take the sign of life: {why(answer)}")
