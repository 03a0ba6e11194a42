"""The files init writes: the settings, the App's key, and a policy to commit. What was there is kept beside them."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.agents.runtimes import runtime_of
from bot.errors import UserError

SECRET = 0o600
POLICY = Path(".github/sluice.toml")
NO_AGENT = """\
# The agent: Claude Code, say, with the login it has on this machine; `sluice peer test claude` tries it.
# [peers.claude]
# runtime = "claude"
"""
POLICY_TEXT = """\
# .github/sluice.toml on the default branch: what Sluice may do in this repository.
mode = "preview"                      # preview: decide and show, write nothing; live: work; off: stop everything

[merge]
by = "people"                         # or "when-green": Sluice merges what passed and what a person approved

# [gates]
# commands = ["make test"]            # run by Sluice on every result, before anything is pushed

# [work]
# setup = ["make setup"]              # once in each new worktree
"""

Table = Mapping[str, Any]


def settings_text(github: Table, boards: Mapping[str, Table], agent: str) -> str:
    """`sluice.toml`. Before there is a board it holds the identity alone."""
    parts = ["# What Sluice is on this machine. It holds secrets: keep it to yourself. `sluice doctor` checks it.\n"]
    parts.append(_table("github", github))
    if not boards:
        parts.append("# `sluice init` has not come to its end: run it again, and it goes on from here.\n")
        return "\n".join(parts)
    parts += [_table(f"boards.{_text(key)}", board) for key, board in boards.items()]
    parts.append(_table(*peer_table(argv(agent))) if agent else NO_AGENT)
    return "\n".join(parts)


def peer_table(command: list[str]) -> tuple[str, Table]:
    """An agent that is known by its program's name is driven in its own language; any other gets its brief and ends."""
    name = Path(command[0]).name
    runtime = runtime_of(name)
    if runtime == "command":
        return "peers.helper", {"command": command}
    return f"peers.{name}", {"runtime": runtime} | ({"command": command} if command != [runtime] else {})


def argv(agent: str) -> list[str]:
    """A program and its arguments, as a shell takes them apart."""
    try:
        return shlex.split(agent)
    except ValueError as error:
        raise UserError(f"the agent {agent!r} cannot be taken apart: {error}") from None


def put(path: Path, text: str, mode: int, keep: bool = True) -> Path | None:
    """Write a file that nobody but its owner reads in between; what was there is kept beside it, and its path given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = _aside(path) if keep else None
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
        os.fsync(file.fileno())
    fresh.replace(path)
    return old


def _aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    old = path.with_name(f"{path.name}.old")
    old.unlink(missing_ok=True)
    os.link(path, old)
    return old


def _table(name: str, values: Table) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """A JSON string is a TOML string, but for what JSON writes as two halves, and for the one sign it leaves bare."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
