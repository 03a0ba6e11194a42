"""What agents work with, built from settings: for a board's wiring and for the command line, which loads no GitHub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SettingsError
from bot.git.facade import Git
from bot.logs import Hiding
from bot.prices import price_of
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.agents import Agents, Launcher, Model
    from bot.core.run import Peer
    from bot.gateway import Gateway

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def agents_of(
    settings: Settings, root: Path, launcher: Launcher | None = None, gateway: Gateway | None = None
) -> Agents:
    """`root` takes their homes and logs."""
    from bot.agents import Agents, Launcher

    doors = gateway or gateway_of(settings, utc_now)
    shown = launcher or Launcher(root, Hiding(settings.secrets()).text)
    return Agents(shown, root, models_of(settings), doors=doors)


def gateway_of(settings: Settings, now: Clock) -> Gateway:
    """It opens when a run first needs it."""
    from bot.gateway import Gateway, Meter, Upstream

    upstreams = {}
    for peer in settings.peer_list():
        given = settings.peers[peer.name]
        if given.api_key and given.gateway and peer.runtime != "scripted":  # a script has no model
            upstreams[peer.name] = Upstream(given.api_url or _provider(peer), given.api_key.get_secret_value())
    return Gateway(upstreams, Meter(price=price_of), now)


def _provider(peer: Peer) -> str:
    from bot.agents.runtimes import command_of, program_of
    from bot.gateway import PROVIDERS

    if url := PROVIDERS.get(program_of(peer)):
        return url
    raise SettingsError(
        f"peers.{peer.name} needs api_url: where {' '.join(command_of(peer))} has its model is not known"
    )


def models_of(settings: Settings) -> dict[str, Model]:
    """By peer: where its model is, the key, and what else its program is given."""
    from bot.agents import Model

    def model(peer: Peer) -> Model:
        given = settings.peers[peer.name]
        key = given.api_key.get_secret_value() if given.api_key else ""
        url = given.api_url or (_provider(peer) if key and peer.runtime != "scripted" else "")
        return Model(url, key, {name: secret.get_secret_value() for name, secret in given.env.items()})

    return {peer.name: model(peer) for peer in settings.peer_list()}


def local_git(root: Path, top: Path, author: tuple[str, str]) -> Git:
    """Of a repository on this machine, which is its own remote: for tasks of the command line."""

    async def no_token(repo: str) -> str:
        return ""

    return Git(root, lambda repo: str(top), no_token, author)
