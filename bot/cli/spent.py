"""What `sluice usage` shows: a line for each agent, or for each run of an item or an agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from bot.cli.board import one_item
from bot.cli.ledger import ledger_of, utc_now
from bot.cli.output import console, print_json, print_table
from bot.cli.task_usage import as_data, say_tasks, settings_here, tasks_used
from bot.core.spend import dollars
from bot.core.standing import Hold
from bot.errors import UserError
from bot.ledger.usage import DAY, RunUsed

NONE = "none yet"
COUNTS = ("tokens", "estimated", "input", "from cache", "into cache", "output")
COLUMNS = ("agent", "what", "runs", *COUNTS, "cost", "told by")


@dataclass(frozen=True)
class Line:
    agent: str
    what: str  # the run; empty: all of them
    runs: int
    tokens: int | None  # None: nothing is known yet
    estimated: int | None  # of those runs for which there was something to go by
    input_total: int | None
    cache_read: int | None
    cache_write: int | None
    output: int | None
    cost_usd: float | None  # as far as it is known
    unknown: bool  # of a part of it the cost is not
    subscription: bool
    told_by: str


async def show(config: Path, item: str, agent: str, day: bool, task_id: str, as_json: bool) -> None:
    settings = settings_here(config)
    paid = {peer.name: peer.subscription for peer in settings.peer_list()}
    now = utc_now()
    async with ledger_of(settings) as ledger:
        of = await one_item(ledger, item) if item else None
        found = await ledger.runs_used(of, agent or None, now - DAY if day else None)
        held = await ledger.holds(now)
        tasks = () if item or agent else await tasks_used(ledger, task_id)
    if agent and agent not in paid and not found:
        raise UserError(f"there is no agent {agent!r}; there are {', '.join(paid) or 'none'}")
    lines = list(_lines(found, paid, apart=bool(item or agent)))
    if as_json:
        told = {"usage": [asdict(line) for line in lines], "held": {name: asdict(h) for name, h in held.items()}}
        print_json({**told, "tasks": as_data(tasks)})
        return
    if lines and not task_id:
        print_table(COLUMNS, [_cells(line) for line in lines])
    elif not tasks:
        console.print(f"usage: {NONE}")
    say_tasks(tasks)
    _say_held(held, now)


def _lines(found: Sequence[RunUsed], paid: Mapping[str, bool], apart: bool) -> Iterable[Line]:
    groups: defaultdict[tuple[str, str], list[RunUsed]] = defaultdict(list)
    for run in found:
        groups[run.peer, f"#{run.number} {run.run[:8]}, {run.state}" if apart else ""].append(run)
    return [_line(agent, what, runs, paid.get(agent, False)) for (agent, what), runs in groups.items()]


def _line(agent: str, what: str, runs: Sequence[RunUsed], subscription: bool) -> Line:
    spent = [each for run in runs for each in run.spent]

    def in_all(kind: str) -> int | None:
        return sum(getattr(each.tokens, kind) for each in spent) if spent else None

    costs = [each.cost_usd for each in spent]
    known = [cost for cost in costs if cost is not None]
    estimates = [run.estimate for run in runs if run.estimate is not None]
    return Line(
        agent,
        what,
        len(runs),
        in_all("total"),
        sum(estimates) if estimates else None,
        in_all("input_total"),
        in_all("cache_read"),
        in_all("cache_write"),
        in_all("output"),
        round(sum(known), 4) if known else None,
        len(known) < len(costs),
        subscription,
        ", ".join(sorted({each.source.partition("-")[0] for each in spent})),
    )


def _cells(line: Line) -> list[object]:
    tokens = (line.tokens, line.estimated, line.input_total, line.cache_read, line.cache_write, line.output)
    told = [NONE if count is None else f"{count:,}" for count in tokens]
    return [line.agent, line.what, line.runs, *told, _cost(line), line.told_by]


def _cost(line: Line) -> str:
    if line.subscription:
        return "subscription"
    if line.tokens is None:
        return NONE
    known = dollars(line.cost_usd)
    return f"{known} and a part unknown" if known and line.unknown else known or "unknown"


def _say_held(held: Mapping[str, Hold], now: datetime) -> None:
    for name, hold in sorted(held.items()):
        console.print(f"agent {name} {hold.reason}")
