"""The program of a peer: where it lies on this machine, and what of the machine it must see to work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bot.agents.errors import LaunchFailed
from bot.agents.runtimes import command_of
from bot.core.run import Peer


def found(peer: Peer) -> list[str]:
    """The peer's command line, its program found where the bot finds it: the sandbox has a PATH of its own."""
    command = command_of(peer)
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise LaunchFailed(f"agent {peer.name}: the program {' '.join(command[:1])!r} is not there")
    return [os.path.abspath(program), *command[1:]]


def around(program: Sequence[str]) -> list[Path]:
    """A program is more than its file: what its folder holds is visible to it, by its name and where links lead."""
    files = [Path(word) for word in program if os.path.isabs(word) and os.path.isfile(word)]
    return [
        *(file.resolve().parent for file in files),
        *(file.parent for file in files),
        *(Path(word) for word in program if os.path.isabs(word)),
    ]


def own_files(peer: Peer) -> list[Path]:
    """The files the settings name in the command line: the program and what it is given are visible to it."""
    words = found(peer) if peer.runtime == "command" else []
    return [Path(word) for word in words if os.path.isabs(word) and os.path.isfile(word)]
