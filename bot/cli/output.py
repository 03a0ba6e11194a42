"""How the commands speak: tables for people, JSON for programs, errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)  # texts are shown as they are


def print_json(data: Any) -> None:
    print(json.dumps(data, default=_plain, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


def fail(message: str, code: int) -> NoReturn:
    print(f"sluice: {message}", file=sys.stderr)
    sys.exit(code)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
