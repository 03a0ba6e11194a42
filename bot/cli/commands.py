"""`sluice retry | cancel | pause | resume`: orders of whoever runs Sluice, written into the ledger for the service."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from typing import Annotated

import typer

from bot.cli.board import one_item
from bot.cli.ledger import ledger_at, utc_now
from bot.cli.options import Config, ItemArgument
from bot.cli.output import console
from bot.errors import UserError
from bot.settings import FILE

MaybeItem = Annotated[str, typer.Argument(help="An issue, as for explain.", metavar="[ITEM]")]
All = Annotated[bool, typer.Option("--all", help="Everything Sluice does, on every board.")]


def retry(
    item: ItemArgument,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over on a new branch.")] = False,
    config: Config = FILE,
) -> None:
    """Try an item again."""
    asyncio.run(_give(item, "retry", "--fresh" if fresh else "", config))


def cancel(
    item: ItemArgument,
    close: Annotated[bool, typer.Option("--close", help="Close its pull request too.")] = False,
    config: Config = FILE,
) -> None:
    """Stop work on an item; branch and pull request are kept."""
    asyncio.run(_give(item, "cancel", "--close" if close else "", config))


def pause(item: MaybeItem = "", everything: All = False, config: Config = FILE) -> None:
    """Hold one item, or with --all everything: agents end within seconds and their work is kept."""
    asyncio.run(_hold(item, everything, "pause", config))


def resume(item: MaybeItem = "", everything: All = False, config: Config = FILE) -> None:
    """Go on after a pause."""
    asyncio.run(_hold(item, everything, "resume", config))


async def _hold(item: str, everything: bool, verb: str, config: Config) -> None:
    if everything and item:
        raise UserError(f"{verb} one item, or everything with --all: not both")
    if not everything:
        if not item:
            raise UserError(f"say which item to {verb}, or --all")
        await _give(item, verb, "", config)
        return
    async with ledger_at(config) as ledger:
        woken = await ledger.pause_all(_who() if verb == "pause" else None, utc_now())
    console.print(f"everything is {verb}d; {woken} items will be looked at")


async def _give(text: str, verb: str, args: str, config: Config) -> None:
    from bot.core.item import Order  # here, so that the other commands start quickly

    async with ledger_at(config) as ledger:
        item = await one_item(ledger, text)
        order = Order(f"shell-{secrets.token_hex(8)}", verb, args, _who(), utc_now())
        await ledger.hear(item, [order], utc_now())
        await ledger.wake(item, utc_now(), f"sluice {verb}")
    console.print(f"{verb}: noted; a running `sluice serve` obeys at once")


def _who() -> str:
    return getpass.getuser()
