"""Sluice's own index of an item's tree: how the tree's files become a git tree, and the other way round.

The tree is only GIT_WORK_TREE here. Git's folder, configuration and index are Sluice's, and the commands are those that
never look into another repository: `git add` and `git status` would run one inside an embedded repository.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.git.errors import GitFailed
from bot.git.mirror import Mirror
from bot.git.process import failure, names
from bot.git.taming import tame

log = structlog.get_logger(__name__)
_GONE = "0" * 40
HUGE = 100 << 20  # bytes: GitHub takes no larger file


@dataclass(frozen=True)
class Index:
    mirror: Mirror
    tree: Path
    file: Path

    async def lay(self, commit: str) -> None:
        """Make the tree's files those of the commit. What git ignores or does not know stays, unless in the way."""
        async with self._working() as work:
            await work.git("read-tree", "--reset", "-u", commit)

    async def snapshot(self, head: str, links: Iterable[str]) -> str:
        """The tree object of all that is in the tree and not ignored. `links`: the submodules that are meant to be."""
        await asyncio.to_thread(tame, self.tree)
        async with self._working() as work:
            await work.git("read-tree", "--reset", head)
            tracked, embedded = await work.entries(set(links))
            await work.forget(embedded)
            others = await work.others()
            nested = [file for path in others if path.endswith("/") for file in _walk(self.tree, path)]
            found = [*tracked, *(path for path in others if not path.endswith("/")), *await work.not_ignored(nested)]
            here = _on_disk(self.tree, found)
            await work.forget(set(tracked) - set(here))
            try:
                await work.git("update-index", "--add", "--replace", "-z", "--stdin", stdin=_joined(here))
            except GitFailed as error:  # an attribute wants what cannot be, an encoding that nobody knows perhaps
                log.warning("files are taken byte for byte", tree=str(self.tree), why=str(error))
                await work.take_as_they_are(here)
            return (await work.git("write-tree")).decode().strip()

    async def changed(self, tree: str, entries: Mapping[str, str | None]) -> str:
        """The tree object with these entries (mode and SHA; None: without) in place of its own."""
        async with self._working(keep=False) as work:
            await work.git("read-tree", "--reset", tree)
            await work.forget(entries)
            await work.remember({path: entry for path, entry in entries.items() if entry})
            return (await work.git("write-tree")).decode().strip()

    async def copy_for(self, head: str, target: Path, untouched: Collection[str] = ()) -> None:
        """An index that says `head`, for the agent's own `.git`; its git leaves those that are `untouched` alone."""
        async with self._working(keep=False) as work:
            await work.git("read-tree", "--reset", head)
            if untouched:
                known = {path for _, path in await work.rows()} & set(untouched)
                await work.git("update-index", "--skip-worktree", "-z", "--stdin", stdin=_joined(sorted(known)))
            shutil.copy2(work.file, target)

    @asynccontextmanager
    async def _working(self, keep: bool = True) -> AsyncIterator[_Working]:
        """A copy to work on, put in place of the index only when all went well."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        copy = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        for rest in (copy, copy.with_name(f"{copy.name}.lock")):
            rest.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(self.file, copy)
        try:
            yield _Working(self.mirror, self.tree, copy)
            if keep:
                copy.replace(self.file)
        finally:
            copy.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Working:
    mirror: Mirror
    tree: Path
    file: Path

    async def git(self, *args: str, stdin: bytes = b"") -> bytes:
        env = {"GIT_WORK_TREE": str(self.tree), "GIT_INDEX_FILE": str(self.file)}
        return await self.mirror.git.run(self.mirror.path, *args, stdin=stdin, env=env, cwd=self.tree)

    async def entries(self, links: set[str]) -> tuple[list[str], set[str]]:
        """The files the index knows, and the embedded repositories somebody added as if they were submodules."""
        rows = await self.rows()
        tracked = [path for info, path in rows if not info.startswith("160000")]
        return tracked, {path for info, path in rows if info.startswith("160000")} - links

    async def rows(self) -> list[list[str]]:
        """Info and path of each entry."""
        return [row.split("\t", 1) for row in names(await self.git("ls-files", "-s", "-z"))]

    async def others(self) -> list[str]:
        """What the index does not know and git does not ignore; an embedded repository is one entry with a slash."""
        return names(await self.git("ls-files", "--others", "--exclude-standard", "-z"))

    async def forget(self, paths: Iterable[str]) -> None:
        rows = "".join(f"0 {_GONE}\t{path}\0" for path in paths)
        if rows:
            await self.git("update-index", "-z", "--index-info", stdin=rows.encode("utf-8", "surrogateescape"))

    async def remember(self, entries: Mapping[str, str]) -> None:
        rows = "".join(f"{entry}\t{path}\0" for path, entry in entries.items())
        await self.git("update-index", "-z", "--index-info", stdin=rows.encode("utf-8", "surrogateescape"))

    async def take_as_they_are(self, paths: Iterable[str]) -> None:
        """Without any conversion that an attribute asks for."""
        entries = {}
        for path in paths:
            mode = os.lstat(self.tree / path).st_mode
            if stat.S_ISLNK(mode):
                told, words = os.fsencode(os.readlink(self.tree / path)), ["--stdin"]
            else:
                told, words = b"", ["--no-filters", "--", path]
            sha = (await self.git("hash-object", "-w", *words, stdin=told)).decode().strip()
            kind = "120000" if stat.S_ISLNK(mode) else "100755" if mode & 0o100 else "100644"
            entries[path] = f"{kind} {sha}"
        await self.remember(entries)

    async def not_ignored(self, wanted: list[str]) -> list[str]:
        if not wanted:
            return []
        # this command alone reads names as patterns; a leading ./ makes them names again
        env = {"GIT_WORK_TREE": str(self.tree), "GIT_INDEX_FILE": str(self.file), "GIT_LITERAL_PATHSPECS": "0"}
        args = ("check-ignore", "-z", "--stdin")
        stdin = _joined(f"./{path}" for path in wanted)
        answer = await self.mirror.git.attempt(self.mirror.path, *args, stdin=stdin, env=env, cwd=self.tree)
        if answer.code > 1:
            raise failure(self.mirror.path, args, answer)
        ignored = set(names(answer.out))
        return [path for path in wanted if f"./{path}" not in ignored]


def _walk(tree: Path, folder: str) -> Iterator[str]:
    """The files of an embedded repository, without its `.git`, and of those embedded in it."""
    for parent, folders, files in os.walk(tree / folder):
        folders[:] = [name for name in folders if name.lower() != ".git"]
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*files, *links):
            if name.lower() != ".git":
                yield os.path.relpath(os.path.join(parent, name), tree)


def _on_disk(tree: Path, paths: Iterable[str]) -> list[str]:
    """Those that are plain files or links in plain folders. A path beyond a symbolic link is not the tree's, and what
    is huge and almost nothing but a hole is no work: reading it to its end would take hours."""
    folders: dict[str, bool] = {"": True}

    def plain(folder: str) -> bool:
        if folder not in folders:
            folders[folder] = plain(os.path.dirname(folder)) and stat.S_ISDIR(_mode(tree, folder))
        return folders[folder]

    return [path for path in paths if plain(os.path.dirname(path)) and _is_file(tree, path)]


def _mode(tree: Path, path: str) -> int:
    with contextlib.suppress(OSError):
        return os.lstat(tree / path).st_mode
    return 0


def _is_file(tree: Path, path: str) -> bool:
    with contextlib.suppress(OSError):
        found = os.lstat(tree / path)
        hollow = found.st_size > HUGE and found.st_blocks * 512 < found.st_size // 2
        return stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and not hollow)
    return False


def _joined(paths: Iterable[str]) -> bytes:
    return "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
