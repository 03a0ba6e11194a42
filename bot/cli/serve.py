"""`sluice serve`, the service, and `sluice sweep`, one look at every board."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.board import shown
from bot.cli.given import settings_of
from bot.cli.options import AsJson, Config
from bot.cli.output import console, print_json, print_table
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.server import Server
    from bot.service import Service
    from bot.settings import Settings

LATEST = 27.0  # seconds from the signal to the end of the process, whatever hangs: supervisors kill after thirty


def serve(config: Config = FILE) -> None:
    """Run: receive webhooks, sweep on schedule, drain the boards until stopped."""
    from bot.logs import set_up_logs  # here, so that the other commands start quickly

    settings = settings_of(config)
    set_up_logs(settings.log_level, settings.secrets())
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from bot.server import bound, server_of
    from bot.wiring import open_service
    from webhooks.app import create_app
    from webhooks.face import Face

    async with open_service(settings) as service:
        web = server_of(create_app(Face(service)), settings.server.host, settings.server.port)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, _end, web)
        await service.start()
        gc.freeze()  # what is here stays: searched for garbage again and again, it would stop everything for 0.2 s
        for problem in service.problems:
            console.print(f"sluice: left alone: {problem}")
        with bound(settings.server.host, settings.server.port) as listening:
            console.print(f"sluice: serving on http://{settings.server.host}:{listening.getsockname()[1]}")
            await web.serve([listening])


def _end(web: Server) -> None:
    """Asked to stop: in order, as long as that takes no longer than it may."""
    if not web.should_exit:
        _log().info("stopping: nothing new is started, and the work of agents is saved")
        web.should_exit = True
        leave_within(LATEST)


def leave_within(seconds: float) -> None:
    """The process is over by then. Agents end with it, and the next start goes on with what lies in their worktrees."""

    def at_once() -> None:
        _log().error("not everything ended in time; the next start goes on with what is left")
        os._exit(1)

    latest = threading.Timer(seconds, at_once)
    latest.daemon = True
    latest.start()


def _log() -> Any:
    import structlog  # here, so that the other commands start quickly

    return structlog.get_logger(__name__)


def sweep(
    config: Config = FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show every decision, do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Scan every board now and wake what changed, for a running `sluice serve` to look at; with --dry-run show what
    would be done with each card and why not, and write nothing on GitHub."""
    asyncio.run(_sweep(settings_of(config), dry_run, as_json))


async def _sweep(settings: Settings, dry: bool, as_json: bool) -> None:
    from bot.wiring import open_service

    async with open_service(settings) as service:
        swept = await service.look()
        found = replace(swept, problems=(*service.problems, *swept.problems))
        rows = await _judged(service) if dry else []
    if as_json:
        print_json({**asdict(found), "decisions": rows})
        return
    for problem in found.problems:
        console.print(f"left alone: {problem}")
    console.print(f"{found.boards} boards, {found.cards} cards, {found.woken} to look at")
    if dry:
        wanted = ("number", "title", "stage", "reason", "actions")
        print_table(wanted, [[row[key] for key in wanted] for row in rows])


async def _judged(service: Service) -> list[dict[str, object]]:
    tallies = await service.ledger.tallies()
    return [
        {
            **shown(judged.row, tallies.get(judged.row.item.id)),
            "stage": judged.decision.stage,
            "reason": judged.decision.reason,
            "waits_for": judged.decision.waits_for,
            "actions": [type(action).__name__ for action in judged.decision.actions],
        }
        for judged in await service.judge()
    ]
