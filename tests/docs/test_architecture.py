"""bot/ARCHITECTURE.md is true: its map names every module, and each promise has the test it names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "bot/ARCHITECTURE.md").read_text()
PROMISES = re.findall(r"^\| .+ \| `(tests/[^`]+)::(test_\w+)` \|$", TEXT, re.MULTILINE)


def modules() -> list[Path]:
    sample = ROOT / "bot/demo/acme-widgets"
    found = [path for top in ("bot", "webhooks") for path in (ROOT / top).rglob("*.py")]
    return [path for path in found if not path.is_relative_to(sample)]


def test_the_map_names_every_module() -> None:
    """A module without a line has no docstring or is new: `python -m bot.reference --write` adds it."""
    named = {
        f"{folder}/{name}"
        for folder, lines in re.findall(r"^\*\*(.+?)/\*\*\n\n((?:- .*\n)+)", TEXT, re.MULTILINE)
        for name in re.findall(r"^- `([\w.]+)` \S", lines, re.MULTILINE)
    }
    there = {str(path.relative_to(ROOT)) for path in modules() if path.read_text().strip()}
    assert named == there


def test_every_promise_has_its_test() -> None:
    """The named test is in the named file."""
    assert len(PROMISES) > 20
    missing = [
        f"{file}::{name}"
        for file, name in PROMISES
        if not (ROOT / file).exists() or not re.search(rf"def {name}\(", (ROOT / file).read_text())
    ]
    assert missing == []
