"""Item worktrees: handed out, collected from and removed, one thing at a time for each item."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.worktree import Work, WorkSpec, Worktree
from bot.git.desk import Desk
from bot.git.layout import Layout, merging_ref
from bot.git.merge import Pending, merge, read_pending
from bot.git.mirror import Mirror
from bot.git.removal import discard


@dataclass(frozen=True)
class Worktrees:
    layout: Layout
    mirror_of: Callable[[str], Mirror]
    author: tuple[str, str]
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def prepare(
        self, spec: WorkSpec, merge_base: bool, trailers: Mapping[str, str], trusted: bool, merge_head: str = ""
    ) -> Worktree:
        """The item's tree, ready for a round: up to date with its branch, its `.git` laid anew.

        `trailers`: of what lies in it already; `merge_head`: a commit to be merged in, as `merge_base` does the base.
        `trusted`: what starts programs beside the agent lies there, too.
        """
        async with self._locks[spec.item]:
            desk = self._desk(spec)
            saved = await desk.fetch()
            head, came_from = await desk.resume(trailers) if desk.exists else await desk.start(saved)
            pending = await read_pending(desk.mirror, merging_ref(spec.item)) if desk.exists else None
            fresh: Pending | None = None
            if pending is None:
                head, fresh = await desk.catch_up(head, merge_base, merge_head)
            await desk.lay(head, pending or fresh, fresh.commit if fresh else head, trusted)
            base = await desk.mirror.need(spec.base)
            conflicts = await desk.conflicts(pending or fresh, fresh.commit if fresh else head)
            return Worktree(self.layout.tree(spec), head, base, came_from, conflicts)

    async def collect(self, spec: WorkSpec, message: str, trailers: Mapping[str, str]) -> Work:
        """Commit what is in the tree and bring it safely into the mirror."""
        async with self._locks[spec.item]:
            return await self._desk(spec).collect(message, trailers)

    async def fold(self, spec: WorkSpec, part: WorkSpec, head: str, note: str) -> Work | tuple[str, ...]:
        """Bring what was done in a worktree of its own into the item's branch; or the files that conflict.

        In the mirror alone, unless the item's own tree is there. Safe to repeat: what is in it already changes nothing.
        """
        async with self._locks[spec.item]:
            desk = self._desk(spec)
            saved = await desk.fetch()
            if await desk.mirror.commit_at(head) is None:  # collected on another machine, and saved
                await self._desk(part).fetch()
            mine = await desk.gathered(saved)
            merged = await merge(desk.mirror, mine, await desk.mirror.need(head), head, note)
            if isinstance(merged, Pending):
                return merged.conflicts
            await desk.put(merged)
            return await desk.describe(merged, ())

    async def remove(self, spec: WorkSpec) -> None:
        """Remove the tree, if the remote has everything that is in it."""
        async with self._locks[spec.item]:
            desk = self._desk(spec)
            if desk.exists:
                await desk.refuse_unless_safe()
                discard(self.layout.tree(spec), self.layout.scratch())
            await desk.tidy()

    def _desk(self, spec: WorkSpec) -> Desk:
        self.layout.tree(spec)  # refuses hostile names before anything is done
        return Desk(spec, self.layout, self.mirror_of(spec.repo), self.author)
