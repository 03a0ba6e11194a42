"""What steps of a plan hand on beside the branch: files below `.sluice/` of a worktree, laid there and read back."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.agents.laying import lay

MOST = 1_000_000  # bytes of one file


def hand_over(tree: Path, texts: Mapping[str, str]) -> None:
    """As the ledger has them, whatever lies there."""
    for name, text in texts.items():
        lay(tree, name, text)


def handed_on(tree: Path, names: Iterable[str]) -> dict[str, str]:
    """Those an agent left, as regular files with something in them; nothing it left is followed out of the tree."""
    found = {name: _text(tree, name) for name in names}
    return {name: text for name, text in found.items() if text.strip()}


def _text(tree: Path, name: str) -> str:
    flags = os.O_RDONLY | os.O_NOFOLLOW
    here = os.open(tree, flags | os.O_DIRECTORY)
    try:
        for part in Path(name).parts[:-1]:
            outer, here = here, os.open(part, flags | os.O_DIRECTORY, dir_fd=here)
            os.close(outer)
        with open(os.open(Path(name).name, flags | os.O_NONBLOCK, dir_fd=here), "rb") as file:
            plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file.read(MOST).decode("utf-8", "replace").replace("\0", "") if plain else ""
    except OSError:
        return ""
    finally:
        os.close(here)
