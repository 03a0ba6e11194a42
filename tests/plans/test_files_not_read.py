"""A plan's files that somebody's edit made unreadable: whoever wants them says which, where, and what to do."""

from __future__ import annotations

import pytest

from bot.plan_files.page import page
from bot.plan_files.record import record
from tests.plans.shop import PLAN, Shop

REMEDY = "mend that, or delete the file: without it the plan is what was saved"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("plan.json", "{", "/plan.json: not valid JSON: Expecting property name enclosed in double quotes: line 1"),
        ("plan.json", "[]", "/plan.json: no plan: that is an object with a task_id, a summary and phases"),
        ("plan.json", '{"task": 1}', "/plan.json: unknown key task; did you mean task_id?"),
        ("plan.md", "", "/plan.md line 1: the heading is missing that says what is to be done"),
    ],
)
def test_it_is_told_with_its_place_and_its_remedy(shop: Shop, file: str, text: str, said: str) -> None:
    """Exit code 2, and what it advises helps."""
    shop.save()
    shop.write(".sluice/plan.json", record(PLAN))
    shop.write(".sluice/plan.md", page(PLAN))
    shop.write(f".sluice/{file}", text)
    for command in ("start", "status", "next"):
        told = shop.execute(command)
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith(f"sluice: .sluice{said}") and REMEDY in told.err
    (shop.folder / file).unlink()
    assert shop.execute("start").code == 0
