"""docs/parity.md is complete: every row of the reference once, and each test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/parity.md").read_text()
ROWS = dict(re.findall(r"^\| ([BO]\d+) \| [^|]+ \| (.+) \|$", TEXT, re.MULTILINE))
WANTED = [*(f"B{n}" for n in range(1, 63)), *(f"O{n}" for n in range(1, 25))]
MOST = 0  # rows that nothing shows yet: it only ever gets smaller


def test_every_row_is_there_once_and_in_order() -> None:
    """Each says what shows it, why it is left out, or that nothing shows it yet."""
    assert re.findall(r"^\| ([BO]\d+) \|", TEXT, re.MULTILINE) == WANTED
    unsaid = [row for row, said in ROWS.items() if "::test_" not in said and not said.startswith(("left out: ", YET))]
    assert unsaid == []


def test_every_test_it_names_is_there() -> None:
    """In the file it names."""
    named = set(re.findall(r"`(tests/[^`]+)::(test_\w+)`", TEXT))
    there = {file: (ROOT / file).read_text() if (ROOT / file).is_file() else "" for file, _ in named}
    assert [pair for pair in sorted(named) if f"def {pair[1]}(" not in there[pair[0]]] == []
    assert len(named) > 80


def test_what_nothing_shows_yet_is_counted_and_only_shrinks() -> None:
    """The number in its head is that of the rows, and no larger than it was."""
    [said] = re.findall(r"^Not shown yet: (\d+)$", TEXT, re.MULTILINE)
    assert int(said) == sum(row.startswith(YET) for row in ROWS.values()) <= MOST


YET = "not shown yet"
