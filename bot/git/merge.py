"""Bringing another branch into an item's: in the mirror, without a tree; only conflicts are laid before the agent.

A merge that conflicts is remembered as a commit at refs/sluice/merging/ITEM: its parents are the two sides, its tree is
the merge with its conflict markers, its message names the conflicted files. It stays until the markers are gone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from bot.git.errors import GitFailed
from bot.git.mirror import Mirror
from bot.git.process import failure, names

_MARKER = re.compile(rb"^(<{7}|>{7}) (refs/|[0-9a-f]{40})", re.MULTILINE)


@dataclass(frozen=True)
class Pending:
    """A merge whose conflicts lie in the tree."""

    commit: str
    ours: str
    theirs: str
    conflicts: tuple[str, ...]


async def merge(mirror: Mirror, head: str, other: str, ref: str, note: str) -> str | Pending:
    """The head that has `other` in it, or the conflicts. `ref` names the other side in the conflict markers."""
    if await mirror.contains(other, head):
        return head
    if await mirror.contains(head, other):
        return other
    args = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", head, ref)
    answer = await mirror.git.attempt(mirror.path, *args)
    if answer.code > 1 or not answer.out:
        raise failure(mirror.path, args, answer)
    tree, *conflicted = names(answer.out)
    if answer.code == 0:
        return await mirror.commit(tree, (head, other), note)
    conflicts = tuple(dict.fromkeys(conflicted))
    return Pending(await mirror.commit(tree, (head, other), json.dumps(conflicts)), head, other, conflicts)


async def read_pending(mirror: Mirror, ref: str) -> Pending | None:
    if not (commit := await mirror.ref(ref)):
        return None
    parents, _, body = (await mirror.git.text(mirror.path, "log", "-1", "--format=%P%n%B", commit)).partition("\n")
    ours, _, theirs = parents.partition(" ")
    try:
        return Pending(commit, ours, theirs, tuple(json.loads(body)))
    except (ValueError, TypeError) as error:
        raise GitFailed(f"{ref} in {mirror.path} is not a merge Sluice wrote: {error}") from error


async def unresolved(mirror: Mirror, pending: Pending, head: str, tree: str) -> tuple[str, ...]:
    """The files still to be seen to, given the tree that was collected. All of them if the merge was thrown away."""
    left = []
    for path in pending.conflicts:
        if _MARKER.search(await mirror.blob(tree, path) or b""):
            left.append(path)
    if not left and not await mirror.contains(pending.theirs, head) and await _thrown_away(mirror, pending, tree):
        return pending.conflicts
    return tuple(left)


async def _thrown_away(mirror: Mirror, pending: Pending, tree: str) -> bool:
    """Nothing of what merged cleanly is in the tree any more: the agent undid the merge instead of resolving it."""
    clean = await mirror.differing(pending.ours, pending.commit) - set(pending.conflicts)
    return bool(clean) and not clean & await mirror.differing(pending.ours, tree)
