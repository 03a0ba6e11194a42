"""`sluice review queue` and `sluice review mark URL`: the pull requests that wait for somebody, and what is owed."""

from __future__ import annotations

import asyncio
import getpass
from typing import Annotated, Any

import typer

from bot.cli.ledger import ledger_at, utc_now
from bot.cli.options import AsJson, Config
from bot.cli.output import console, print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

app = typer.Typer(no_args_is_help=True)


@app.command()
def queue(
    config: Config = FILE,
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those to which nothing is owed.")] = False,
) -> None:
    """Pull requests that wait, for whom, since when, and what is owed to each."""
    rows = asyncio.run(_rows(config, everything))
    shown = [row for row in rows if everything or row["owed"] != "none"]
    if as_json:
        print_json({"pulls": shown})
        return
    wanted = ("url", "owed", "waits_for", "since", "head", "reviewed")
    print_table(wanted, [[row[key] for key in wanted] for row in shown])


@app.command()
def mark(
    url: Annotated[str, typer.Argument(help="The pull request's address.")],
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Note that you have reviewed the pull request's present head."""
    asyncio.run(_mark(url, config, as_json))


async def _rows(config: Config, everything: bool) -> list[dict[str, Any]]:
    from bot.core.review import owed  # here, so that the other commands start quickly

    async with ledger_at(config) as ledger:
        return [
            {
                "url": row.url,
                "owed": owed(row.state, row.head, row.reviewed_sha),
                "waits_for": row.waits_for,
                "since": row.since.replace(microsecond=0),
                "head": row.head[:10],
                "reviewed": (row.reviewed_sha or "")[:10],
            }
            for row in await ledger.review_queue(everything=everything)
        ]


async def _mark(url: str, config: Config, as_json: bool) -> None:
    async with ledger_at(config) as ledger:
        wanted = url.removesuffix("/files").rstrip("/")
        row = next((row for row in await ledger.review_queue(everything=True) if row.url == wanted), None)
        if row is None:
            raise UserError(f"{url} is not a pull request Sluice follows; `sluice review queue --all` lists them")
        await ledger.mark_reviewed(row.url, row.head, getpass.getuser(), utc_now())
    told = f"reviewed at {row.head[:10]}"
    print_json({"told": told, "url": row.url, "head": row.head}) if as_json else console.print(told)
