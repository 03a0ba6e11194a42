"""Laying files into a home that an agent could write in before: nothing it left there is followed out of the home."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.agents.erasing import erase


def lay(home: Path, name: str, content: str | bytes) -> Path:
    """A file of this content; whatever had its name, or the name of a folder on the way to it, is gone."""
    path, data = home / name, content.encode() if isinstance(content, str) else content
    with _folder_of(home, name) as folder:
        clear(path.name, folder)
        with open(os.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
    return path


def link(home: Path, name: str, target: Path) -> Path:
    """A symbolic link to a place outside that Sluice has chosen."""
    path = home / name
    with _folder_of(home, name) as folder:
        clear(path.name, folder)
        os.symlink(target, path.name, dir_fd=folder)
    return path


def plain(home: Path, name: str) -> bool:
    """A regular file of one name lies there, in folders that are folders."""
    with _folder_of(home, name) as folder:
        try:
            found = os.stat(Path(name).name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def drop(home: Path, name: str) -> None:
    """Whatever has that name is gone."""
    with _folder_of(home, name) as folder:
        clear(Path(name).name, folder)


def clear(name: str, folder: int) -> None:
    """Remove whatever has that name in an open folder; what a link leads to stays."""
    try:
        kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(kind):
        erase(Path(f"/proc/{os.getpid()}/fd/{folder}/{name}"))
    else:
        os.unlink(name, dir_fd=folder)


@contextmanager
def _folder_of(home: Path, name: str) -> Iterator[int]:
    """The folder the name lies in, opened step by step, and made where it is not one."""
    here = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in Path(name).parts[:-1]:
            here = _step(here, part)
        yield here
    finally:
        os.close(here)


def _step(here: int, part: str) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        try:
            return os.open(part, flags, dir_fd=here)
        except OSError:
            clear(part, here)
            os.mkdir(part, 0o700, dir_fd=here)
            return os.open(part, flags, dir_fd=here)
    finally:
        os.close(here)
