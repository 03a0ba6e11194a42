"""The live table: the items as they move over the board."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from bot.demo.scenario import SCENARIO, Task
from bot.demo.watch import Seen

COLORS = {
    "Ready": "cyan",
    "In Progress": "yellow",
    "In Review": "magenta",
    "Needs a person": "red",
    "Done": "green",
}


def board(seen: Seen, seconds: float) -> Table:
    table = Table(title=f"Sluice drains a board: {seconds:.0f} s", title_justify="left", expand=True)
    for name in ("item", "title", "column", "stage", "pull", "round"):
        table.add_column(name, no_wrap=name != "title")
    table.add_column("because", ratio=1, no_wrap=True, overflow="ellipsis")
    for task in SCENARIO:
        table.add_row(*_row(task, seen, seen.rows.get(task.title, {})))
    return table


def _row(task: Task, seen: Seen, row: dict[str, Any]) -> tuple[str, ...]:
    column = seen.columns.get(task.title, "")
    number, pull = seen.numbers.get(task.title), seen.pulls.get(task.title)
    return (
        f"#{number}" if number else "draft",
        task.title,
        f"[{COLORS.get(column, 'default')}]{column}",
        str(row.get("stage") or ""),
        f"#{pull.number}" if pull else "",
        str(row.get("rounds") or ""),
        escape(str(row.get("reason") or "")),
    )
