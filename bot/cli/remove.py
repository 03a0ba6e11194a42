"""`sluice remove`: Sluice is taken off its boards, in good order."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.given import settings_of
from bot.cli.options import AsJson, Config
from bot.cli.output import print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.removal import Step
    from bot.settings import Settings

RECEIPTS = Path("sluice-receipts.jsonl")


def remove(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Take Sluice off: stop agents, save their work, put cards back, give claims up, write the receipts to a file, and
    list what is left over. Pull requests and branches are kept."""
    if dry_run == yes:
        raise UserError("say --dry-run to see what would be done, or --yes to do it")
    steps = asyncio.run(_remove(settings_of(config), dry_run))
    if as_json:
        print_json({"steps": [asdict(step) for step in steps]})
    else:
        told = {"done": "would" if dry_run else "done", "left": "left over"}
        print_table(("", "what", ""), [[told[step.kind], step.what, step.told] for step in steps])


async def _remove(settings: Settings, dry: bool) -> list[Step]:
    from bot.removal import BY, agents_end, planned, remove  # here, so that the other commands start quickly
    from bot.service import Onlooker
    from bot.wiring import open_service

    if dry and settings.database is None and not (settings.data_dir / "ledger.db").exists():
        raise UserError(f"there is no ledger in {settings.data_dir}: Sluice has never run here")
    async with open_service(settings, booked=not dry) as service:
        if dry:
            return await planned(service.ctx, service.ledger)
        await service.ledger.pause_all(BY, service.ctx.now())
        if await service.runs_elsewhere():
            await agents_end(service.ledger)
        else:
            service.launcher.reap()
        return await remove(service.ctx, service.ledger, Onlooker(), RECEIPTS)
