"""A desk: the folder outside the worktree through which a brief goes in, and a result or a question comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.agents.erasing import erase
from bot.core.events import HEARD
from bot.core.prompts import QUESTION
from bot.core.run import Assignment
from bot.core.worktree import ref_part

MOST = 1_000_000  # bytes of a file that is read


@dataclass(frozen=True)
class Desk:
    """What lies on it after the run an agent may have written: it is read with care, or not at all."""

    path: Path

    @property
    def question_file(self) -> Path:
        return self.path / "question.md"

    @property
    def environment(self) -> dict[str, str]:
        """Where a program that is not talked with finds its brief, and leaves what it has to say."""
        files = {"SLUICE_BRIEF": self.path / "brief.md", "SLUICE_RESULT": self.path / "result.json"}
        return {name: str(file) for name, file in files.items()} | {"SLUICE_QUESTION": str(self.question_file)}

    def question(self) -> str:
        return _left(self.question_file).strip()[:HEARD]

    def result(self) -> dict[str, Any]:
        try:
            found = json.loads(_left(self.path / "result.json") or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def told_of(self, assignment: Assignment) -> Assignment:
        """What it is told names the file for a question itself: not every program lets its tools see the
        environment."""
        file = str(self.question_file)
        told = {name: getattr(assignment, name).replace(QUESTION, file) for name in ("brief", "dossier", "interrupted")}
        return replace(assignment, **told)

    def clear(self) -> None:
        erase(self.path)


def laid(root: Path, assignment: Assignment) -> Desk:
    desk = Desk(root / "desks" / ref_part(assignment.run))
    desk.clear()
    desk.path.mkdir(parents=True)
    (desk.path / "brief.md").write_text(assignment.brief)
    return desk


def _left(file: Path) -> str:
    """What the agent left, if it left something sensible: a regular, small file of its own."""
    if file.is_symlink() or not file.is_file() or file.stat().st_size > MOST:
        return ""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
