"""Setting a board up: nothing that is there changes, and what is missing gets a sensible place."""

from __future__ import annotations

from dataclasses import fields

import pytest

from bot.core.board import Columns
from bot.core.setup import Option, completed, guessed, new


def options(*names: str) -> list[Option]:
    return [Option(name, "BLUE", f"about {name}", f"id-{name}") for name in names]


@pytest.mark.parametrize(
    ("there", "after"),
    [
        (("Todo", "In Progress", "Done"), ("Todo", "In Progress", "In Review", "Needs a person", "Done", "Ready")),
        ((), ("Ready", "In Progress", "In Review", "Needs a person", "Done")),
        (("done", "READY"), ("done", "READY", "In Progress", "In Review", "Needs a person")),
        (("Ready", "In Progress", "In Review", "Needs a person", "Done", "Icebox"),) * 2,
    ],
)
def test_missing_columns(there: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Every old option is there as it was, id and all; names are compared without regard to case."""
    found = completed(options(*there), Columns())
    assert sorted(option.name for option in found) == sorted(after)
    assert [option for option in found if option.id] == options(*there)
    assert set(new(found)) == set(after) - set(there)


def test_a_new_column_stands_behind_the_one_before_it() -> None:
    """In Review comes after In Progress, wherever that is; Ready, which is the first, before it."""
    assert [option.name for option in completed(options("Todo", "In Progress"), Columns())][:3] == [
        "Todo",
        "Ready",
        "In Progress",
    ]
    found = [option.name for option in completed(options("Done", "In Progress", "Ready"), Columns())]
    assert found == ["Done", "In Progress", "In Review", "Needs a person", "Ready"]


@pytest.mark.parametrize(
    ("there", "understood"),
    [
        (("Backlog", "Ready", "In progress", "In review", "Done"), "Ready, In progress, In review, -, Done"),
        (("Todo", "In Progress", "Done"), "-, In Progress, -, -, Done"),  # cards lie in Todo by themselves
        (("📋 Up Next", "🏗 Doing", "Code-review", "⛔ Blocked", "✅ Closed"),
         "📋 Up Next, 🏗 Doing, Code-review, ⛔ Blocked, ✅ Closed"),
        (("Review", "In Review", "ready", "READY"), "ready, -, In Review, -, -"),  # the usual name goes first
        ((), "-, -, -, -, -"),
    ],
)  # fmt: skip
def test_other_teams_names_are_understood(there: tuple[str, ...], understood: str) -> None:
    """The best name for each purpose, as the board spells it, and none where there is no good one."""
    found = guessed(there)
    assert ", ".join(found.get(field.name, "-") for field in fields(Columns)) == understood
