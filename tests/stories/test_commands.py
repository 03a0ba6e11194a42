"""Comment commands, through the front door."""

from __future__ import annotations

from tests.stories.conftest import MakeWorld
from tests.world import World

SLOW = {"wait": 60}


async def test_cancel_stops_the_agent_and_keeps_the_work(world: World) -> None:
    """A writer's /sluice cancel ends the agent; branch and work are kept; retry goes on from there."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.comment(item, "Not now.\n\n/sluice cancel")
    await world.settle()
    assert await world.column(item) == "Needs a person"
    assert f"cancelled by @{world.login('bob')}" in await world.reason(item)
    assert len(await world.refs("sluice/work")) == 1 and world.worktrees() == []
    assert len(await world.comments(item)) == 1

    world.play("Slow", {"append": "half.txt", "text": " and whole"})
    await world.comment(item, "/sluice retry")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    branch = (await world.pull(item))["head"]["ref"]
    assert await world.file("half.txt", branch) == "half and whole"


async def test_only_people_who_may_are_obeyed(world: World) -> None:
    """An outsider's command changes nothing and is answered with a reaction alone."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.comment(item, "/sluice cancel", by="eve")
    await world.settle()
    assert await world.column(item) == "In Review"
    assert await world.reactions(item) == ["-1"]


async def test_code_and_quotes_never_fire(world: World) -> None:
    """A command in a code block, in a quotation or in an edited comment is text."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.comment(item, "Write this:\n\n```\n/sluice cancel\n```\n\n> /sluice cancel\n\n`/sluice cancel`")
    await world.settle()
    assert await world.column(item) == "In Review"
    assert await world.reactions(item) == []


async def test_a_wrong_command_is_answered_with_its_usage(world: World) -> None:
    """A command that cannot be understood gets the usage line, once."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.comment(item, "/sluice assign nobody")
    await world.settle()
    said = [text for text in await world.comments(item) if "/sluice assign AGENT" in text]
    assert len(said) == 1 and "robo" in said[0]
    assert await world.reactions(item) == ["confused"]


async def test_merge_by_command_binds_to_the_head(world: World) -> None:
    """A maintainer's /sluice merge merges that very head where people merge; a writer may not."""
    await world.write_file(".github/sluice.toml", 'mode = "live"\n')
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.approve(item)
    await world.comment_pull(item, "/sluice merge", by="bob")
    await world.settle()
    assert await world.column(item) == "In Review"
    await world.comment_pull(item, "/sluice merge", by="ann")
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_reject_sends_the_work_back(world: World) -> None:
    """/sluice reject with a reason is one more round, with the reason in the brief."""
    world.play("Fix the typo", {"write": "notes/other.txt", "text": "better"}, round=2)
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.comment(item, "/sluice reject too short")
    await world.settle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert len(runs) == 2 and "too short" in await world.brief(runs[1].key)
    assert await world.column(item) == "In Review"


async def test_commands_in_a_review_are_heard(world: World) -> None:
    """A review's body and a comment on a line command like any other, and ask for no work beside that."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    pull = await world.pull(item)
    line = {"path": "notes/fix-the-typo.txt", "line": 1, "side": "RIGHT", "body": "/sluice priority 7"}
    review = {"event": "COMMENT", "body": "/sluice pause", "commit_id": pull["head"]["sha"], "comments": [line]}
    await world.rest("bob", "POST", f"{{repo}}/pulls/{pull['number']}/reviews", review)
    await world.settle()
    assert "paused by" in await world.reason(item), await world.reason(item)
    found = (await world.service.ledger.recall(item.card, world.now())).item
    assert found.priority == 7 and await world.column(item) == "In Review"


async def test_pause_all_stops_everything(world: World) -> None:
    """/sluice pause all ends agents and dispatch everywhere; resume all goes on with the same run."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.comment(item, "/sluice pause all", by="ann")
    await world.settle()
    other = await world.add_issue("Another")
    await world.settle()
    assert "paused" in await world.reason(item) and "paused" in await world.reason(other)
    assert await world.column(other) == "Ready"

    world.plays[0]["steps"] = [{"write": "half.txt", "text": "whole"}]
    world.play("unused", {"say": ""})
    await world.comment(item, "/sluice resume all", by="ann")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await world.column(other) == "In Review", await world.reason(other)


async def test_pause_all_is_heard_in_time_without_webhooks(make_world: MakeWorld) -> None:
    """While an agent works, what is said in its repository is read every few seconds."""
    world = await make_world(webhooks=False)
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.service.look()
    await world.until_working(item)
    await world.service.watch()
    await world.comment(item, "/sluice pause all", by="ann")
    await world.service.watch()
    await world.until_says(item, "everything is paused")
    await world.service.idle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert [run.outcome.ended for run in runs if run.outcome] == ["cancelled"]


async def test_pause_all_is_heard_where_there_is_no_item(world: World) -> None:
    """On an issue without a card a maintainer's word stops everything, a writer's nothing; nothing is heard twice."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    elsewhere = await world.add_bare_issue("What is going on?")
    await world.comment(elsewhere, "/sluice pause all", by="bob")
    await world.settle()
    await world.comment(elsewhere, "It runs amok.\n\n/sluice pause all", by="ann")
    await world.settle()
    assert f"everything is paused by {world.login('ann')}" in await world.reason(item)
    assert await world.reactions(elsewhere) == ["-1", "+1"]
    await world.comment(item, "/sluice resume all", by="ann")
    await world.settle()
    await world.service.look()
    await world.settle()
    assert "paused" not in await world.reason(item)


async def test_a_repository_that_cannot_be_heard_does_not_stop_the_sweep(world: World) -> None:
    """GitHub refuses the comments of a live repository: the sweep goes on, and hears them once it may."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    world.hub.admin(
        "faults",
        {"match": {"path": "/issues/comments", "method": "GET"}, "kind": "status", "status": 403, "times": None},
    )
    elsewhere = await world.add_bare_issue("What is going on?")
    await world.comment(elsewhere, "/sluice pause all", by="ann")
    assert (await world.service.look()).boards == 1
    world.hub.admin("faults", method="DELETE")
    await world.service.look()
    await world.settle()
    assert "everything is paused" in await world.reason(item)


async def test_pause_and_resume_one_item(world: World) -> None:
    """A paused item waits where it is, and goes on when it is resumed."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.comment(item, "/sluice pause")
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "In Review" and "paused by" in await world.reason(item)
    await world.comment(item, "/sluice resume")
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_help_and_explain_answer(world: World) -> None:
    """help lists the commands, explain says why the item stands where it does."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.comment(item, "/sluice help\n/sluice explain")
    await world.settle()
    said = await world.comments(item)
    assert any("/sluice retry" in text for text in said)
    assert any("has approved this head" in text and "In review" not in text for text in said)


async def test_retry_fresh_starts_on_a_new_branch(world: World) -> None:
    """retry goes on with a new pull request where the old one was closed; --fresh starts over on a new branch."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    old = (await world.pull(item))["head"]["ref"]
    await world.comment(item, "/sluice cancel --close")
    await world.settle()
    assert (await world.pull(item))["state"] == "closed"
    await world.comment(item, "/sluice retry")
    await world.settle()
    assert (await world.pull(item))["state"] == "open" and len(await world.pulls(item)) == 2
    await world.comment(item, "/sluice retry --fresh")
    await world.settle()
    new = [pull["head"]["ref"] for pull in await world.pulls(item) if pull["state"] == "open"]
    assert len(new) == 2 and new[0] != new[1] == old and old in await world.branches(), await world.reason(item)
