"""Reading boards of 100, 1,000 and 10,000 cards: whole, and only where Sluice works; beside `gh project item-list`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.figure import Figure, beside
from benchmarks.hub import hub
from bot.core.board import Board
from bot.equipment import utc_now
from bot.github.installations import Installations
from bot.sweep import LARGE, WHOLE
from bot.wiring import connect, find_boards
from tests.localhub.talk import LocalHub
from tests.system import NEWER_GH
from tests.world import World

SIZES = {100: 20, 1_000: 200, 10_000: 200}  # cards: how many of them stand where Sluice works
ACTIVE = ("Ready", "In Progress", "In Review", "Needs a person")
SHARE = 100  # points an hour: 2 % of what GitHub gives
FEW = 3  # points that reading the active columns may cost
GH = "gh project item-list"
GH_PATIENCE = 150  # seconds


@dataclass(frozen=True)
class Reading:
    """What it took to read a board."""

    points: int
    requests: int
    seconds: float


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        return [figure for size in SIZES for figure in await _board(server, Path(folder) / str(size), size)]


async def _board(server: LocalHub, folder: Path, size: int) -> list[Figure]:
    folder.mkdir()
    world = World(server, folder, shipped_pace=True)
    await asyncio.to_thread(world._make_github)
    active = SIZES[size]
    columns = {name: active // len(ACTIVE) for name in ACTIVE} | {"Backlog": size - active}
    server.admin("stock", {"project": world.project["id"], "repo": world.repo, "columns": columns})
    github, *_ = await connect(world.settings(), None, utc_now)
    try:
        whole = await _scan(world, github, whole=True, cards=size)
        few = await _scan(world, github, whole=False, cards=active)
    finally:
        await github.close()
        await world.http.aclose()
    peer = await asyncio.to_thread(_gh, world, size)
    return [
        *_figures(f"board of {size:,}", whole, peer, target=size // 100),
        *_figures(f"board of {size:,}, the {active} active cards", few, peer, target=FEW),
        Figure(f"board of {size:,}: points of an hour's sweeps", _hourly(world, size, whole, few), "points", SHARE),
    ]


def _hourly(world: World, size: int, whole: Reading, few: Reading) -> float:
    """At the shipped pace, while webhooks come in: a small board whole each time, a large one now and then."""
    pace, hour = world.settings().pace, timedelta(hours=1)
    if size <= pace.large_board:
        return hour.total_seconds() / pace.sweep_seconds * whole.points
    return hour / LARGE * few.points + hour / WHOLE * whole.points


def _figures(name: str, ours: Reading, peer: Reading | None, target: int) -> list[Figure]:
    values = (
        ("points", "points", ours.points, peer and peer.points, target),
        ("requests", "requests", ours.requests, peer and peer.requests, None),
        ("seconds", "s", ours.seconds, peer and peer.seconds, None),
    )
    return [
        beside(f"{name}: {what}", mine, unit, GH, theirs, most)
        if theirs
        else Figure(f"{name}: {what}", mine, unit, most)
        for what, unit, mine, theirs, most in values
    ]


async def _scan(world: World, github: Installations, whole: bool, cards: int) -> Reading:
    (board,) = await find_boards(world.settings(), github)
    assert isinstance(board, Board)

    async def read() -> None:
        found = await github.scan(board, whole)
        assert len(found.cards) == cards, len(found.cards)

    return await _measured(world.hub, world.app["login"], read)


def _gh(world: World, size: int) -> Reading | None:
    """None: it is not installed, or takes too long. Its hour is lifted: a large board costs it more than there is."""
    if not NEWER_GH.exists():
        return None
    settings = world.folder / "gh"
    settings.mkdir()
    (settings / "config.yml").write_text(f"http_unix_socket: {world.hub.socket}\n")
    login = world.login("ann")
    world.hub.admin("limits", {"login": login, "primary": False, "secondary": False})
    env = {
        "PATH": os.environ["PATH"], "HOME": str(settings), "GH_CONFIG_DIR": str(settings),
        "GH_TOKEN": world.tokens["ann"], "GH_NO_UPDATE_NOTIFIER": "1",
    }  # fmt: skip
    words = ["project", "item-list", str(world.project["number"]), "--owner", world.org]
    command = [str(NEWER_GH), *words, "--format", "json", "--limit", str(size)]

    async def read() -> None:
        await asyncio.to_thread(
            subprocess.run, command, cwd=settings, env=env, stdout=subprocess.DEVNULL, check=True, timeout=GH_PATIENCE
        )

    try:
        return asyncio.run(_measured(world.hub, login, read))
    except subprocess.TimeoutExpired:
        return None


async def _measured(server: LocalHub, login: str, read: Callable[[], Awaitable[None]]) -> Reading:
    before = server.admin(f"counters?login={login}")
    started = time.monotonic()
    await read()
    seconds = time.monotonic() - started
    after = server.admin(f"counters?login={login}")
    spent = {name: after[name] - before[name] for name in after}
    return Reading(spent["graphql_points"], spent["graphql_requests"] + spent["rest_requests"], round(seconds, 2))
