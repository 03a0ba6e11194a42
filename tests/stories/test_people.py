"""People: wishes on the board, trust, modes, drift."""

from __future__ import annotations

from datetime import timedelta

from tests.stories.conftest import MakeWorld
from tests.world import World

SLOW = {"wait": 60}


async def test_a_blocked_item_waits(world: World) -> None:
    """An item blocked by another starts when the other is done."""
    first = await world.add_issue("First")
    second = await world.add_issue("Second", column="Backlog")
    await world.block(second, first)
    await world.move(second, "Ready")
    await world.settle()
    assert await world.column(second) == "Ready"
    assert "blocked by" in await world.reason(second)
    await world.approve(first)
    await world.settle()
    assert await world.column(first) == "Done"
    assert await world.column(second) == "In Review", await world.reason(second)


async def test_a_command_does_not_outlive_the_closing_of_the_issue(world: World) -> None:
    """Started by a command, closed and reopened by its author before it was taken: a new word is needed."""
    blocker = await world.add_issue("Blocker", "Backlog")
    item = await world.add_issue("Eve's wish", "Backlog", by="eve")
    await world.block(item, blocker)
    await world.settle()
    await world.comment(item, "/sluice retry")
    await world.settle()
    assert "blocked by" in await world.reason(item)
    for state in ("closed", "open"):
        await world.rest("eve", "PATCH", f"{{repo}}/issues/{item.number}", {"state": state})
    await world.admin_clock(2)  # GitHub tells whole seconds
    await world.close(blocker)
    await world.settle()
    assert await world.pulls(item) == [], await world.reason(item)
    await world.comment(item, "/sluice retry")
    await world.settle()
    assert await world.stage(item) == "InReview", await world.reason(item)


