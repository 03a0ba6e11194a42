"""Makes a tree one that can be read to its end: nothing in it is waited for, and nothing is shut."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path


def tame(tree: Path) -> None:
    """Pipes, sockets and devices go: git would open one that is named like a file of its own, and wait for ever. What
    its owner may not read is opened up. The tree's own `.git` is left alone, and no link is followed."""
    folders = [str(tree)]
    while folders:
        folder = folders.pop()
        with contextlib.suppress(OSError):  # it is gone, or too deep for a name
            for entry in os.scandir(folder):
                if folder != str(tree) or entry.name != ".git":
                    folders += _tamed(entry)


def _tamed(entry: os.DirEntry[str]) -> list[str]:
    """The folder that is to be looked into, too."""
    with contextlib.suppress(OSError):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            _open_up(entry.path, mode, 0o700)
            return [entry.path]
        if stat.S_ISREG(mode):
            _open_up(entry.path, mode, 0o400)
        elif not stat.S_ISLNK(mode):
            os.unlink(entry.path)
    return []


def _open_up(path: str, mode: int, least: int) -> None:
    if mode & least != least:
        os.chmod(path, stat.S_IMODE(mode) | least)
