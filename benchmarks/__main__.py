"""`make bench`: measures, prints a table, and writes build/bench.json for whoever compares.

`python -m benchmarks NAME ...` measures only these, and leaves what the file holds of the others.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import (
    acknowledging,
    boards,
    briefs,
    cost,
    gateway,
    hired,
    hundred,
    judgement,
    overhead,
    plans,
    stopping,
)
from benchmarks.figure import Figure

OUT = Path("build/bench.json")
ALL: dict[str, Callable[[], Coroutine[Any, Any, list[Figure]]]] = {
    "judgement": judgement.measure,
    "briefs": briefs.measure,
    "cost": cost.measure,
    "boards": boards.measure,
    "acknowledging": acknowledging.measure,
    "hired": hired.measure,
    "overhead": overhead.measure,
    "gateway": gateway.measure,
    "plans": plans.measure,
    "stopping": stopping.measure,
    "hundred": hundred.measure,
}


def main() -> int:
    unknown = [name for name in sys.argv[1:] if name not in ALL]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    figures = [figure for name in sys.argv[1:] or ALL for figure in _measured(name)]
    _write(figures, alone=len(sys.argv) > 1)
    table = Table("figure", "value", "unit", "target", "peer", "peer's value", "ratio")
    for f in figures:
        cells = (f.name, f.value, f.unit, f.target, f.peer, f.peer_value, f.ratio)
        table.add_row(*("" if cell is None else str(cell) for cell in cells), style="" if f.met else "bold red")
    Console().print(table)
    return 0 if all(figure.met for figure in figures) else 1


def _measured(name: str) -> list[Figure]:
    started = time.monotonic()
    figures = asyncio.run(ALL[name]())
    print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return figures


def _write(figures: list[Figure], alone: bool) -> None:
    OUT.parent.mkdir(exist_ok=True)
    names = {figure.name for figure in figures}
    others = (
        [each for each in json.loads(OUT.read_text()) if each["name"] not in names] if alone and OUT.exists() else []
    )
    OUT.write_text(json.dumps([*others, *map(asdict, figures)], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
