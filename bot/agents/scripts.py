"""Edit scripts in place of a program: each item and round has its steps, and one of two players plays them."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from bot.agents.desk import Desk
from bot.agents.errors import LaunchFailed
from bot.agents.homes import Home
from bot.agents.laying import lay
from bot.core.run import Assignment, Peer

PLAYER, ACP_PLAYER = (Path(__file__).with_name(name) for name in ("play.py", "play_acp.py"))


def player(assignment: Assignment, desk: Desk) -> list[str]:
    """The steps for this item and round, handed to the program that plays them."""
    steps = desk.path / "steps.json"
    steps.write_text(json.dumps(_steps(Path(assignment.peer.script), assignment)))
    return [sys.executable, "-I", "-S", str(PLAYER), str(steps)]


def is_acted(peer: Peer) -> bool:
    """By a player that speaks the Agent Client Protocol."""
    return peer.runtime == "acp" and bool(peer.script) and not peer.command


def actor(assignment: Assignment, home: Home) -> list[str]:
    steps = lay(home.path, "steps.json", json.dumps(_steps(Path(assignment.peer.script), assignment)))
    return [os.path.realpath(sys.executable), "-I", "-S", str(ACP_PLAYER), str(steps)]


def _steps(script: Path, assignment: Assignment) -> list[dict[str, Any]]:
    try:
        plays = tomllib.loads(script.read_text()).get("play", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LaunchFailed(f"the edit script {script} cannot be read: {error}") from error
    names = (assignment.number, assignment.title)
    turn = (assignment.round, assignment.step)
    mine = [
        play for play in plays if play.get("item") in names and (play.get("round", 1), play.get("step", "")) == turn
    ]
    which = f"step {assignment.step}, round {assignment.round}" if assignment.step else f"round {assignment.round}"
    nothing: list[dict[str, Any]] = [{"say": f"the script has nothing for {which}"}]
    return list(mine[-1]["steps"]) if mine else nothing
