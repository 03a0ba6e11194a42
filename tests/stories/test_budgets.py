"""Tokens and money in an item's life: stopped at the cap, given more, waited for, handed on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice
from tests.world import World

DEAR = {"spend": {"model": "claude-opus-5-5", "input_total": 600_000, "output": 1_000}}
WAIT = {"wait": 300}


def written(name: str) -> dict[str, Any]:
    return {"write": f"notes/{name}.txt", "text": f"{name}\n"}


async def test_a_run_over_its_cap_is_stopped_and_goes_on_with_more(make_world: MakeWorld) -> None:
    """Its work is kept, a person reads the figures, and who maintains the repository lets it go on."""
    world: World = await make_world(player={"cost_per_run": 1.0}, kept={"cost": "Cost"})
    world.play("Dear", written("half"), DEAR, WAIT)
    item = await world.add_issue("Dear", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person"
    [asked] = [text for text in await world.comments(item) if "/sluice budget +5" in text]
    assert "used 601 k tokens and $2" in asked and "of the 5 M tokens and $1.00 it may use" in asked
    assert await world.refs("sluice/work")

    await world.comment(item, "/sluice budget +5", by="bob")
    await world.settle()
    assert await world.column(item) == "Needs a person", "bob may write, and not spend"
    world.play("Dear", written("whole"), DEAR)
    await world.comment(item, "/sluice budget +5", by="ann")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    files = await world.rest("ann", "GET", f"{{repo}}/pulls/{(await world.pull(item))['number']}/files")
    assert [file["filename"] for file in files] == ["notes/half.txt", "notes/whole.txt"]

    await world.approve(item)  # and Sluice merges it
    await world.settle()
    [summary] = [text for text in await world.comments(item) if "is merged" in text]
    assert "- cost: 1.202 M tokens, $4.84" in summary


async def test_the_days_cap_is_kept_before_anything_starts(make_world: MakeWorld) -> None:
    """The second item waits, with the figures and the time there is room again; then it starts by itself."""
    world: World = await make_world(spending={"cost_per_day": 6.0})
    world.play("First", written("first"), DEAR)
    first = await world.add_issue("First", edits=False)
    await world.settle()
    assert await world.column(first) == "In Review"
    second = await world.add_issue("Second")
    await world.settle()
    assert await world.column(second) == "Ready"
    said = await world.reason(second)
    assert "Sluice has used $2.4" in said and "of $6.00 in the last 24 hours" in said and "may take $5.00" in said
    world.turned += timedelta(hours=24)
    await world.settle()
    assert await world.column(second) != "Ready"


async def test_a_provider_that_says_to_wait_is_waited_for(world: World) -> None:
    """No attempt is used up, other items wait as well, and all go on when it takes work again."""
    world.play("First", {"limited": 600})
    first = await world.add_issue("First", edits=False)
    await world.settle()
    second = await world.add_issue("Second")
    await world.settle()
    for item in (first, second):
        assert "agent robo waits for its provider" in await world.reason(item)
    assert (await world.column(first), await world.column(second)) == ("In Progress", "Ready")

    world.play("First", written("first"))
    world.turned += timedelta(seconds=605)
    await world.settle()
    assert (await world.column(first), await world.column(second)) == ("In Review", "In Review")
    assert world.service
    assert (await world.service.ledger.tallies())[first.card].attempts == 1


async def test_a_fall_back_takes_over(make_world: MakeWorld, tmp_path: Any) -> None:
    """In the same worktree, at once, with the task it was for; the item is its from then on."""
    other = tmp_path / "other.toml"
    other.write_text('[[play]]\nitem = "First"\nsteps = [{write = "notes/rest.txt", text = "rest"}]\n')
    player = {"runtime": "scripted", "script": str(tmp_path / "plays.toml"), "fallbacks": ["rita"]}
    world: World = await make_world(
        peers={"robo": player, "rita": {"runtime": "scripted", "script": str(other), "labels": []}}
    )
    world.play("First", written("begun"), {"limited": 600})
    item = await world.add_issue("First", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    files = await world.rest("ann", "GET", f"{{repo}}/pulls/{(await world.pull(item))['number']}/files")
    assert [file["filename"] for file in files] == ["notes/begun.txt", "notes/rest.txt"]
    assert "agent rita, round 1" in (await world.pull(item))["body"]


async def test_an_agent_that_fails_on_is_stopped(world: World) -> None:
    """After the fifth failure of one kind nothing new is given to it, until whoever runs Sluice says so."""
    config = world.write_config()
    for number in range(5):
        world.play(f"Bad {number}", {"fail": "login"})
        await world.add_issue(f"Bad {number}", edits=False)
    await world.settle()
    good = await world.add_issue("Good")
    await world.settle()
    assert await world.column(good) == "Ready"
    assert "is stopped: its runs ended the same way (login) 5 times" in await world.reason(good)
    shown = (await sluice("usage", "--json", config=config)).json
    assert json.dumps(shown["held"]).count("login") == 1

    found = (await sluice("doctor", "--json", config=config)).json["findings"]
    assert [each["what"] for each in found if "(login)" in each["told"]] == ["agent robo"]

    wrong = await sluice("resume", "--agent", "nobody", config=config)
    assert wrong.code == 2 and "robo" in wrong.err
    await sluice("resume", "--agent", "robo", config=config)
    await world.settle()
    assert await world.column(good) == "In Review", await world.reason(good)


async def test_usage_is_shown_against_what_was_expected(make_world: MakeWorld) -> None:
    """By agent, by item and by day; what is not known yet says so, and a wrong name is an error."""
    world: World = await make_world()
    config = world.write_config()
    assert "none yet" in (await sluice("usage", config=config)).out
    world.play("Silent", written("silent"))
    silent = await world.add_issue("Silent", edits=False)
    await world.settle()
    [nothing] = (await sluice("usage", "--item", str(silent.number), "--json", config=config)).json["usage"]
    assert {nothing[kind] for kind in ("tokens", "input_total", "output", "cost_usd")} == {None}, "unknown is never 0"
    for title in ("First", "Second"):
        world.play(title, written(title), DEAR)
        item = await world.add_issue(title, edits=False)
        await world.settle()
    [robo] = (await sluice("usage", "--day", "--json", config=config)).json["usage"]
    assert (robo["agent"], robo["runs"], robo["tokens"], robo["estimated"]) == ("robo", 3, 1_202_000, 601_000)
    assert robo["cost_usd"] == 4.84
    [second] = (await sluice("usage", "--item", str(item.number), "--json", config=config)).json["usage"]
    assert (second["tokens"], second["estimated"], second["told_by"]) == (601_000, 601_000, "told")
    first = (await sluice("usage", "--item", str(item.number - 1), config=config)).out
    assert "none yet" in first and "$2.42" in first
    for words in (("--item", "99"), ("--item", "9" * 30), ("--agent", "nobody")):
        assert (await sluice("usage", *words, config=config)).code == 2
