"""Skills: what agents are taught, laid into the home of every run where their programs look for it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import bot
from bot.agents.erasing import erase

# Below HOME. Claude Code reads its own folder alone, Codex and Gemini CLI the common one, others both.
PLACES = (".agents/skills", ".claude/skills")


def folder() -> Path:
    """In an installed Sluice they lie inside the package, in its repository beside it."""
    package = Path(bot.__file__).parent
    return package / "skills" if (package / "skills").is_dir() else package.parent / "skills"


def lay(home: Path) -> None:
    """Anew for each run. The home is the agent's: what it has left in the way, a link out of it above all, goes."""
    home.mkdir(parents=True, exist_ok=True)
    for place in PLACES:
        target = home
        for name in Path(place).parts:
            target = target / name
            if not _is_folder(target):
                target.unlink(missing_ok=True)
                target.mkdir()
        for skill in sorted(folder().iterdir()):
            _clear(target / skill.name)
            shutil.copytree(skill, target / skill.name)


def _clear(path: Path) -> None:
    if _is_folder(path):
        erase(path)
    else:
        path.unlink(missing_ok=True)


def _is_folder(path: Path) -> bool:
    """It is there, and no link."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
