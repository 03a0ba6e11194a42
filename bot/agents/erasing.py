"""Erases a folder that an agent could write in, however deep it has made it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path


def erase(folder: Path) -> None:
    """Whatever of it can be erased; no link is followed. Python's own way ends at some depth, the system's does not."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.is_dir() and not folder.is_symlink():
        subprocess.run(["rm", "-rf", "--", folder], capture_output=True, check=False)
