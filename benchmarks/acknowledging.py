"""How soon a webhook is acknowledged, each kept before: 300 a second for half a minute, and the highest rate held.

Beside Probot, which does the signature check and nothing else, under the same load. What is sent is what localhub sent
while an item was drained, again and again under new ids, so that all of it is followed as well.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cost import asked, until
from benchmarks.figure import Figure, beside
from benchmarks.hub import hub
from benchmarks.serving import serving
from bot.ledger.open import open_ledger
from tests.system import TOOLS
from tests.world import World

RATE, SECONDS = 300.0, 30.0
PEER_SECONDS = 10.0
SOON = 50.0  # milliseconds
STEPS = (400, 500, 650, 850, 1_100, 1_400, 1_800)  # rates tried one after the other, each for a few seconds
STEP_SECONDS = 4.0
CARDS = 20
PEER = "Probot, signature check alone"
Load = Callable[[float, float], Awaitable[dict[str, Any]]]


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        world = World(server, Path(folder))
        await asyncio.to_thread(world._make_github)
        try:
            async with serving(world) as address:
                bodies = await _recorded(world)
                sent: list[str] = []
                target = (f"{address}/webhooks/github", "hush", bodies, Path(folder))
                steady = await _load(*target, "steady", RATE, SECONDS)
                sent += [f"steady-{number}" for number in range(steady["sent"])]
                held = await _highest(lambda rate, seconds: _load(*target, f"at-{rate:.0f}", rate, seconds), steady)
                lost = await _lost(world, sent)
        finally:
            await world.http.aclose()
        peer, peer_held = await _probot(bodies, Path(folder))
    return [*_acknowledged(steady, lost, peer), _rate(held, peer_held)]


def _acknowledged(steady: dict[str, Any], lost: int, peer: dict[str, Any] | None) -> list[Figure]:
    name = "300 webhooks a second: acknowledged, "
    figures = [
        beside(f"{name}{p}", steady[f"answered_{p}"], "ms", PEER, peer[f"answered_{p}"], target)
        if peer
        else Figure(f"{name}{p}", steady[f"answered_{p}"], "ms", target)
        for p, target in (("p50", None), ("p99", SOON), ("max", None))
    ]
    behind = Figure("300 webhooks a second: the sender itself late, p99", steady["late_p99"], "ms", SOON / 2)
    return [*figures, Figure("300 webhooks a second: lost or refused", lost + steady["failed"], "webhooks", 0), behind]


def _rate(held: float, peer: float | None) -> Figure:
    """More is better here, and a figure's target is a most, so it has none."""
    name = f"webhooks a second with p99 below {SOON:.0f} ms, highest"
    return beside(name, held, "/s", PEER, peer) if peer else Figure(name, held, "/s")


async def _recorded(world: World) -> list[dict[str, Any]]:
    """What GitHub tells of one item from its card to its end, and of some that stand around."""
    world.hub.admin("limits", {"secondary": False})
    before = len(world.hub.admin("deliveries"))
    item = await world.add_issue("A plain item")
    for number in range(CARDS):
        await world.add_issue(f"Card {number}", column="Backlog", edits=False)
    await until(lambda: world.column(item), "In Review")
    await until(lambda: asked(world), True)
    await world.approve(item)
    await until(lambda: world.column(item), "Done")
    await asyncio.to_thread(world.hub.idle)
    told = world.hub.admin("deliveries")[before:]
    return [{"event": each["event"], "payload": each["payload"]} for each in told]


async def _load(
    url: str, secret: str, bodies: list[dict[str, Any]], folder: Path, tag: str, rate: float, seconds: float
) -> dict[str, Any]:
    address, _, path = url.removeprefix("http://").partition("/")
    host, _, port = address.partition(":")
    order = {"host": host, "port": int(port), "path": f"/{path}", "secret": secret, "tag": tag}
    file = folder / f"{tag}.json"
    file.write_text(json.dumps(order | {"rate": rate, "seconds": seconds, "bodies": bodies}))
    command = [sys.executable, "-m", "benchmarks.load", str(file)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    told: dict[str, Any] = json.loads(out)
    return told


async def _highest(load: Load, steady: dict[str, Any]) -> float:
    """The highest rate at which nothing fails and 99 of 100 are answered soon, as far as the sender itself comes."""
    held, told = 0.0, steady
    for rate in (RATE, *STEPS):
        told = told if rate == RATE else await load(rate, STEP_SECONDS)
        if told["failed"] or told["answered_p99"] > SOON or told["late_p99"] > SOON / 2:
            break
        held = rate
    return held


async def _lost(world: World, sent: list[str]) -> int:
    """How many of those that were acknowledged are not in the ledger."""
    ledger = await open_ledger(f"sqlite:///{world.folder}/data/ledger.db")
    try:
        return len(sent) - len(await ledger.arrived(sent))
    finally:
        await ledger.close()


async def _probot(bodies: list[dict[str, Any]], folder: Path) -> tuple[dict[str, Any] | None, float | None]:
    """None, where it cannot be installed: the figures then have no peer."""
    modules = TOOLS / "node_modules" / "probot" / "package.json"
    if not modules.exists() or not shutil.which("node"):
        return None, None
    with _peer(modules, folder) as port:
        target = (f"http://127.0.0.1:{port}/", "hush", bodies, folder)
        steady = await _load(*target, "peer", RATE, PEER_SECONDS)
        held = await _highest(lambda rate, seconds: _load(*target, f"peer-{rate:.0f}", rate, seconds), steady)
    return steady, held


@contextmanager
def _peer(modules: Path, folder: Path) -> Iterator[str]:
    key = folder / "key.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(key), "2048"], check=True, capture_output=True)
    env = {"PATH": os.environ["PATH"], "PRIVATE_KEY": key.read_text(), "SECRET": "hush", "NODE_ENV": "production"}
    command = ["node", str(Path(__file__).with_name("probot.mjs")), str(modules)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
