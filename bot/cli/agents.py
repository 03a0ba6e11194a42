"""For doctor: whether each agent could start. Its program is there and tells its version, it has a login, and a model
where it needs one; `sluice peer test` says whether it works."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from bot.agents import programs
from bot.agents.errors import LaunchFailed
from bot.agents.logins import HOW_TO_LOG_IN, login_of
from bot.agents.quirks import GENERIC, QUIRKS
from bot.agents.reach import reach_of
from bot.agents.runtimes import program_of, unheld
from bot.agents.sandbox import bubblewrap_works, environment
from bot.cli.finding import Finding
from bot.core.foreign import plain
from bot.core.run import Peer
from bot.equipment import models_of
from bot.settings import Settings

State = Literal["ok", "warning", "wrong"]
SOME_DOOR = "http://127.0.0.1:1"
PATIENCE = 10.0  # seconds a program has to tell its version


async def agents_found(settings: Settings) -> list[Finding]:
    return await asyncio.gather(*(_found(settings, peer) for peer in settings.peer_list()))


async def _found(settings: Settings, peer: Peer) -> Finding:
    what = f"agent {peer.name}"
    try:
        return Finding(what, *await _state(settings, peer))
    except LaunchFailed as error:
        return Finding(what, "wrong", str(error))


async def _state(settings: Settings, peer: Peer) -> tuple[State, str]:
    reach_of(peer, SOME_DOOR, bubblewrap_works())  # what cannot be held is not started
    if peer.script and not peer.command:
        there = settings.peers[peer.name].script
        return ("ok", peer.runtime) if there and there.exists() else ("wrong", f"the script {there} does not exist")
    words, program = programs.found(replace(peer, arguments=())), program_of(peer)
    if peer.runtime == "command":
        return "ok", peer.runtime
    model = models_of(settings)[peer.name]
    if model.url and not peer.model and QUIRKS.get(program, GENERIC).needs_model:
        return "wrong", f"with an api_key or api_url it needs peers.{peer.name}.model"
    login = login_of(program, model.key, model.env, Path.home())
    if login.kind == "none":
        how = HOW_TO_LOG_IN[program].replace("NAME", peer.name)
        return "warning", f"it has no login: set peers.{peer.name}.api_key, or {how}"
    if why := unheld(peer):
        return "warning", why
    told = f"{peer.runtime}, {login}"
    if program not in HOW_TO_LOG_IN:  # of another nobody knows what it would do
        return "ok", told
    version = await _version(words)
    return ("ok", f"{version}; {told}") if version else ("wrong", f"{' '.join(words)} --version tells nothing")


async def _version(words: list[str]) -> str:
    """With nothing of Sluice's environment, and a home that is nobody's."""
    with TemporaryDirectory(prefix="sluice-") as home:
        return await _told_by(words, home)


async def _told_by(words: list[str], home: str) -> str:
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    with contextlib.suppress(OSError, TimeoutError):
        env = environment(Path(home), {})
        process = await asyncio.create_subprocess_exec(
            *words, "--version", stdin=nothing, stdout=pipe, stderr=nothing, env=env, cwd=home
        )
        try:
            async with asyncio.timeout(PATIENCE):
                out, _ = await process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return plain(out.decode(errors="replace")).strip().partition("\n")[0][:60] if not process.returncode else ""
    return ""
