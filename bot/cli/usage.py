"""`sluice usage`: what agents read and wrote, what it cost, and what had been expected."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import AsJson, Config
from bot.whereabouts import FILE


def usage(
    item: Annotated[str, typer.Option("--item", help="Of this issue alone, run by run.")] = "",
    agent: Annotated[str, typer.Option("--agent", "--peer", help="Of this agent alone, run by run.")] = "",
    day: Annotated[bool, typer.Option("--day", help="Of the last 24 hours alone.")] = False,
    task_id: Annotated[str, typer.Option("--task-id", help="Of this task alone.")] = "",
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Tokens against what was expected, the cache apart, and money where the price is known; of tasks, what was really
    billed beside what was estimated."""
    from bot.cli.spent import show  # here, so that the other commands start quickly

    asyncio.run(show(Path(config), item, agent, day, task_id, as_json))
