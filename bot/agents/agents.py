"""The runtimes behind one verb: an assignment in, an outcome out. Also runs gate commands, by the same launcher."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

from bot.agents.errors import LaunchFailed
from bot.agents.launcher import Command, Exit, Launcher
from bot.core.run import Assignment, Limits, Outcome, Peer
from bot.core.worktree import ref_part

PLAYER = Path(__file__).with_name("play.py")
SUMMARY = 4_000  # characters of an agent's own words that are kept


class Agents:
    def __init__(self, launcher: Launcher, root: Path) -> None:
        self.launcher, self.root = launcher, root.resolve()

    async def run(self, assignment: Assignment) -> Outcome:
        """Set the worktree up, once; then let the agent work."""
        desk = self._desk(assignment)
        failed = await self._set_up(assignment)
        if failed is None:
            match assignment.peer.runtime:
                case "command":
                    argv = _found(assignment.peer)
                case "scripted":
                    argv = self._player(assignment, desk)
                case other:
                    raise LaunchFailed(f"runtime {other!r} is not known; there are command and scripted")
            outcome = await self._launch(assignment, argv, desk)
        else:
            outcome = failed
        shutil.rmtree(desk, ignore_errors=True)
        return outcome

    async def gate(self, key: str, command: str, checkout: Path, limits: Limits) -> Exit:
        """A gate command in a clean checkout. No secret is in reach."""
        log = self.root / "logs" / f"gate-{ref_part(key)}.log"
        return await self.launcher.run(
            Command(("bash", "-c", command), checkout, f"gate-{key}", log, limits, writable=(checkout,))
        )

    def _desk(self, assignment: Assignment) -> Path:
        """The folder through which a brief goes in and a result comes back; outside the worktree."""
        desk = self.root / "desks" / ref_part(assignment.run)
        shutil.rmtree(desk, ignore_errors=True)
        desk.mkdir(parents=True)
        (desk / "brief.md").write_text(assignment.brief)
        return desk

    async def _launch(self, assignment: Assignment, argv: list[str], desk: Path) -> Outcome:
        tree = Path(assignment.worktree)
        log = self.root / "logs" / f"{ref_part(assignment.run)}-{assignment.round}.log"
        env = {"SLUICE_BRIEF": str(desk / "brief.md"), "SLUICE_RESULT": str(desk / "result.json")}
        ended = await self.launcher.run(
            Command(
                argv,
                tree,
                assignment.run,
                log,
                assignment.peer.limits,
                env,
                assignment.brief.encode(),
                writable=(tree, desk),
                readable=(PLAYER.parent, *_own_files(assignment.peer)),
            )
        )
        return _outcome(ended, _result(desk / "result.json"), log)

    def _player(self, assignment: Assignment, desk: Path) -> list[str]:
        """The edit script's steps for this item and round, handed to the program that plays them."""
        steps = _steps(Path(assignment.peer.script), assignment)
        (desk / "steps.json").write_text(json.dumps(steps))
        return [sys.executable, "-I", "-S", str(PLAYER), str(desk / "steps.json")]

    async def _set_up(self, assignment: Assignment) -> Outcome | None:
        """The policy's set-up commands, unless these very ones ran in this worktree before."""
        tree = Path(assignment.worktree)
        mark = self.root / "setup" / tree.parent.name / tree.name
        wanted = hashlib.sha256("\n".join(assignment.setup).encode()).hexdigest()
        if not assignment.setup or (mark.exists() and mark.read_text() == wanted):
            return None
        for number, line in enumerate(assignment.setup):
            log = self.root / "logs" / f"{ref_part(assignment.run)}-setup-{number}.log"
            command = ("bash", "-c", line)
            ended = await self.launcher.run(
                Command(command, tree, f"{assignment.run}-setup", log, assignment.peer.limits, writable=(tree,))
            )
            if ended.ended != "finished" or ended.code != 0:
                said = f"the set-up command `{line}` failed: {ended.tail.strip()[-1_000:]}"
                return Outcome("failed", said, ended.seconds, str(log), ended.code)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(wanted)
        return None


def _found(peer: Peer) -> list[str]:
    """The peer's command line, its program found where the bot finds it: the sandbox has a PATH of its own."""
    program = shutil.which(peer.command[0]) if peer.command else None
    if program is None:
        raise LaunchFailed(f"agent {peer.name}: the program {' '.join(peer.command[:1])!r} is not there")
    return [os.path.abspath(program), *peer.command[1:]]


def _own_files(peer: Peer) -> list[Path]:
    """The files the settings name in the command line: the program and what it is given are visible to it."""
    words = _found(peer) if peer.runtime == "command" else []
    return [Path(word) for word in words if os.path.isabs(word) and os.path.isfile(word)]


def _steps(script: Path, assignment: Assignment) -> list[dict[str, Any]]:
    try:
        plays = tomllib.loads(script.read_text()).get("play", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LaunchFailed(f"the edit script {script} cannot be read: {error}") from error
    names = (assignment.number, assignment.title)
    mine = [play for play in plays if play.get("item") in names and play.get("round", 1) == assignment.round]
    nothing: list[dict[str, Any]] = [{"say": f"the script has nothing for round {assignment.round}"}]
    return list(mine[-1]["steps"]) if mine else nothing


def _result(file: Path) -> dict[str, Any]:
    """What the agent left, if it left something sensible: a regular, small file of its own."""
    if file.is_symlink() or not file.is_file() or file.stat().st_size > 1_000_000:
        return {}
    try:
        found = json.loads(file.read_text())
    except (ValueError, OSError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _outcome(ended: Exit, result: dict[str, Any], log: Path) -> Outcome:
    said = str(result.get("summary", ""))[:SUMMARY]
    if ended.ended != "finished":
        return Outcome(ended.ended, said, ended.seconds, str(log))
    failed = ended.code != 0 or result.get("status") == "failed"
    words = said or (ended.tail.strip()[-1_000:] if failed else "")
    return Outcome("failed" if failed else "finished", words, ended.seconds, str(log), ended.code)
