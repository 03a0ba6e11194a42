"""Whose name a program works in: a key that Sluice has, or the login the program itself has on this machine.

A login that rotates is shared and never copied: two copies would each be refreshed, and one of them be dead. The run's
home holds a link to it. A program that replaces the link by a file of its own has refreshed it there: it is given back.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.agents.laying import link, plain

# Below the home of whoever runs Sluice, as each program lays it down.
FILES: Mapping[str, str] = {
    "claude": ".claude/.credentials.json",
    "codex": ".codex/auth.json",
    "gemini": ".gemini/oauth_creds.json",
    "opencode": ".local/share/opencode/auth.json",
    "copilot": ".copilot/config.json",
}
HOW_TO_LOG_IN: Mapping[str, str] = {
    "claude": "run `claude` once as this user and log in, or put the token of `claude setup-token` into "
    "peers.NAME.env.CLAUDE_CODE_OAUTH_TOKEN",
    "codex": "run `codex login` once as this user",
    "gemini": "run `gemini` once as this user and log in",
    "opencode": "run `opencode auth login` once as this user",
    "copilot": "run `copilot` once as this user and log in",
}


@dataclass(frozen=True)
class Login:
    """`kind` is "own" for a program of which nothing is known."""

    kind: Literal["key", "environment", "subscription", "none", "own"]
    file: Path | None = None

    def __str__(self) -> str:
        return {
            "key": "an API key of Sluice's settings",
            "environment": "what peers.NAME.env gives to it",
            "subscription": f"the login in {self.file}",
            "none": "no login",
            "own": "whatever the program itself finds",
        }[self.kind]


def login_of(program: str, key: str, env: Mapping[str, str], user: Path) -> Login:
    """`user` is the home of whoever runs Sluice."""
    if key:
        return Login("key")
    if any("KEY" in name or "TOKEN" in name for name in env):
        return Login("environment")
    if program not in FILES:
        return Login("own")
    file = user / FILES[program]
    return Login("subscription", file) if file.is_file() else Login("none", file)


def share(login: Login, program: str, home: Path) -> list[Path]:
    """Link the login into the run's home; the files that must be within reach of the program."""
    if login.kind != "subscription" or login.file is None:
        return []
    give_back(login, program, home)  # a run that was killed may have left a newer one
    link(home, FILES[program], login.file)
    return [login.file]


def give_back(login: Login, program: str, home: Path) -> None:
    """A file in place of the link is the newest state of the login, if it is a plain one."""
    if login.kind != "subscription" or login.file is None:
        return
    mine = home / FILES[program]
    if not plain(home, FILES[program]):
        return
    if mine.stat().st_mtime >= login.file.stat().st_mtime and mine.stat().st_size:
        mine.chmod(0o600)
        os.replace(mine, login.file)
