"""`make bench`: measures, prints a table, and writes build/bench.json for whoever compares."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import cost, judgement

OUT = Path("build/bench.json")


def main() -> int:
    figures = [*judgement.measure(), *asyncio.run(cost.measure())]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    table = Table("figure", "value", "unit", "target", "peer", "peer's value", "ratio")
    for f in figures:
        cells = (f.name, f.value, f.unit, f.target, f.peer, f.peer_value, f.ratio)
        table.add_row(*("" if cell is None else str(cell) for cell in cells), style="" if f.met else "bold red")
    Console().print(table)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
