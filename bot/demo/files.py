"""The files of the demo: the repository's own, Sluice's settings, and the script its agent plays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.demo.scenario import Task

PROJECT = Path(__file__).with_name("acme-widgets")
DATA, KEY, PLAYS = "data", "app.pem", "plays.toml"  # in the demo's folder
CAPACITY = 4  # agents at once


def project_files() -> dict[str, str]:
    """Path in the repository -> text."""
    found = (path for path in PROJECT.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(PROJECT).as_posix(): path.read_text() for path in sorted(found)}


def player(folder: Path) -> Mapping[str, Any]:
    """The agent that plays the script."""
    return {"runtime": "scripted", "script": str(folder / PLAYS), "capacity": CAPACITY}


def settings(
    folder: Path,
    hub_url: str,
    app: Mapping[str, Any],
    secret: str,
    board: str,
    repo: str,
    port: int,
    peer: Mapping[str, Any],
) -> str:
    """`sluice.toml`: what a person would write for a board on GitHub, with a quicker pace."""
    tables: dict[str, dict[str, Any]] = {
        "github": {
            "api_url": hub_url,
            "git_url": hub_url,
            "app_id": app["app_id"],
            "installation_id": app["installation_id"],
            "private_key_file": str(folder / KEY),
            "webhook_secret": secret,
        },
        f'boards."{board}"': {"draft_repository": repo},
        "peers.builder": dict(peer),
        "caps": {"running": CAPACITY},
        "server": {"port": port},
        "pace": {"coalesce_seconds": 0.5, "sweep_seconds": 5, "poll_seconds": 0.1, "engine_seconds": 0.3},
    }
    top = f"data_dir = {_toml(str(folder / DATA))}\n"
    return top + "".join(f"\n[{name}]\n{_pairs(values)}" for name, values in tables.items())


def plays(tasks: Iterable[Task]) -> str:
    """The edit script of the scripted agent: one `[[play]]` for each round of each item, or each step of its plan."""
    rounds: list[dict[str, Any]] = [
        {"item": task.title, "round": number, "steps": list(steps)}
        for task in tasks
        for number, steps in enumerate(task.rounds, start=1)
    ]
    planned: list[dict[str, Any]] = [
        {"item": task.title, "step": step, "steps": list(steps)} for task in tasks for step, steps in task.plan.items()
    ]
    return "\n".join(f"[[play]]\n{_pairs(play)}" for play in (*rounds, *planned))


def _pairs(values: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: Any) -> str:
    """A value as TOML writes it: the standard library reads TOML only, but a JSON string is a TOML string."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"  {_toml(each)},\n" for each in value) + "]"
    return json.dumps(value)
