"""A person's own working tree, only looked at: what all its files are, as one tree, and what changed since.

The objects this makes lie in a folder of Sluice's; nothing of the person's repository is written.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.git.process import Answer, Runner, names

NOBODY = Runner(("sluice", "sluice@localhost"))  # nothing is committed


@dataclass(frozen=True)
class Standing:
    top: Path
    objects: Path  # where new ones go

    async def tree(self) -> str:
        """Of every file that git does not ignore; empty: git could not tell."""
        index = self.objects / f"index-{os.getpid()}"
        self.objects.mkdir(parents=True, exist_ok=True)
        own = Path((await self._text("rev-parse", "--path-format=absolute", "--git-path", "index")) or "/nonexistent")
        if own.is_file():  # with it git need not read what has not changed
            await asyncio.to_thread(shutil.copyfile, own, index)
        else:
            index.unlink(missing_ok=True)
        try:
            added = await self._git("add", "--all", "--ignore-errors", index=index)
            return (await self._text("write-tree", index=index)) if added.code in (0, 1) else ""
        finally:
            index.unlink(missing_ok=True)

    async def changed(self, before: str, now: str) -> tuple[str, ...]:
        answer = await self._git("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, now)
        return tuple(names(answer.out)) if answer.code == 0 else ()

    async def commit(self, name: str) -> str:
        """The whole SHA of a commit; empty: there is none of that name."""
        return await self._text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")

    async def files_of(self, commit: str) -> tuple[str, ...]:
        """What it changed."""
        args = ("diff-tree", "-r", "-z", "--root", "--name-only", "--no-renames", "--no-commit-id", commit)
        answer = await self._git(*args)
        return tuple(names(answer.out)) if answer.code == 0 else ()

    async def show(self, commit: str, path: str) -> str | None:
        """A file's text in a commit; None: it has none."""
        answer = await self._git("cat-file", "blob", f"{commit}:{path}")
        return answer.out.decode("utf-8", "replace") if answer.code == 0 else None

    async def _text(self, *args: str, index: Path | None = None) -> str:
        answer = await self._git(*args, index=index)
        return answer.out.decode("utf-8", "replace").strip() if answer.code == 0 else ""

    async def _git(self, *args: str, index: Path | None = None) -> Answer:
        env = {"GIT_WORK_TREE": str(self.top)}
        if self.objects.is_dir() and (theirs := await self._their_objects()):
            env |= {"GIT_OBJECT_DIRECTORY": str(self.objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": theirs}
        if index:
            env["GIT_INDEX_FILE"] = str(index)
        return await NOBODY.attempt(self.top / ".git", *args, env=env, cwd=self.top)

    async def _their_objects(self) -> str:
        args = ("rev-parse", "--path-format=absolute", "--git-path", "objects")
        answer = await NOBODY.attempt(self.top / ".git", *args, env={"GIT_WORK_TREE": str(self.top)}, cwd=self.top)
        return answer.out.decode().strip() if answer.code == 0 else ""
