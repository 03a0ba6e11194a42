"""`sluice retry | cancel | pause | resume`: orders of whoever runs Sluice, written into the ledger for the service."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from typing import Annotated

import typer

from bot.cli.board import one_item
from bot.cli.given import settings_of
from bot.cli.ledger import ledger_at, ledger_of, utc_now
from bot.cli.options import AsJson, Config, ItemArgument
from bot.cli.output import console, print_json
from bot.errors import UserError
from bot.whereabouts import FILE

MaybeItem = Annotated[str, typer.Argument(help="An issue, as for explain.", metavar="[ITEM]")]
All = Annotated[bool, typer.Option("--all", help="Everything Sluice does, on every board.")]


def retry(
    item: ItemArgument,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over on a new branch.")] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Try an item again."""
    asyncio.run(_give(item, "retry", "--fresh" if fresh else "", config, as_json))


def cancel(
    item: ItemArgument,
    close: Annotated[bool, typer.Option("--close", help="Close its pull request too.")] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Stop work on an item; branch and pull request are kept."""
    asyncio.run(_give(item, "cancel", "--close" if close else "", config, as_json))


def pause(item: MaybeItem = "", everything: All = False, config: Config = FILE, as_json: AsJson = False) -> None:
    """Hold one item, or with --all everything: agents end within seconds and their work is kept."""
    asyncio.run(_hold(item, everything, "pause", config, as_json))


def resume(
    item: MaybeItem = "",
    everything: All = False,
    agent: Annotated[
        str, typer.Option("--agent", "--peer", help="An agent that was stopped by failures, or by its provider.")
    ] = "",
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Go on after a pause; or let an agent go on that was stopped for failing the same way again and again."""
    if agent:
        asyncio.run(_resume_agent(agent, bool(item) or everything, config, as_json))
        return
    asyncio.run(_hold(item, everything, "resume", config, as_json))


async def _hold(item: str, everything: bool, verb: str, config: Config, as_json: bool) -> None:
    if everything and item:
        raise UserError(f"{verb} one item, or everything with --all: not both")
    if not everything:
        if not item:
            raise UserError(f"say which item to {verb}, or --all")
        await _give(item, verb, "", config, as_json)
        return
    from bot.cli.task_usage import settings_here  # here, so that the other commands start quickly
    from bot.core.item import at_shell

    async with ledger_of(settings_here(config)) as ledger:
        woken = await ledger.pause_all(at_shell(_who()) if verb == "pause" else None, utc_now())
    told = f"everything is {verb}d; {woken} items will be looked at"
    print_json({"told": told, "woken": woken}) if as_json else console.print(told)


async def _resume_agent(name: str, more: bool, config: Config, as_json: bool) -> None:
    if more:
        raise UserError("resume an agent, or an item, or everything: one of them")
    settings = settings_of(config)
    settings.need_board()
    if name not in settings.peers:
        raise UserError(f"there is no agent {name!r}; there are {', '.join(settings.peers) or 'none'}")
    async with ledger_of(settings) as ledger:
        woken = await ledger.resume_peer(name, utc_now())
    told = f"agent {name} goes on; {woken} items will be looked at"
    print_json({"told": told, "woken": woken}) if as_json else console.print(told)


async def _give(text: str, verb: str, args: str, config: Config, as_json: bool) -> None:
    from bot.core.item import Order  # here, for the same reason

    async with ledger_at(config) as ledger:
        item = await one_item(ledger, text)
        order = Order(f"shell-{secrets.token_hex(8)}", verb, args, _who(), utc_now())
        await ledger.hear(item, [order], utc_now())
        await ledger.wake(item, utc_now(), f"sluice {verb}")
    told = f"{verb}: noted; a running `sluice serve` obeys at once"
    print_json({"told": told, "item": item, "order": order.id}) if as_json else console.print(told)


def _who() -> str:
    return getpass.getuser()
