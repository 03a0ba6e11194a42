"""Slash commands and the orchestrator's definition, as Claude Code reads them, to be laid into a repository."""

from __future__ import annotations

from pathlib import Path

from bot.errors import UserError

HERE = Path(__file__).parent
KINDS = ("commands", "agents")
MARK = "<!-- written by `sluice agent commands` -->"


def lay(folder: Path) -> list[Path]:
    """The files that were written; one of somebody's own is never replaced."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder")
    files = [file for kind in KINDS for file in sorted((HERE / kind).glob("*.md"))]
    wanted = {folder / ".claude" / file.parent.name / file.name: file for file in files}
    if own := [str(path) for path in wanted if path.exists() and MARK.encode() not in path.read_bytes()]:
        raise UserError(f"{', '.join(own)} is somebody's own: move it out of the way, and run this again")
    for path, file in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{file.read_text().rstrip()}\n\n{MARK}\n")
    return list(wanted)