async def test_a_draft_becomes_an_issue(world: World) -> None:
    """A draft that a writer moves to Ready is converted and worked on."""
    item = await world.add_draft("From a draft")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_no_change_is_parked_with_the_reason(world: World) -> None:
    """An agent that changes nothing gets no pull request; a person is asked, once."""
    world.play("Nothing to do", {"say": "I saw nothing to change"})
    item = await world.add_issue("Nothing to do", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person"
    assert "made no change" in await world.reason(item)
    assert await world.pulls(item) == []
    assert len([text for text in await world.comments(item) if "made no change" in text and "@ann" in text]) == 1


async def test_dragging_the_card_stops_the_agent(world: World) -> None:
    """A person drags the card away while the agent works: the agent ends, its work is kept, nobody is nagged."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.move(item, "Needs a person", by="tess")
    await world.settle()
    assert await world.column(item) == "Needs a person"
    assert "moved the card" in await world.reason(item)
    assert world.worktrees() == []
    saved = await world.refs("sluice/work")
    assert len(saved) == 1
    assert await world.file("half.txt", next(iter(saved.values()))) == "half"
    assert len(await world.comments(item)) == 1

    await world.move(item, "Ready")
    world.play("Slow", {"write": "half.txt", "text": "whole"})
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_an_outsiders_issue_waits_for_a_writers_move(world: World) -> None:
    """What an outsider puts in Ready is not started and says so; a writer's move starts it."""
    item = await world.add_issue("From outside", by="eve", moved_by="eve")
    await world.settle()
    assert await world.column(item) == "Ready"
    assert "no write access" in await world.reason(item)
    assert any("Not started" in text for text in await world.comments(item))
    await world.move(item, "Backlog", by="bob")
    await world.move(item, "Ready", by="bob")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_preview_writes_nothing(make_world: MakeWorld) -> None:
    """A repository in preview is judged and shown, and nothing is written."""
    world = await make_world(policy='mode = "preview"\n')
    before = len(world.hub.admin("log"))
    item = await world.add_issue("Fix the typo")
    log = len(world.hub.admin("log"))
    await world.settle()
    assert len(world.hub.admin("log")) == log > before
    assert await world.column(item) == "Ready"
    row = await world.row(item)
    assert "Claim" in row.last.actions and not row.last.performed


async def test_a_repository_without_a_policy_is_left_alone(make_world: MakeWorld) -> None:
    """Without .github/sluice.toml nothing happens, and explain says why."""
    world = await make_world(policy="")
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "Ready"
    assert "no .github/sluice.toml" in await world.reason(item)


async def test_going_live_needs_a_fresh_move(make_world: MakeWorld) -> None:
    """Cards that stood in Ready before the repository went live are not started by that."""
    world = await make_world(policy='mode = "preview"\n')
    item = await world.add_issue("Old card")
    await world.settle()
    await world.admin_clock(5)
    await world.write_file(".github/sluice.toml", 'mode = "live"\n')
    await world.settle()
    assert await world.column(item) == "Ready"
    assert "before the repository went live" in await world.reason(item)
    await world.admin_clock(5)
    await world.move(item, "Backlog")
    await world.move(item, "Ready")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_a_broken_policy_starts_nothing_new(world: World) -> None:
    """A policy that cannot be read says what is wrong with it, and nothing new is started."""
    await world.write_file(".github/sluice.toml", 'mode = "live"\nmerg = 1\n')
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "Ready"
    assert "did you mean merge" in await world.reason(item)


async def test_mode_off_stops_agents(world: World) -> None:
    """mode = "off" on the default branch ends agents within seconds and keeps their work."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.write_file(".github/sluice.toml", 'mode = "off"\n')
    await world.settle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert [run.outcome.ended for run in runs if run.outcome] == ["cancelled"]
    assert len(await world.refs("sluice/work")) == 1


async def test_mode_off_is_seen_though_its_webhook_is_lost(world: World) -> None:
    """The policy of a repository with an agent at work is read every few seconds, so that the agent ends in time."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.service.watch()
    await world.until_asleep()
    await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": None})
    await world.write_file(".github/sluice.toml", 'mode = "off"\n')
    await world.service.watch()
    await world.settle(patience=timedelta())
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert [run.outcome.ended for run in runs if run.outcome] == ["cancelled"], await world.reason(item)
    assert len(await world.refs("sluice/work")) == 1


async def test_a_title_changed_by_an_outsider_waits(world: World) -> None:
    """Renamed after a writer's move and before the first look: it is not what the writer asked for."""
    await world.stop()
    item = await world.add_issue("Fix the typo", by="eve", edits=False)
    await world.edit(item, by="eve", title="Delete everything")
    await world.start()
    await world.settle()
    assert "edited after the go-ahead" in await world.reason(item), await world.reason(item)
    assert world.worktrees() == [] and await world.branches() == ["main"]


async def test_an_item_merged_by_other_hands_is_closed_out(world: World) -> None:
    """Somebody merges the pull request while Sluice, which would have, is away: it is closed out all the same."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.stop()
    await world.approve(item, by="bob")
    await world.merge(item, by="ann")
    await world.start()
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert world.worktrees() == [] and await world.branches() == ["main"]


async def test_a_pull_request_closed_by_hand_parks(world: World) -> None:
    """Closing the pull request is a no: the item is parked, its branch kept."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    pull = await world.pull(item)
    await world.rest("ann", "PATCH", f"{{repo}}/pulls/{pull['number']}", {"state": "closed"})
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert pull["head"]["ref"] in await world.branches()


async def test_an_issue_closed_while_the_agent_works_ends_it(world: World) -> None:
    """Closing the issue stops the agent and keeps what it did."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.close(item)
    await world.settle()
    assert "issue was closed" in await world.reason(item) or await world.stage(item) == "Done"
    assert await world.column(item) == "Done"
    assert world.worktrees() == [] and len(await world.refs("sluice/work")) == 1


async def test_a_card_removed_from_the_board_ends_the_work(world: World) -> None:
    """Taking the card off the board stops the agent."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.graphql(
        "ann",
        "mutation($p: ID!, $i: ID!) { deleteProjectV2Item(input: {projectId: $p, itemId: $i}) { deletedItemId } }",
        p=world.project["id"],
        i=item.card,
    )
    await world.settle()
    assert await world.stage(item) in ("Closed", "Done"), await world.reason(item)
    assert world.worktrees() == []


async def test_a_card_put_in_progress_by_hand_is_left_alone(world: World) -> None:
    """An item a person works on is theirs."""
    item = await world.add_issue("Mine", column="In Progress")
    await world.settle()
    assert await world.column(item) == "In Progress"
    assert "leaves it alone" in await world.reason(item)
    assert await world.comments(item) == []


async def test_moved_to_done_with_an_open_pull_request_asks_first(world: World) -> None:
    """Done by hand with an open pull request closes nothing; a person is asked."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.move(item, "Done", by="bob")
    await world.settle()
    assert (await world.pull(item))["state"] == "open"
    assert await world.column(item) == "Needs a person", await world.reason(item)


async def test_priority_goes_before_board_order(make_world: MakeWorld) -> None:
    """Those that wait while the only agent is at work are taken by priority, then in board order."""
    world = await make_world(caps=1, capacity=1)
    world.play("Busy", {"write": "half.txt", "text": "half"}, SLOW)
    busy = await world.add_issue("Busy", edits=False)
    await world.until_working(busy)
    items = [await world.add_issue(title, column="Backlog") for title in ("Third", "Fourth", "Second", "First")]
    await world.set_priority(items[3], 1)
    await world.set_priority(items[2], 2)
    for item in items:
        await world.move(item, "Ready")
        await world.until_says(item, "is busy")
    await world.comment(busy, "/sluice cancel")
    await world.settle()
    recalled = [await world.service.ledger.recall(item.card, world.now()) for item in items]
    began = sorted((run.admitted_at, memory.item.title) for memory in recalled for run in memory.runs)
    assert [title for _, title in began] == ["First", "Second", "Third", "Fourth"]
