"""Brings an agent's commits into the mirror without trusting the folder they lie in.

The objects, and nothing else, are copied from the tree's `.git` into a bare repository of Sluice's own making; git
fetches one ref from there, checking every object. So no configuration, hook, alternate or index of the agent's is read.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

from bot.git.dotgit import is_plain_folder
from bot.git.errors import GitFailed
from bot.git.mirror import Mirror
from bot.git.removal import remove

log = structlog.get_logger(__name__)
FULL = os.strerror(errno.ENOSPC)
_FANOUT = re.compile(r"[0-9a-f]{2}")
_LOOSE = re.compile(r"[0-9a-f]{38}|[0-9a-f]{62}")
_PACK = re.compile(r"pack-[0-9a-f]{40,64}\.pack")


async def bring_in(mirror: Mirror, tree: Path, sha: str, ref: str, scratch: Path) -> bool:
    """Fetch commit `sha` out of the tree's `.git` to `ref` of the mirror. False when it is not sound."""
    if not is_plain_folder(tree / ".git"):
        return False
    try:
        await _fetch_checked(mirror, tree / ".git", sha, ref, scratch)
    except (GitFailed, OSError) as error:
        if FULL in str(error):  # nothing is wrong with them: they are taken when there is room
            raise GitFailed(f"the disk of this machine is full, so nothing was collected yet: {error}") from error
        log.warning("an agent's commits were refused; its files are taken instead", tree=str(tree), why=str(error))
        return False
    finally:
        remove(scratch)
    return True


async def _fetch_checked(mirror: Mirror, dotgit: Path, sha: str, ref: str, scratch: Path) -> None:
    git = mirror.git
    await git.run(scratch, "init", "--quiet", "--bare", "--template=", str(scratch))
    (scratch / "objects/info/alternates").write_text(f"{mirror.path / 'objects'}\n", encoding="utf-8")
    for source, name in _objects(dotgit / "objects"):
        target = scratch / "objects" / name
        target.parent.mkdir(exist_ok=True)
        _copy_plain(source, target)
        if target.suffix == ".pack":  # its index is made here: the agent's own could say anything
            await git.run(scratch, "index-pack", str(target))
    await git.run(scratch, "update-ref", "refs/heads/agent", sha)
    strict = {"transfer.fsckObjects": "true", "fetch.fsckObjects": "true"}
    args = ("fetch", "--no-tags", "--no-write-fetch-head", str(scratch), f"+refs/heads/agent:{ref}")
    await git.run(mirror.path, *args, settings=strict)


def _objects(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file that is named like a loose object or a pack, in plain folders only."""
    if not is_plain_folder(folder):
        return
    for entry in os.scandir(folder):
        wanted = _LOOSE if _FANOUT.fullmatch(entry.name) else _PACK if entry.name == "pack" else None
        if wanted and entry.is_dir(follow_symlinks=False):
            for file in os.scandir(entry.path):
                if wanted.fullmatch(file.name):
                    yield Path(file.path), f"{entry.name}/{file.name}"


def _copy_plain(source: Path, target: Path) -> None:
    fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, "rb") as reader:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{source} is no plain file")
        with target.open("wb") as writer:
            shutil.copyfileobj(reader, writer)
