"""What `sluice agent watch` shows: the fleet as it works. It reads this machine's ledger, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.cli.ledger import utc_now
from bot.cli.output import canvas, console, print_json
from bot.core.crew import DONE, UNKNOWN, Fleet, Told, context_used, fleet, heard, progress
from bot.core.spend import counted, dollars
from bot.orchestrator import crew_at, status_of

if TYPE_CHECKING:
    from bot.crew.crew import Crew

COLORS = {"creating": "cyan", "working": "yellow", "complete": "green", "failed": "red"}
LATEST = 8  # events


async def follow(config: Path, interval: float, once: bool, as_json: bool) -> None:
    """Until all are over."""
    async with crew_at(config) as crew:
        drawn = canvas()
        if as_json or once or not drawn.is_terminal:
            await _lines(crew, interval, once, as_json)
            return
        with Live(console=drawn, auto_refresh=False) as live:
            while True:
                seen = await crew.all()
                live.update(picture(seen, utc_now()), refresh=True)
                if all(told.resting for told in seen):
                    return
                await asyncio.sleep(interval)


async def _lines(crew: Crew, interval: float, once: bool, as_json: bool) -> None:
    """For who is no person at a terminal: only what is new, for it may be a model that reads and pays for it."""
    last = ""
    while True:
        seen = await crew.all()
        over = all(told.resting for told in seen)
        line = "; ".join(f"{told.mate.name} {told.status} ({progress(told)})" for told in seen) or "no agents"
        if as_json:
            print_json({"fleet": vars(fleet(seen)), "agents": [status_of(told) for told in seen]})
        elif once:
            canvas().print(picture(seen, utc_now()))
        elif line != last:
            console.print(line)
        if once or over:
            return
        last = line
        await asyncio.sleep(interval)


def picture(seen: Sequence[Told], now: datetime) -> Group:
    """All of them together, then what each used, then what each does or waits for, then what happened last. Where a
    terminal is too low for all of it the end is cut off, so those at work come first."""
    whole, crew = fleet(seen), sorted(seen, key=lambda told: told.resting)
    table = Table(box=None, pad_edge=False)
    for name in ("agent", "status", "for", "by", "used", "context"):
        table.add_column(name, overflow="fold", no_wrap=name in ("agent", "status", "for"))
    for told in crew:
        table.add_row(*_row(told, now))
    lines = [f"{told.mate.name}: {_does(told, whole)}" for told in crew if progress(told) != DONE]
    return Group(Text(in_all(whole)), table, *map(Text, (*lines, *_latest(seen))))


def _row(told: Told, now: datetime) -> tuple[str | Text, ...]:
    used = told.used
    return (
        told.mate.name,
        Text(told.status, COLORS[told.status]),
        _long((now - told.since).total_seconds()),
        f"{told.mate.peer} {told.mate.model}".strip(),
        f"{counted(used.tokens)} {dollars(used.cost_usd)}".strip() if used else UNKNOWN,
        context_used(told),
    )


def _does(told: Told, whole: Fleet) -> str:
    name = told.mate.name
    on = [on for who, on in whole.waits if who == name]
    held_up = [who for who, on in whole.waits if on == name and name in whole.bottlenecks]
    does = f"waits for {', '.join(on)}" if on else progress(told)
    return f"{does}; {', '.join(held_up)} {'wait' if held_up[1:] else 'waits'} for it" if held_up else does


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def in_all(whole: Fleet) -> str:
    used = counted(whole.tokens) if whole.tokens is not None else "tokens unknown"
    cost = dollars(whole.cost_usd) or "cost unknown"
    slow = f"; others wait for {', '.join(whole.bottlenecks)}" if whole.bottlenecks else ""
    return f"{whole.active} active, {used}, {cost}{slow}"


def _latest(seen: Sequence[Told]) -> list[str]:
    happened = [(each.at, told.mate.name, each.event) for told in seen for each in told.events]
    happened += [(told.mate.created_at, told.mate.name, None) for told in seen]  # type: ignore[misc]
    lines = []
    for at, name, each in sorted(happened, key=lambda row: row[0])[-LATEST:]:
        lines.append(f"{at:%H:%M:%S}  {name}  {'created' if each is None else heard(each)}")
    return lines
