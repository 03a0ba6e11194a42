"""The policy's set-up commands: they run once in each worktree, before an agent works in it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path

from bot.agents.endings import cut_short, last_words
from bot.agents.launcher import Command, Launcher
from bot.core.run import Assignment, Limits, Outcome
from bot.core.worktree import ref_part


async def set_up(launcher: Launcher, assignment: Assignment, begun: float) -> Outcome | None:
    """Unless these very ones ran in this worktree before. None: it is ready; else how the run, begun then, ended."""
    tree, root = Path(assignment.worktree), launcher.root
    mark = root / "setup" / tree.parent.name / tree.name
    wanted = hashlib.sha256("\n".join(assignment.setup).encode()).hexdigest()
    if not assignment.setup or (mark.exists() and mark.read_text() == wanted):
        return None
    for number, line in enumerate(assignment.setup):
        log = root / "logs" / f"{ref_part(assignment.run)}-setup-{number}.log"
        command, limits = ("bash", "-c", line), left_of(assignment.peer.limits, begun)
        key, offline = f"{assignment.run}-setup", assignment.peer.offline
        ended = await launcher.run(Command(command, tree, key, log, limits, writable=(tree,), offline=offline))
        if ended.ended != "finished" or ended.code != 0:
            if ended.ended == "unreached":
                return cut_short(ended, "", log)
            said = f"the set-up command `{line}` failed: {ended.why or last_words(ended)}"
            return Outcome("failed", said, ended.seconds, str(log), ended.code, failure="setup")
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(wanted)
    return None


def left_of(limits: Limits, begun: float) -> Limits:
    """A run's time is one, whoever takes it: its set-up or its agent."""
    return replace(limits, wall_seconds=max(1.0, limits.wall_seconds - (time.monotonic() - begun)))
