"""The runtimes that are talked with: which program each is by default, and how it is launched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bot.agents import claude, codex
from bot.agents.errors import LaunchFailed
from bot.agents.quirks import GENERIC, QUIRKS
from bot.agents.scripts import is_acted
from bot.agents.seat import Launch, Note, Seat
from bot.agents.transcripts import READERS
from bot.core.run import Peer, Runtime

Launches = Callable[[Seat, Note], Launch]


def _acp(seat: Seat, note: Note) -> Launch:
    """Loaded when it is needed, for half a second is a long time to whoever has no such agent."""
    from bot.agents import acp

    return acp.launch(seat, note, QUIRKS.get(program_of(seat.peer), GENERIC))


RUNTIMES: dict[str, Launches] = {"claude": claude.launch, "codex": codex.launch, "acp": _acp}
PROGRAMS = {"claude": ("claude",), "codex": ("codex",)}  # where a peer names no command


def runtime_of(program: str) -> Runtime:
    """How a program of that name is best driven."""
    if program in PROGRAMS:
        return "claude" if program == "claude" else "codex"
    return "acp" if program in QUIRKS else "command"


def installed() -> list[str]:
    """The agents known by name that are on this machine's PATH."""
    return [program for program in (*PROGRAMS, *QUIRKS) if shutil.which(program)]


def launches(runtime: str) -> Launches:
    if runtime not in RUNTIMES:
        raise LaunchFailed(
            f"runtime {runtime!r} is not known; there are {', '.join((*RUNTIMES, 'command', 'scripted'))}"
        )
    return RUNTIMES[runtime]


def command_of(peer: Peer) -> tuple[str, ...]:
    command = peer.command or PROGRAMS.get(peer.runtime, ())
    return (*command, *peer.arguments) if command else ()


def unheld(peer: Peer) -> str:
    """Why its permissions may hold it less than they say; empty: they hold it."""
    if peer.runtime != "acp" or peer.permissions == "all" or is_acted(peer) or program_of(peer) in QUIRKS:
        return ""
    return f'permissions = "{peer.permissions}" holds it as far as it asks: what {peer.command[0]} does unasked it does'


def program_of(peer: Peer) -> str:
    """The name whose transcripts and ways are known: the runtime's, or that of the program itself."""
    if peer.runtime in PROGRAMS:
        return peer.runtime
    names = [Path(word).stem for word in peer.command]
    return next((name for name in names if name in READERS), names[0] if names else "")
