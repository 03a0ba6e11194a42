"""Removes folders an agent touched: moved aside in one step first, read-only files and all, never through a link."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any


def discard(path: Path, aside: Path) -> None:
    """Remove whatever is at `path`. It is gone from there at once; a kill leaves a rest only at `aside`."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
        path.chmod(0o700)
        path.rename(aside)
    remove(aside)


def remove(folder: Path) -> None:
    """Remove a folder and all in it. Symbolic links in it are removed, never followed."""
    if folder.is_dir() and not folder.is_symlink():
        try:
            shutil.rmtree(folder, onerror=_open_up_and_retry)
        except RecursionError:  # deeper than Python goes
            subprocess.run(["rm", "-rf", "--", folder], capture_output=True, check=False)


def _open_up_and_retry(verb: Callable[..., Any], name: str, _: Any) -> None:
    """A folder without write permission keeps its entries: give it back, and try that entry once more."""
    for path in (os.path.dirname(name), name):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            os.chmod(path, 0o700)
    if stat.S_ISDIR(os.lstat(name).st_mode):
        shutil.rmtree(name)
    else:
        os.unlink(name)
