"""The policy's set-up commands: they run once in each worktree, before an agent works in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.agents.endings import cut_short, last_words
from bot.agents.launcher import Command, Launcher
from bot.core.run import Assignment, Outcome
from bot.core.worktree import ref_part


async def set_up(launcher: Launcher, assignment: Assignment) -> Outcome | None:
    """Unless these very ones ran in this worktree before. None: it is ready; else how the run ended here."""
    tree, root = Path(assignment.worktree), launcher.root
    mark = root / "setup" / tree.parent.name / tree.name
    wanted = hashlib.sha256("\n".join(assignment.setup).encode()).hexdigest()
    if not assignment.setup or (mark.exists() and mark.read_text() == wanted):
        return None
    for number, line in enumerate(assignment.setup):
        log = root / "logs" / f"{ref_part(assignment.run)}-setup-{number}.log"
        command = ("bash", "-c", line)
        ended = await launcher.run(
            Command(command, tree, f"{assignment.run}-setup", log, assignment.peer.limits, writable=(tree,))
        )
        if ended.ended != "finished" or ended.code != 0:
            if ended.ended == "unreached":
                return cut_short(ended, "", log)
            said = f"the set-up command `{line}` failed: {ended.why or last_words(ended)}"
            return Outcome("failed", said, ended.seconds, str(log), ended.code, failure="setup")
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(wanted)
    return None
