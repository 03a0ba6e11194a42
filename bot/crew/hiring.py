"""Who does an agent's work: a peer of sluice.toml, with the model it was asked for where its program takes one."""

from __future__ import annotations

from dataclasses import replace

from bot.agents.runtimes import program_of
from bot.agents.transcripts import READERS
from bot.core.crew import Mate
from bot.core.run import Peer
from bot.errors import UserError
from bot.settings import Settings

USUAL = {"claude": "sonnet"}  # by program, the model where neither the peer nor anybody names one
WITHOUT = ("command", "scripted")  # runtimes whose program has its own way of choosing


def peer_for(settings: Settings, mate: Mate) -> Peer:
    """As the settings have it now, with the agent's model."""
    peer = named(settings, mate.peer)
    return replace(peer, model=mate.model) if mate.model else peer


def named(settings: Settings, name: str = "") -> Peer:
    """The peer of that name; the first there is where none is named."""
    peers = settings.peer_list()
    found = next((peer for peer in peers if peer.name == name), None) if name else next(iter(peers), None)
    if found is None:
        known = ", ".join(settings.peers) or "none"
        raise UserError(
            f"there is no peer {name!r} in sluice.toml; there are {known}"
            if name
            else 'sluice.toml names no peer: add a [peers.NAME] table, e.g. with runtime = "claude"'
        )
    return found


def is_counted(settings: Settings, peer: Peer) -> bool:
    """What it uses Sluice counts itself, at its gateway or in its transcript; of others it knows what they tell."""
    given = settings.peers[peer.name]
    return bool(given.api_key and given.gateway) or program_of(peer) in READERS


def model_for(peer: Peer, asked: str) -> str:
    """Empty: its program's own choice, whatever was asked for where it takes none."""
    if peer.runtime in WITHOUT:
        return ""
    return asked or peer.model or USUAL.get(program_of(peer), "")
