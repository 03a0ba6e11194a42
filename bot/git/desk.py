"""One item's tree and the mirror behind it, at hand: where work starts, how files are laid, what is collected.

What is known of the tree is kept in refs of the mirror: `local` is the head last collected, `merging` a merge with
conflicts, `laying` a change of the tree's files that has begun. So a kill anywhere leaves a tree that can be finished.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.core.worktree import Work, WorkSpec
from bot.git import dotgit, quarantine
from bot.git.bylines import signed, worded
from bot.git.errors import GitFailed
from bot.git.index import Index
from bot.git.layout import Layout, incoming_ref, laying_ref, local_ref, masked_ref, merging_ref, remote_branch, seen_ref
from bot.git.masked import mask, masked_paths, unmasked
from bot.git.merge import Pending, merge, read_pending, unresolved
from bot.git.mirror import Mirror

Origin = Literal["base", "branch", "saved", "existing"]
LEFT_OVER = "Keep what was left in the worktree"


@dataclass(frozen=True)
class Desk:
    """One item's tree and mirror at hand. Its verbs are for whoever holds the item's lock."""

    spec: WorkSpec
    layout: Layout
    mirror: Mirror
    author: tuple[str, str]

    @property
    def exists(self) -> bool:
        return self.layout.tree(self.spec).is_dir()

    @property
    def index(self) -> Index:
        return Index(self.mirror, self.layout.tree(self.spec), self.layout.index(self.spec.item))

    # --- where work starts --------------------------------------------------------------------------------------------

    async def fetch(self) -> str | None:
        """Bring the mirror up to date; the head of the saved work on the remote, if there is some."""
        saved = await self.mirror.remote_ref(self.spec.saved_ref)
        seen = seen_ref(self.spec.item)
        await self.mirror.fetch(*([f"+{self.spec.saved_ref}:{seen}"] if saved else []))
        if saved is None:
            await self.mirror.set_refs({seen: None})
            return None
        return await self.mirror.ref(seen)

    async def resume(self, trailers: Mapping[str, str]) -> tuple[str, Origin]:
        """What a life that was cut short left is its run's as well."""
        return (await self._taken(LEFT_OVER, trailers))[0], "existing"

    async def start(self, saved: str | None) -> tuple[str, Origin]:
        """Where a tree that is not there begins: the branch, unfinished work that goes on from it, or the base."""
        branch = await self.mirror.ref(remote_branch(self.spec.branch))
        if saved and (branch is None or await self.mirror.contains(branch, saved)):
            return await self._not_yet_saved(saved), "saved"
        if branch:
            return await self._not_yet_saved(branch), "branch"
        return await self.mirror.need(self.spec.base), "base"

    async def _not_yet_saved(self, head: str) -> str:
        """What was collected on top of `head` on this machine, if a kill kept it from being saved."""
        local = await self.mirror.ref(local_ref(self.spec.item))
        return local if local and await self.mirror.contains(head, local) else head

    async def catch_up(self, head: str, merge_base: bool, merge_head: str = "") -> tuple[str, Pending | None]:
        """Bring in what others pushed to the branch, and the base or a commit if wanted. The first conflict ends it."""
        wanted = [self.spec.branch, self.spec.base] if merge_base else [self.spec.branch]
        refs = [(name, remote_branch(name)) for name in wanted]
        for name, ref in (*refs, ("the other steps' work", merge_head)) if merge_head else refs:
            if other := await self.mirror.ref(ref):
                merged = await merge(self.mirror, head, other, ref, f"Merge {name} into {self.spec.branch}\n")
                if isinstance(merged, Pending):
                    return head, merged
                head = merged
        return head, None

    async def gathered(self, saved: str | None) -> str:
        """The head of all that was ever collected for the item, whether its tree is there or not."""
        if self.exists:
            return (await self.resume({}))[0]
        head, _ = await self.start(saved)
        return await self._not_yet_saved(head)

    async def put(self, head: str) -> None:
        """The item's work is this commit from now on."""
        if self.exists:
            await self.lay(head, None, head, trusted=False)  # whoever works there next has it laid anew
        else:
            await self.mirror.set_refs({local_ref(self.spec.item): head})

    # --- the tree's files ---------------------------------------------------------------------------------------------

    async def lay(self, head: str, pending: Pending | None, files: str, trusted: bool) -> None:
        """Lay the files of commit `files` and a fresh `.git` at `head`. Written down, then done, then over."""
        refs = {local_ref(self.spec.item): head, merging_ref(self.spec.item): pending.commit if pending else None}
        await self.mirror.set_refs(refs | {laying_ref(self.spec.item): files})
        await self._finish_laying(files, trusted)

    async def _finish_laying(self, files: str, trusted: bool = False) -> None:
        tree = self.layout.tree(self.spec)
        head = await self.mirror.need(local_ref(self.spec.item))
        if not tree.is_dir():
            self.layout.setup_mark(self.spec).unlink(missing_ok=True)
            self.layout.index(self.spec.item).unlink(missing_ok=True)
        tree.mkdir(parents=True, exist_ok=True)
        tree.chmod(0o755)
        pending = await read_pending(self.mirror, merging_ref(self.spec.item))
        base, conflicts = await self.mirror.need(self.spec.config), pending.conflicts if pending else ()
        await self.index.lay(await mask(self.index, self.spec.item, files, base, conflicts, trusted))
        await self._lay_dotgit(head)
        await self.mirror.set_refs({laying_ref(self.spec.item): None})

    async def _lay_dotgit(self, head: str) -> None:
        spec, scratch = self.spec, self.layout.scratch()
        index = scratch.with_name(f"{scratch.name}-index")
        await self.index.copy_for(head, index, await masked_paths(self.mirror, spec.item))
        pending = await read_pending(self.mirror, merging_ref(spec.item))
        open_merge = pending and not await self.mirror.contains(pending.theirs, head)
        base = await self.mirror.need(spec.base)
        told = dotgit.DotGit(
            objects=self.mirror.path / "objects",
            head=head,
            branch=spec.branch,
            author=self.author,
            refs={remote_branch(spec.base): base},
            merging=pending.theirs if pending and open_merge else None,
        )
        dotgit.lay(self.layout.tree(spec), index, told, scratch)
        index.unlink(missing_ok=True)

    async def conflicts(self, pending: Pending | None, files: str) -> tuple[str, ...]:
        if pending is None:
            return ()
        return _told(await unresolved(self.mirror, pending, files, files) or pending.conflicts)

    # --- what lies in it ----------------------------------------------------------------------------------------------

    async def collect(self, message: str, trailers: Mapping[str, str]) -> Work:
        return await self.describe(*await self._taken(message, trailers))

    async def _taken(self, message: str, trailers: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
        """The head that has all of it, and the files of a merge that are still to be seen to."""
        item = self.spec.item
        if self.exists:
            if files := await self.mirror.ref(laying_ref(item)):
                await self._finish_laying(files)
            return await self._collect_tree(message, trailers)
        head = await self.mirror.ref(local_ref(item))
        if head is None:
            raise GitFailed(f"nothing was ever collected for {self.spec.branch} of {self.spec.repo}")
        return head, ()

    async def _collect_tree(self, message: str, trailers: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
        item = self.spec.item
        head = await self._agents_head(await self._known(), trailers)
        files = await unmasked(self.index, item, await self.index.snapshot(head, await self._submodules()))
        pending = await read_pending(self.mirror, merging_ref(item))
        left = await unresolved(self.mirror, pending, head, files) if pending else ()
        resolved = pending is not None and not left
        parents = [head]
        if pending and resolved and not await self.mirror.contains(pending.theirs, head):
            parents.append(pending.theirs)
        if len(parents) > 1 or files != await self.mirror.tree_of(head):
            head = await self.mirror.commit(files, tuple(parents), worded(message, trailers, LEFT_OVER))
        await self.mirror.set_refs({local_ref(item): head} | ({merging_ref(item): None} if resolved else {}))
        return head, left

    async def _known(self) -> str:
        """The head Sluice last knew; if the mirror was lost, where a fresh tree would start."""
        known = await self.mirror.ref(local_ref(self.spec.item))
        return known or (await self.start(await self.fetch()))[0]

    async def _agents_head(self, known: str, trailers: Mapping[str, str]) -> str:
        """The newest commit of the agent's that goes on from what is known, with its byline; else `known` itself."""
        ref = incoming_ref(self.spec.item)
        tree, best = self.layout.tree(self.spec), known
        for sha in dotgit.heads(tree, self.spec.branch):
            here = await self.mirror.commit_at(sha)
            if here and await self.mirror.contains(here, best):  # nothing new, as of an agent that did not commit
                continue
            if not await quarantine.bring_in(self.mirror, tree, sha, ref, self.layout.scratch()):
                continue
            if await self.mirror.contains(best, sha):
                best = sha
        if best != known:
            best = await signed(self.mirror, known, best, ref, trailers) or known
        await self.mirror.set_refs({local_ref(self.spec.item): best, ref: None})
        return best

    async def _submodules(self) -> set[str]:
        """The submodules the base branch has: links to other repositories that people meant to be there."""
        base = await self.mirror.need(self.spec.config)
        rows = await self.mirror.git.run(self.mirror.path, "ls-tree", "-r", "-z", base)
        entries = (row.split("\t", 1) for row in rows.decode("utf-8", "surrogateescape").split("\0") if row)
        return {path for info, path in entries if info.startswith("160000")}

    async def describe(self, head: str, left: tuple[str, ...]) -> Work:
        base = await self.mirror.need(self.spec.base)
        since = await self.mirror.merge_base(base, head) or base
        count = await self.mirror.git.text(self.mirror.path, "rev-list", "--count", f"{since}..{head}")
        return Work(head, since, int(count), await self.mirror.changes(since, head), _told(left))

    # --- the end ------------------------------------------------------------------------------------------------------

    async def refuse_unless_safe(self) -> None:
        head, _ = await self._taken(LEFT_OVER, {})
        if head == await self.mirror.remote_ref(self.spec.saved_ref):
            return
        await self.mirror.fetch()
        for name in (self.spec.branch, self.spec.base):
            there = await self.mirror.ref(remote_branch(name))
            if there and await self.mirror.contains(head, there):
                return
        raise GitFailed(
            f"the worktree of {self.spec.branch} holds {head[:12]}, which the remote has neither as saved work "
            f"nor on {self.spec.branch} nor on {self.spec.base}; save it first"
        )

    async def tidy(self) -> None:
        """Forget everything that is only true while the tree is there."""
        index = self.layout.index(self.spec.item)
        for path in (index, *index.parent.glob(f"{index.name}.*"), self.layout.setup_mark(self.spec)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        await self.mirror.ready()
        item = self.spec.item
        await self.mirror.set_refs({merging_ref(item): None, laying_ref(item): None, masked_ref(item): None})


def _told(paths: tuple[str, ...]) -> tuple[str, ...]:
    """For people and agents: a name may hold bytes that are no text, and lines of its own."""
    return tuple(path if path.isprintable() else ascii(path)[1:-1] for path in paths)
