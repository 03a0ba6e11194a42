"""Whether a ref may be written: one under refs/sluice, where no workflow starts, is set and deleted again."""

from __future__ import annotations

from bot.git.errors import GitFailed
from bot.git.mirror import Mirror
from bot.git.push import delete, why

REF = "refs/sluice/probe"


async def probe(mirror: Mirror) -> None:
    """GitFailed says why not. Nothing of the repository has to be fetched for it."""
    await mirror.ready()
    there = await mirror.remote_ref(REF)  # of a probe that was killed
    sha = await mirror.commit(await mirror.git.text(mirror.path, "mktree"), (), "sluice doctor --write\n")
    answer = await mirror.push(sha, REF, there)
    if answer.code:
        raise GitFailed(why(answer) or f"{mirror.repo} did not take {REF}")
    await delete(mirror, REF, sha)
