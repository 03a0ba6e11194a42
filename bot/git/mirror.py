"""A mirror: the bare copy of one repository in which Sluice thinks, and the remote behind it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_random_exponential

from bot.core.worktree import FileChange
from bot.git.dotgit import IGNORED
from bot.git.errors import GitFailed
from bot.git.layout import remote_branch
from bot.git.loose import UNTOLD, read_ref
from bot.git.process import Answer, Runner, failure, names

_DENIED = re.compile(r"returned error: 40[134]|Repository not found|Authentication failed")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass
class Mirror:
    repo: str
    path: Path
    url: str
    token: Callable[[str], Awaitable[str]]
    git: Runner
    denied: Callable[[str], Awaitable[None]] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one writer at a time
    _commits: dict[tuple[int, str], str] = field(default_factory=dict)  # by the mirror's folder and the SHA asked for

    # --- the remote ---------------------------------------------------------------------------------------------------

    async def fetch(self, *more: str) -> None:
        """Bring every branch of the remote up to date, and whatever refspecs are named besides."""
        branches = "+refs/heads/*:refs/remotes/origin/*"
        await self.fetch_only(branches, *more, options=("--prune",))

    async def fetch_only(self, *refspecs: str, options: tuple[str, ...] = ()) -> None:
        await self.ready()
        args = ("fetch", "--no-tags", "--no-write-fetch-head", *options, "--", self.url, *refspecs)
        async with self._lock:
            answer = await self._patiently(*args)
        if answer.code:
            raise failure(self.path, args, answer)

    async def remote_refs(self, *patterns: str) -> dict[str, str]:
        """What the remote has now, asked of the remote: ref -> SHA."""
        await self.ready()
        args = ("ls-remote", "--refs", "--", self.url, *patterns)
        answer = await self._patiently(*args)
        if answer.code:
            raise failure(self.path, args, answer)
        rows = (line.split("\t", 1) for line in answer.out.decode("utf-8", "replace").splitlines() if "\t" in line)
        return {ref: sha for sha, ref in rows}

    async def remote_ref(self, ref: str) -> str | None:
        return (await self.remote_refs(ref)).get(ref)

    async def push(self, source: str, ref: str, expected: str | None) -> Answer:
        """Set a remote ref if it still is at `expected` (None: absent). An empty source deletes it."""
        await self.ready()
        lease = f"--force-with-lease={ref}:{expected or ''}"
        return await self.remote("push", "--porcelain", "--no-verify", lease, "--", self.url, f"{source}:{ref}")

    async def _patiently(self, *args: str) -> Answer:
        """A read gets three quick tries: hiccups are common, and asking again does no harm."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            retry=retry_if_result(lambda answer: bool(answer.code)),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: Answer = await retrying(self.remote, *args)
        return answer

    async def remote(self, *args: str) -> Answer:
        """A command that talks to the remote. The token travels in the environment only."""
        token = await self.token(self.repo)
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings = {"http.extraHeader": f"Authorization: Basic {basic}"} if token else {}
        answer = await self.git.attempt(self.path, *args, settings=settings)
        if answer.code and self.denied and _DENIED.search(answer.err):
            await self.denied(self.repo)
        return answer

    # --- the mirror ---------------------------------------------------------------------------------------------------

    async def ready(self) -> None:
        """Make the mirror if it is not there yet; made aside and moved into place, so that it is whole or absent."""
        if self.path.is_dir():
            return
        async with self._lock:
            new = self.path.with_name(f".{self.path.name}.{id(self)}")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            await self.git.run(new, "init", "--quiet", "--bare", "--template=", str(new))
            (new / "info").mkdir(exist_ok=True)
            (new / "info/exclude").write_text(IGNORED)
            with contextlib.suppress(OSError):  # another process was quicker
                new.rename(self.path)

    async def ref(self, name: str) -> str | None:
        found = read_ref(self.path, name)
        return await self._parsed(name) if found is UNTOLD else found

    async def _parsed(self, rev: str) -> str | None:
        answer = await self.git.attempt(self.path, "rev-parse", "--verify", "--quiet", "--end-of-options", rev)
        return answer.out.decode().strip() or None

    async def need(self, rev: str) -> str:
        """The commit a SHA or a branch of the remote stands for, fetched if it is not known yet."""
        name = rev if _SHA.fullmatch(rev) or rev.startswith("refs/") else remote_branch(rev)
        found = await self.commit_at(name)
        if found is None:
            await self.fetch()
            found = await self.commit_at(name)
        if found is None:
            raise GitFailed(f"{self.repo} has no {rev}: was the branch deleted or the history rewritten?")
        return found

    async def commit_at(self, name: str) -> str | None:
        """The commit a SHA or a ref stands for, if it is here. Objects never leave a mirror: what was found stays."""
        sha = name if _SHA.fullmatch(name) else await self.ref(name)
        if sha is None or not self.path.is_dir():
            return None
        key = (self.path.stat().st_ino, sha)  # a mirror made anew is another one
        if key not in self._commits and (found := await self._parsed(f"{sha}^{{commit}}")):
            self._commits[key] = found
        return self._commits.get(key)

    async def set_refs(self, updates: Mapping[str, str | None]) -> None:
        """Set (or with None delete) refs of the mirror, all or none; deleting what is not there is no error."""
        changed = {ref: sha for ref, sha in updates.items() if read_ref(self.path, ref) != sha}
        lines = [f"update {ref}\0{sha}\0\0" if sha else f"delete {ref}\0\0" for ref, sha in changed.items()]
        if not lines:
            return
        async with self._lock:
            await self.git.run(self.path, "update-ref", "-z", "--stdin", stdin="".join(lines).encode())

    async def contains(self, ancestor: str, descendant: str) -> bool:
        if ancestor == descendant:
            return True
        args = ("merge-base", "--is-ancestor", ancestor, descendant)
        answer = await self.git.attempt(self.path, *args)
        if answer.code > 1:
            raise failure(self.path, args, answer)
        return answer.code == 0

    async def merge_base(self, one: str, other: str) -> str | None:
        answer = await self.git.attempt(self.path, "merge-base", one, other)
        return answer.out.decode().strip() or None

    async def tree_of(self, commit: str) -> str:
        return await self.git.text(self.path, "rev-parse", "--verify", f"{commit}^{{tree}}")

    async def commit(self, tree: str, parents: tuple[str, ...], message: str) -> str:
        flags = [flag for parent in parents for flag in ("-p", parent)]
        return await self.git.text(self.path, "commit-tree", tree, *flags, stdin=message.encode("utf-8", "replace"))

    async def changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        """Every path that differs. Renames count as two: the path that went matters as well."""
        args = ("diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", base, head)
        out = (await self.git.run(self.path, *args)).decode("utf-8", "backslashreplace")
        rows = (row.split("\t", 2) for row in out.split("\0") if row)
        return tuple(FileChange(path, _count(added), _count(removed)) for added, removed, path in rows)

    async def differing(self, base: str, head: str) -> set[str]:
        if base == head:
            return set()
        args = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, head)
        return set(names(await self.git.run(self.path, *args)))

    async def paths(self, rev: str) -> list[str]:
        """Of every file in a commit or tree."""
        return names(await self.git.run(self.path, "ls-tree", "-r", "-z", "--full-tree", "--name-only", rev))

    async def blob(self, rev: str, path: str) -> bytes | None:
        """A file's content in a commit or tree; None when there is no such file."""
        answer = await self.git.attempt(self.path, "cat-file", "blob", f"{rev}:{path}")
        return answer.out if answer.code == 0 else None


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0
