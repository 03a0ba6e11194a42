"""`sluice board show` and `sluice explain ITEM`: where everything stands, and why nothing is happening."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.given import settings_of
from bot.cli.ledger import ledger_at
from bot.cli.options import AsJson, Config, ItemArgument
from bot.cli.output import console, print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.ledger.board import ItemRow
    from bot.ledger.ledger import SqlLedger
    from bot.ledger.tallies import Tally
    from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def main() -> None:
    """What is on the board, and where it really stands."""


@app.command()
def show(config: Config = FILE, as_json: AsJson = False) -> None:
    """Every item: column, stage, pull request, rounds, and the reason it stands where it does."""
    rows = asyncio.run(_rows(config))
    if as_json:
        print_json({"items": rows})
        return
    wanted = ("number", "title", "column", "stage", "pull", "rounds", "reason")
    print_table(wanted, [[row[key] for key in wanted] for row in rows])


@app.command()
def setup(
    config: Config = FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what is missing, write nothing.")] = False,
) -> None:
    """Give every board the columns and the priority field it lacks; what it has keeps its place and its cards."""
    settings = settings_of(config)
    settings.need_board()
    asyncio.run(_setup(settings, dry_run))


async def _setup(settings: Settings, dry: bool) -> None:
    from bot.wiring import github_of  # here, so that the other commands start quickly

    async with github_of(settings) as github:
        for key in settings.boards:
            made = await github.set_up(await github.board(key), dry)
            what = [f"column {name}" for name in made.columns] + [f"field {name}" for name in made.fields]
            verb = "lacks" if dry else "has now"
            console.print(f"board {key} {verb} {', '.join(what)}" if what else f"board {key} lacks nothing")


async def _rows(config: Config) -> list[dict[str, object]]:
    async with ledger_at(config) as ledger:
        tallies = await ledger.tallies()
        return [shown(row, tallies.get(row.item.id)) for row in await ledger.items()]


def shown(row: ItemRow, tally: Tally | None) -> dict[str, object]:
    """One item as people and programs read it."""
    item, last = row.item, row.last
    started = next((at for stage, at in item.stages if stage in ("Working", "Claimed", "Ready")), None)
    ended = item.stages[-1][1] if item.stages else None
    return {
        "item": item.id,
        "number": item.number,
        "title": item.title,
        "column": row.column,
        "stage": last.stage if last else None,
        "pull": item.pull_number,
        "attempts": tally.attempts if tally else 0,
        "rounds": tally.rounds if tally else 0,
        "seconds": round((ended - started).total_seconds(), 1) if started and ended else 0.0,
        "waits_for": last.waits_for if last else None,
        "reason": last.reason if last else "not looked at yet",
        "actions": [action["action"] for action in json.loads(last.actions)] if last else [],
    }


def explain(
    item: ItemArgument,
    retrospective: Annotated[
        bool, typer.Option("--retrospective", help="Instead: what worked, what did not and why, as Markdown.")
    ] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Why nothing is happening with an item, or why something is: its last decisions, newest first."""
    asyncio.run(_retrospective(item, config) if retrospective else _explain(item, config, as_json))


async def _explain(text: str, config: Config, as_json: bool) -> None:
    async with ledger_at(config) as ledger:
        item = await one_item(ledger, text)
        decisions = await ledger.decisions(item, limit=10)
        costs = await ledger.costs(item)
    if as_json:
        print_json({"item": item, "decisions": [asdict(d) for d in decisions], "costs": costs})
        return
    for decision in decisions:
        times = f" (seen {decision.times} times)" if decision.times > 1 else ""
        shown = "" if decision.performed or not json.loads(decision.actions) else " [shown, not done]"
        console.print(f"{decision.last_at:%Y-%m-%d %H:%M:%S}  {decision.stage}: {decision.reason}{times}{shown}")
    if not decisions:
        console.print("Sluice has not looked at it yet; `sluice sweep` looks now.")
    console.print(f"cost: {', '.join(f'{kind} {amount}' for kind, amount in costs.items()) or 'nothing yet'}")


async def _retrospective(text: str, config: Config) -> None:
    """As the service files it when the item is over, of how it stands by now."""
    from bot.core.plans.retrospective import retrospective  # here, so that the other commands start quickly

    async with ledger_at(config) as ledger:
        account = await ledger.account(await one_item(ledger, text))
    if account is None:
        raise UserError(f"no agent has worked on {text} yet")
    print(retrospective(account.execution, account.happened), end="")


async def one_item(ledger: SqlLedger, text: str) -> str:
    """The item meant by a text; none or several is the user's to mend."""
    found = await ledger.find(text) if text.isprintable() else []  # no database takes half a character
    if not found:
        raise UserError(f"no item {text!r} is known; `sluice board show` lists them, `sluice sweep` looks for new ones")
    if len(found) > 1:
        raise UserError(f"{text!r} could be {len(found)} items; name it as owner/name#number")
    return found[0]
