"""A real agent in the player's place: one of the user's own settings, or a program that is installed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.agents.logins import HOW_TO_LOG_IN, login_of
from bot.agents.runtimes import PROGRAMS, runtime_of
from bot.errors import UserError
from bot.settings import PeerSettings, read_settings

THRIFT: Mapping[str, Any] = {"capacity": 2, "cost_per_run": 1.0, "tokens_per_run": 1_000_000, "minutes": 15.0}
EVERYTHING = {
    "repositories",
    "labels",
    "fields",
    "role",
    "fallbacks",
}  # it is the only one, whatever it takes elsewhere
WORDS = "Agent {name} works with {login}: its tokens are yours. A run may cost at most $1 or a million of them."


def hire(name: str, config: Path) -> tuple[Mapping[str, Any], str]:
    """The agent's table in the demo's settings, and what is said of it. Raises UserError when it cannot work."""
    settings = read_settings(config) if config.exists() else read_settings()
    peer = settings.peers.get(name) or _installed(name)
    if peer.runtime == "scripted":
        raise UserError(f"agent {name} plays a script of its own; the demo has one for its items")
    command = peer.command or list(PROGRAMS.get(peer.runtime, ()))
    if not command or shutil.which(command[0]) is None:
        raise UserError(f"the program {' '.join(command[:1]) or name} is not installed, or not in the PATH")
    program = peer.runtime if peer.runtime in PROGRAMS else Path(command[0]).stem
    env = {key: secret.get_secret_value() for key, secret in peer.env.items()}
    key = peer.api_key.get_secret_value() if peer.api_key else ""
    login = login_of(program, key, env, Path.home())
    if login.kind == "none":
        raise UserError(f"{name} has no login on this machine: {HOW_TO_LOG_IN[program].replace('NAME', name)}")
    own = peer.model_dump(mode="json", exclude_none=True, exclude_defaults=True, exclude=EVERYTHING)
    table = {**own, "env": env, **THRIFT}
    if key:
        table["api_key"] = key
    return table, WORDS.format(name=name, login=login)


def _installed(name: str) -> PeerSettings:
    if (runtime := runtime_of(name)) != "command":
        return PeerSettings(runtime=runtime, command=[name])
    raise UserError(f"there is no agent {name!r} in sluice.toml, and no program that is known by that name here")
