"""`sluice run list` and `sluice run show RUN`: what agents did, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.board import one_item
from bot.cli.ledger import ledger_of
from bot.cli.options import AsJson, Config
from bot.cli.output import console, print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.core.events import Noted
    from bot.core.run import Run
    from bot.ledger.ledger import SqlLedger

app = typer.Typer(no_args_is_help=True)
PACE = 0.5  # seconds between two looks at a log that is followed
WIDTH = 200  # characters of one event that a line shows


@app.callback()
def main() -> None:
    """What agents did, and are doing."""


@app.command("list")
def list_runs(
    item: Annotated[str | None, typer.Argument(help="Only this one: 12, #12, owner/name#12, a task")] = None,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """The last runs, newest first."""
    asyncio.run(_list(item, config, as_json))


async def _list(item: str | None, config: Config, as_json: bool) -> None:
    async with _ledger(config) as ledger:
        runs = await ledger.runs(item=await one_item(ledger, item) if item else None)
        numbers = {row.item.id: row.item.number for row in await ledger.items(done=True, gone=True)}
    rows = [_shown(run, numbers.get(run.item)) for run in runs]
    if as_json:
        print_json({"runs": rows})
        return
    columns = ("run", "of", "step", "agent", "round", "state", "ended", "seconds", "summary")
    print_table(columns, [[row[name] for name in columns] for row in rows])


@asynccontextmanager
async def _ledger(config: Path) -> AsyncIterator[SqlLedger]:
    from bot.cli.task_usage import settings_here  # here, so that a command that needs no ledger starts quickly

    async with ledger_of(settings_here(config)) as ledger:
        yield ledger


def _shown(run: Run, number: int | None) -> dict[str, object]:
    end = run.outcome
    return {
        "run": run.key[:8],
        "number": number,
        "of": f"#{number}" if number else run.item,  # an item without a number is a task or an agent
        "step": run.step,
        "agent": run.peer,
        "round": run.round,
        "state": run.state,
        "ended": end.ended if end else None,
        "seconds": round(end.seconds, 1) if end else None,
        "summary": end.summary.strip().partition("\n")[0][:80] if end else "",
    }


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="The beginning of a run's id, or an item: its newest run.", metavar="RUN")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """What happened in a run, in order: messages, tools with their targets, files changed, and how it ended."""
    asyncio.run(_show(run, follow, config, as_json))


async def _show(text: str, follow: bool, config: Config, as_json: bool) -> None:
    async with _ledger(config) as ledger:
        run, seen = await _one_run(ledger, text), 0
        while True:
            over = run.state == "ended"  # asked first: what is noted afterwards was written before that
            noted = await ledger.events(run.key, seen)
            seen = noted[-1].number if noted else seen
            (_print_json if as_json else _print)(run, noted)
            if over or not follow:
                break
            await asyncio.sleep(PACE)
            run = (await ledger.runs(run.key))[0]
    if not seen and not as_json:
        console.print(f"nothing is noted of run {run.key[:8]} ({run.state})")


async def _one_run(ledger: SqlLedger, text: str) -> Run:
    """By its id; else the newest of the item that is meant."""
    found = await ledger.runs(text, limit=2) if len(text) >= 4 and text.isalnum() and not text.isdecimal() else []
    if len(found) > 1:
        raise UserError(f"several runs begin with {text!r}; give more of it")
    if not found:
        item = await one_item(ledger, text)
        found = await ledger.runs(item=item, limit=1)
    if not found:
        raise UserError(f"no agent has worked on {text} yet; `sluice explain {text}` says why")
    return found[0]


def _print(_run: Run, noted: Sequence[Noted]) -> None:
    for each in noted:
        told = " ".join(f"{each.event.target}  {each.event.text}".split()) if each.event.target else each.event.text
        lines = " ".join(told.split())
        short = lines if len(lines) <= WIDTH else f"{lines[: WIDTH - 1]}…"
        console.print(f"{each.at:%H:%M:%S}  {each.event.kind:<9} {short}")


def _print_json(run: Run, noted: Sequence[Noted]) -> None:
    """One line for each event, so that a follower can read them as they come."""
    for each in noted:
        print_json({"run": run.key, "number": each.number, "at": each.at, **asdict(each.event)})
