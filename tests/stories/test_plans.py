"""Items with a plan of several steps, from the card in Ready to the merge."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.run import Run
from tests.stories.conftest import MakeWorld
from tests.stories.test_gates import GATE
from tests.world import POLICY, Thing, World

TITLE = "Rename the shop"
REPORT, PLAN = ".sluice/scout-report.md", ".sluice/detailed-plan.md"
FOUND, REVIEW, SHIP = ".sluice/relevant-files.md", ".sluice/review.md", ".sluice/ship.md"


def planned(playbook: str, **more: str) -> str:
    table = "\n".join(f'{key} = "{value}"' for key, value in more.items())
    return f'{POLICY}[gates]\ncommands = ["grep -q SHOP shop.py"]\n[plan]\nplaybook = "{playbook}"\n{table}\n'


def writes(path: str, text: str) -> tuple[dict[str, Any], ...]:
    return {"write": path, "text": text}, {"say": f"Wrote {path}"}


async def item_of(world: World, plays: dict[str, tuple[str, str]], **facts: str) -> Thing:
    """An item in Ready; by step, the file its agent writes."""
    for step, (path, text) in plays.items():
        world.play(TITLE, *writes(path, text), step=step)
    return await world.add_issue(TITLE, edits=False, **facts)


async def changed_files(world: World, item: Thing) -> set[str]:
    number = (await world.pull(item))["number"]
    return {file["filename"] for file in await world.rest("ann", "GET", f"{{repo}}/pulls/{number}/files")}


async def runs_of(world: World, item: Thing) -> list[Run]:
    """Oldest first."""
    assert world.service
    return list(reversed(await world.service.ledger.runs(item=item.card)))


PLAYS = {
    "scout-builder": {"1.1": (REPORT, "shop.py:1\n"), "2.1": ("shop.py", "SHOP = 1\n")},
    "plan-build-review-ship": {
        "1.1": (PLAN, "Rename it.\n"),
        "2.1": ("shop.py", "SHOP = 1\n"),
        "3.1": (REVIEW, "Good.\n"),
        "4.1": (SHIP, "Renamed.\n"),
    },
    "scout-plan-build": {
        **{f"1.1.{a}": (f".sluice/relevant-files.1.1.{a}.md", f"{a}\n") for a in "abcd"},
        "2.1": (PLAN, "Rename it.\n"),
        "3.1": ("shop.py", "SHOP = 1\n"),
    },
}


@pytest.mark.parametrize("playbook", PLAYS)
async def test_a_playbook_drains_an_item(make_world: MakeWorld, playbook: str) -> None:
    """Each step by an agent of its own, what they hand on by path, one pull request with what was built, no more. Steps
    that begin side by side do not take each other for another Sluice."""
    world = await make_world(policy=planned(playbook))
    item = await item_of(world, PLAYS[playbook])
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert await world.file("shop.py") == "SHOP = 1\n"
    assert (await world.pull(item))["changed_files"] == 1
    steps = await runs_of(world, item)  # of two agents two look around, side by side
    assert not any(run.attempts for run in steps)
    assert world.service and world.worktrees() == []
    said = (await world.comments(item))[0]
    assert f"{len(steps)} of {len(steps)} steps were done at the first attempt" in said
    assert "- changed: 1 file, +1" in said
    points = (await world.service.ledger.costs(item.card))["graphql_points"]
    assert points <= 12 + 2 * len(steps), "what is only written down is gone on with at the same look"


async def test_a_plan_is_asked_for_approved_and_added_to(make_world: MakeWorld) -> None:
    """`/sluice plan` shows it, nothing starts before it is approved, and what is added to it is done too."""
    world = await make_world(policy=planned("direct", approve="LOW"))
    plays = PLAYS["scout-builder"] | {"3.1": ("notes.md", "Renamed.\n")}
    item = await item_of(world, plays, column="Backlog")
    await world.comment(item, "/sluice plan scout-builder", by="bob")
    await world.settle()
    assert any("playbook scout-builder" in text and "1.1 scout" in text for text in await world.comments(item))
    await world.move(item, "Ready")
    await world.settle()
    assert await world.column(item) == "Ready", await world.reason(item)
    assert "needs your approval" in (await world.comments(item))[-1]

    await world.comment(item, "/sluice amend Write a note about it", by="bob")
    await world.settle()
    await world.comment(item, "/sluice approve", by="ann")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await changed_files(world, item) == {"shop.py", "notes.md"}


async def test_a_red_gate_goes_back_and_a_failed_step_needs_a_person(make_world: MakeWorld) -> None:
    """The scout's report outlives the builder's failures; with another attempt the plan goes on where it was."""
    world = await make_world(policy=planned("scout-builder"))
    item = await item_of(world, PLAYS["scout-builder"] | {"2.1": ("shop.py", "SHIP = 1\n")})
    world.play(TITLE, {"say": "I do not know how"}, step="2.1", round=2)
    world.play(TITLE, *writes("shop.py", "SHOP = 2\n"), step="2.1", round=3)
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert "nothing changed" in (await world.comments(item))[-1]

    await world.comment(item, "/sluice retry", by="bob")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await world.file("shop.py", (await world.pull(item))["head"]["ref"]) == "SHOP = 2\n"
    assert [run.step for run in await runs_of(world, item)] == ["1.1", "2.1", "2.1", "2.1"]


TWO = """about = "Two at once."
[[phases]]
name = "Both"
[[phases.steps]]
agent = "left"
task = "Write the left half. {task}"
[[phases.steps]]
agent = "right"
task = "Write the right half. {task}"
"""


async def test_a_team_s_documents_are_named_to_the_steps_they_match(make_world: MakeWorld) -> None:
    """By their tags, and by path: they lie in every worktree."""
    known = ".github/sluice/knowledge/"
    files = {f"{known}{name}.md": f"---\ntags: [{tag}]\n---\n{name}\n" for name, tag in (("a", "shop"), ("b", "boat"))}
    world = await make_world(policy=planned("scout-builder"), files=files)
    item = await item_of(world, {"1.1": (REPORT, "shop.py:1\n")})
    told = f'grep -q {known}a.md "$SLUICE_BRIEF" && ! grep -q {known}b.md "$SLUICE_BRIEF"'
    world.play(TITLE, {"run": f"{told} && cat {known}a.md"}, *writes("shop.py", "SHOP = 1\n"), step="2.1")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_steps_that_conflict_are_brought_together_by_the_later(make_world: MakeWorld) -> None:
    """Both write one file, by a playbook of the team: the second is done again, the first's work laid before it."""
    world = await make_world(policy=planned("two"), files={".github/sluice/playbooks/two.toml": TWO})
    item = await item_of(world, {"1.1": ("shop.py", "SHOP = 1\n"), "1.2": ("shop.py", "SHOP = 2\n")})
    world.play(TITLE, *writes("shop.py", "SHOP = 3  # both\n"), step="1.2", round=2)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await world.file("shop.py", (await world.pull(item))["head"]["ref"]) == "SHOP = 3  # both\n"
    assert sorted(run.step for run in await runs_of(world, item)) == ["1.1", "1.2", "1.2"]


async def test_a_phase_is_judged_by_a_workflow_before_the_next_begins(make_world: MakeWorld) -> None:
    """On GitHub Actions, on the item's own branch; red it goes back, green the reviewer begins."""
    playbook = TWO.replace('name = "Both"\n', 'name = "Both"\nworkflow = "gate.yml"\ncolumn = "BUILD"\n')
    files = {".github/sluice/playbooks/two.toml": playbook, ".github/workflows/gate.yml": GATE}
    world = await make_world(policy=planned("two"), files=files, permissions={"actions": "write"})
    item = await item_of(world, {"1.1": ("shop.py", "SHOP = 1\n"), "1.2": ("right.txt", "2\n")})
    world.play(TITLE, *writes("wanted.txt", "here\n"), step="1.2", round=2)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await changed_files(world, item) == {"shop.py", "right.txt", "wanted.txt"}
    ran = await world.rest("ann", "GET", "{repo}/actions/workflows/gate.yml/runs")
    assert sorted(run["conclusion"] for run in ran["workflow_runs"]) == ["failure", "success"]
