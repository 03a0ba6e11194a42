"""`Git`: every verb of bot/git behind one object. Where each does its work is in the module it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from bot.core.worktree import ClaimNote, FileChange, Push, Work, WorkSpec, Worktree
from bot.git import checkout as checkouts
from bot.git import claim as claims
from bot.git import heartbeat
from bot.git import probe as probes
from bot.git import push as pushes
from bot.git.layout import Layout, check_branch
from bot.git.mirror import Mirror
from bot.git.process import Runner, names
from bot.git.worktree import Worktrees

WORKFLOWS, NEWEST = ".github/workflows", "refs/sluice/newest"

NONE: Mapping[str, str] = {}


class Git:
    """Mirrors, worktrees, branches and claims under `root`. Raises GitFailed."""

    def __init__(
        self,
        root: Path,
        url_of: Callable[[str], str],
        token: Callable[[str], Awaitable[str]],
        author: tuple[str, str],
        denied: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`denied` is told the repository that let nobody in, and may raise what is the matter."""
        root.mkdir(parents=True, exist_ok=True)
        self._layout = Layout(root.resolve())
        self._url_of, self._token, self._author = url_of, token, author
        self._denied = denied
        self._runner = Runner(author)
        self._mirrors: dict[str, Mirror] = {}
        self._trees = Worktrees(self._layout, self._mirror, author)

    # --- worktrees ----------------------------------------------------------------------------------------------------

    async def worktree(
        self,
        spec: WorkSpec,
        merge_base: bool = False,
        trailers: Mapping[str, str] = NONE,
        trusted: bool = False,
        merge_head: str = "",
    ) -> Worktree:
        """The item's tree, ready for a round. With `merge_base` the base is merged in, conflicts and all, with
        `merge_head` that commit; what a life that was cut short left in it is committed with the trailers. Unless the
        repository's own configuration of agents is `trusted`, what of it starts programs is not there."""
        return await self._trees.prepare(spec, merge_base, trailers, trusted, merge_head)

    async def collect(self, spec: WorkSpec, message: str, trailers: Mapping[str, str]) -> Work:
        """Commit all that git does not ignore, and bring it into the mirror, checked."""
        return await self._trees.collect(spec, message, trailers)

    async def fold(self, spec: WorkSpec, part: WorkSpec, head: str, note: str) -> Work | tuple[str, ...]:
        """Bring `head`, collected in the worktree of `part`, into the item's branch; or the files that conflict."""
        return await self._trees.fold(spec, part, head, note)

    async def remove_worktree(self, spec: WorkSpec) -> None:
        """Refused unless the remote has all that is in it. Safe to repeat."""
        await self._trees.remove(spec)

    def has_worktree(self, spec: WorkSpec) -> bool:
        return self._layout.tree(spec).is_dir()

    def has_mirror(self, repo: str) -> bool:
        return self._layout.mirror(repo).is_dir()

    def worktrees(self) -> list[Path]:
        return self._layout.trees()

    async def checkout(self, repo: str, sha: str, name: str) -> Path:
        return await checkouts.checkout(self._mirror(repo), self._layout, sha, name, self._author)

    async def remove_checkout(self, path: Path) -> None:
        await checkouts.remove_checkout(self._layout, path)

    # --- the remote ---------------------------------------------------------------------------------------------------

    async def fetch(self, repo: str) -> None:
        await self._mirror(repo).fetch()

    async def save(self, spec: WorkSpec) -> str:
        """Keep what was collected on the remote, read back; its SHA."""
        return await pushes.save(self._mirror(spec.repo), spec)

    async def push(self, spec: WorkSpec, expected: str | None) -> Push:
        """Set the item's branch to what was collected, if the remote's is at `expected` (None: not there)."""
        return await pushes.push(self._mirror(spec.repo), spec, expected)

    async def drop_saved(self, spec: WorkSpec) -> None:
        await pushes.drop_saved(self._mirror(spec.repo), spec)

    async def delete_branch(self, repo: str, branch: str, expected: str) -> bool:
        """False when the branch has moved on; True when it is gone."""
        return await pushes.delete(self._mirror(repo), f"refs/heads/{check_branch(branch)}", expected)

    async def remote_refs(self, repo: str, *patterns: str) -> dict[str, str]:
        return await self._mirror(repo).remote_refs(*patterns)

    async def probe(self, repo: str) -> None:
        """Sets a ref and deletes it again."""
        await probes.probe(self._mirror(repo))

    async def claim(self, repo: str, issue: str, note: ClaimNote, expected: str | None) -> ClaimNote | None:
        """The note now held by us; None when somebody else holds the issue."""
        return await claims.claim(self._mirror(repo), issue, note, expected)

    async def read_claim(self, repo: str, issue: str) -> ClaimNote | None:
        return await claims.read_claim(self._mirror(repo), issue)

    async def release(self, repo: str, issue: str, expected: str) -> bool:
        return await claims.release(self._mirror(repo), issue, expected)

    async def beat(self, repo: str, now: datetime) -> None:
        """A sign of life, for who watches from there."""
        await heartbeat.beat(self._mirror(repo), now)

    # --- questions: a revision is a SHA or the name of a branch of the remote -----------------------------------------

    async def contains(self, repo: str, ancestor: str, descendant: str) -> bool:
        mirror = self._mirror(repo)
        return await mirror.contains(await mirror.need(ancestor), await mirror.need(descendant))

    async def changed_files(self, repo: str, base: str, head: str) -> tuple[FileChange, ...]:
        """What `head` changed since it left `base`."""
        mirror = self._mirror(repo)
        one, other = await mirror.need(base), await mirror.need(head)
        return await mirror.changes(await mirror.merge_base(one, other) or one, other)

    async def authors_since(self, repo: str, base: str, head: str) -> tuple[str, ...]:
        """The e-mail addresses of who committed what `head` has and `base` has not."""
        mirror = self._mirror(repo)
        span = f"{await mirror.need(base)}..{await mirror.need(head)}"
        emails = await mirror.git.text(mirror.path, "log", "--format=%ce", span)
        return tuple(dict.fromkeys(emails.splitlines()))

    async def show(self, repo: str, rev: str, path: str) -> str | None:
        """A file's text in a revision; None when it has no such file."""
        mirror = self._mirror(repo)
        content = await mirror.blob(await mirror.need(rev), path)
        return None if content is None else content.decode("utf-8", "replace")

    async def read(
        self, repo: str, rev: str, wanted: Callable[[tuple[str, ...]], Iterable[str]]
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """The paths of a revision's files, and the texts of those of them that are wanted."""
        mirror = self._mirror(repo)
        commit = await mirror.need(rev)
        found = names(await mirror.git.run(mirror.path, "ls-tree", "-r", "-z", "--name-only", commit))
        paths = tuple(path for path in found if path.isprintable())
        blobs = {path: await mirror.blob(commit, path) for path in wanted(paths)}
        return paths, {path: blob.decode("utf-8", "replace") for path, blob in blobs.items() if blob is not None}

    async def workflows(self, repo: str, sha: str = "") -> tuple[tuple[str, str], ...]:
        """The workflow files of a commit, name and text. Without one: of the default branch, and of that no history."""
        mirror = self._mirror(repo)
        if not sha:
            await mirror.fetch_only(f"+HEAD:{NEWEST}", options=("--depth=1",))
        commit = await mirror.need(sha or NEWEST)
        args = ("ls-tree", "-z", "--name-only", commit, f"{WORKFLOWS}/")
        paths = [path for path in names(await mirror.git.run(mirror.path, *args)) if path.endswith((".yml", ".yaml"))]
        blobs = [(path.removeprefix(f"{WORKFLOWS}/"), await mirror.blob(commit, path)) for path in paths]
        return tuple((name, (blob or b"").decode("utf-8", "replace")) for name, blob in blobs)

    def _mirror(self, repo: str) -> Mirror:
        path = self._layout.mirror(repo)
        if repo not in self._mirrors:
            self._mirrors[repo] = Mirror(repo, path, self._url_of(repo), self._token, self._runner, self._denied)
        return self._mirrors[repo]
