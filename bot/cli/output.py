"""How the commands speak: tables for people, JSON for programs, errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from rich.console import Console

PAINTS = dict.fromkeys(map(ord, "\a\b\v\f\r"))  # what makes a terminal ring, or write over what it has shown


class Plain:
    """Texts are shown as they are: no line is broken, and nothing that only tables need is loaded."""

    def print(self, text: str = "") -> None:
        print(text.translate(PAINTS), flush=True)


console = Plain()


def canvas() -> Console:
    """For tables, and for what is drawn anew while it is looked at."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def print_json(data: Any) -> None:
    print(json.dumps(data, default=_plain, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], whole: Sequence[str] = ()) -> None:
    """Columns that are `whole` are not broken while others can be: names and ids, which people copy."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    canvas().print(table)


def fail(message: str, code: int) -> NoReturn:
    print(f"sluice: {message}", file=sys.stderr)
    sys.exit(code)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
