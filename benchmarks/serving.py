"""`sluice serve` as people run it, in a process of its own, for a world of the benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from bot.demo.processes import command, free_port
from tests.world import World

READY_WITHIN = 60.0  # seconds


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[str]:
    """Its address, once it is ready and GitHub sends it webhooks. At the shipped pace."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    config = world.write_config(port, pace={})
    with (world.folder / "sluice.log").open("wb") as log:
        run = [command("sluice"), "serve", "--config", str(config)]
        process = await asyncio.create_subprocess_exec(*run, cwd=world.folder, stdout=log, stderr=log)
    try:
        await _ready(f"{address}/readyz", process)
        await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": f"{address}/webhooks/github"})
        yield address
    finally:
        process.terminate()
        await process.wait()


async def _ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(READY_WITHIN), httpx.AsyncClient(trust_env=False) as http:
        while True:
            assert process.returncode is None, "sluice serve did not start"
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(url)).status_code == 200:
                    return
            await asyncio.sleep(0.1)
