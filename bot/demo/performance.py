"""One performance, from the first process to the last: the world is opened, people act, and the end is awaited."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from bot.demo import people, watch
from bot.demo.report import addresses, faults, report, summary
from bot.demo.table import board
from bot.demo.watch import Seen
from bot.demo.world import BOT, World, opened

LONGEST = 300.0  # seconds the board may take; a busy machine is slow, not broken
WITH_A_MODEL = 3600.0
KEEP = "To look around at the end, run `sluice demo --keep`: it leaves everything running and says where."
FRAME = 0.25  # seconds between two frames of the table


async def perform(
    keep: bool, as_json: bool, faults_seed: int | None = None, hired: Mapping[str, Any] | None = None
) -> int:
    """The exit code: 0 only if every item ended as the scenario says. `faults_seed`: of what GitHub does wrong;
    `hired`: the settings of a real agent that works in the player's place."""
    _end_on_sigterm()
    console = Console(highlight=False)
    began = time.monotonic()
    if not as_json:
        console.print("Starting a GitHub of this machine's own, and Sluice beside it ...")
    with _folder() as folder:
        async with opened(folder, faults_seed, hired) as world, _lively(world, Seen()) as seen:
            await _until_drained(world, seen, began, None if as_json else console)
            found = report(world, seen, await _cost(world), await world.struck(), time.monotonic() - began)
            if as_json:
                print(found.json(), flush=True)
            else:
                console.print(summary(world, found), KEEP if not keep else "")
            if keep:
                Console(stderr=as_json, highlight=False, soft_wrap=True).print(addresses(world), markup=False)
                await asyncio.Event().wait()
    if found.as_expected:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if found.as_expected else 1


@contextmanager
def _folder() -> Iterator[Path]:
    """The folder stays when something goes wrong, for the logs in it, but not when a person ends the demo."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-demo-"))
    try:
        yield folder
    except asyncio.CancelledError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@asynccontextmanager
async def _lively(world: World, seen: Seen) -> AsyncIterator[Seen]:
    """People act and onlookers look while the block runs; whoever stumbles ends the performance."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each(world, seen)) for each in (watch.look, watch.ask, people.act)]
            yield seen
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as several:
        raise _first(several) from several


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first: the rest is what came of it."""
    error = several.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _until_drained(world: World, seen: Seen, began: float, console: Console | None) -> None:
    """Until everything is as the scenario says, or time is up; with the table, when there is somebody to see it."""
    with contextlib.ExitStack() as stack:
        live = stack.enter_context(Live(console=console, auto_refresh=False)) if console else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITH_A_MODEL if world.hired else LONGEST):
                while faults(seen, world.hired is None) or world.worktrees():
                    world.check_alive()
                    _draw(live, seen, began)
                    await asyncio.sleep(FRAME)
        _draw(live, seen, began)


def _draw(live: Live | None, seen: Seen, began: float) -> None:
    if live:
        live.update(board(seen, time.monotonic() - began), refresh=True)


async def _cost(world: World) -> dict[str, int]:
    """What Sluice asked of GitHub, as GitHub counted it."""
    figures: dict[str, int] = await world.people["ann"].get("/_hub/counters", login=BOT)
    return figures


def _end_on_sigterm() -> None:
    """A polite request to end is like Ctrl-C: the processes are ended first."""
    task = asyncio.current_task()
    assert task is not None  # this is called from a coroutine
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
