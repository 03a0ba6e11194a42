"""Gates, rework, reviews and merges."""

from __future__ import annotations

from datetime import timedelta

from tests.stories.conftest import MakeWorld
from tests.world import POLICY, World

BREAK = {"replace": "widgets.py", "old": "return a + b", "new": "return a - b"}
MEND = {"replace": "widgets.py", "old": "return a - b", "new": "return b + a"}


async def test_a_red_check_goes_back_and_is_mended(world: World) -> None:
    """A failing Actions check comes back to the agent with its log, and the next round turns it green."""
    world.play("Rework adding", BREAK)
    world.play("Rework adding", MEND, {"say": "mended"}, round=2)
    item = await world.add_issue("Rework adding", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert [run.round for run in runs] == [1, 2]
    brief = await world.brief(runs[1].key)
    assert "AssertionError" in brief and "failed on this head: test" in brief

    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done"
    assert "return b + a" in (await world.file("widgets.py") or "")
    assert len(await world.pulls(item)) == 1


async def test_a_provider_that_is_down_uses_up_no_round(world: World) -> None:
    """A check that ends without a verdict waits for somebody to run it again; the agent is not asked to mend it."""
    item = await world.add_issue("Measure it")
    await world.settle()
    statuses = f"{{repo}}/statuses/{(await world.pull(item))['head']['sha']}"
    await world.rest("bob", "POST", statuses, {"state": "error", "context": "coverage", "description": "no disk"})
    await world.approve(item)
    await world.settle()
    assert "without a result, run it again: coverage" in await world.reason(item)
    assert await world.column(item) == "In Review"

    await world.rest("bob", "POST", statuses, {"state": "success", "context": "coverage"})
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert len((await world.service.ledger.recall(item.card, world.now())).runs) == 1


async def test_rounds_have_an_end(make_world: MakeWorld) -> None:
    """Work that stays red is parked after the allowed rounds, with one comment that mentions who asked for it."""
    world = await make_world(policy=POLICY.replace("rounds = 2", "rounds = 1"))
    world.play("Break it", BREAK)
    world.play("Break it", {"write": "other.txt", "text": "still red"}, round=2)
    item = await world.add_issue("Break it", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person"
    asked = [text for text in await world.comments(item) if f"@{world.login('ann')}" in text and "person" in text]
    assert len(asked) == 1 and "failed on this head: test" in asked[0]
    assert world.worktrees() == []


async def test_requested_changes_come_back(world: World) -> None:
    """A reviewer's words reach the agent; the reviewer is asked again; nothing is sent back twice."""
    world.play("Write notes", {"write": "notes/more.txt", "text": "more"}, round=2)
    item = await world.add_issue("Write notes")
    await world.settle()
    await world.request_changes(item, "Please say more.")
    await world.settle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert len(runs) == 2 and "Please say more." in await world.brief(runs[1].key)
    pull = await world.pull(item)
    assert world.login("bob") in [reviewer["login"] for reviewer in pull["requested_reviewers"]]
    assert "2 files" in pull["body"] and "round 2" in pull["body"], pull["body"]

    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_people_merge_by_default(make_world: MakeWorld) -> None:
    """With the shipped policy Sluice asks for a review and waits; a person merges, and it closes out."""
    world = await make_world(policy='mode = "live"\n')
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "In Review"
    await world.merge(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert world.worktrees() == []


async def test_an_approval_of_an_earlier_head_does_not_merge(make_world: MakeWorld) -> None:
    """A person's commit stays, and voids the approvals given before it, by review and by comment."""
    rules = {"required_checks": ["test"], "required_approvals": 0, "dismiss_stale": False}
    world = await make_world(protection=rules)
    item = await world.add_issue("Fix the typo")
    await world.settle()
    branch = (await world.pull(item))["head"]["ref"]
    await world.stop()  # it would merge what is approved before the commit comes
    await world.approve(item)
    await world.comment_pull(item, "/sluice approve", by="ann")
    await world.write_file("by-hand.txt", "mine", branch=branch, by="bob")
    await world.start()
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert any("Something newer has come" in said for said in await world.comments(item))
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert await world.file("by-hand.txt") == "mine"


async def test_a_merge_refused_for_good_asks_a_person_and_holds_nobody_up(make_world: MakeWorld) -> None:
    """The repository does not allow the policy's method: a person hears GitHub's words once, and mends it."""
    world = await make_world(merge_methods=("merge",))
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.approve(item)
    await world.settle()
    asked = [said for said in await world.comments(item) if "Squash merges are not allowed" in said and "@" in said]
    assert len(asked) == 1 and "`merge.method`" in asked[0], await world.comments(item)
    assert (await world.row(item)).item.lane_since is None
    policy = POLICY.replace('by = "when-green"', 'by = "when-green"\nmethod = "merge"')
    await world.write_file(".github/sluice.toml", policy)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_a_gate_command_holds_the_push(make_world: MakeWorld) -> None:
    """A gate command that fails on the result sends it back before anything is pushed."""
    world = await make_world(policy=POLICY + '[gates]\ncommands = ["test -f wanted.txt"]\n')
    world.play("Add it", {"write": "wanted.txt", "text": "here"}, round=2)
    item = await world.add_issue("Add it")
    await world.settle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert len(runs) == 2 and "test -f wanted.txt" in await world.brief(runs[1].key)
    assert len(await world.pulls(item)) == 1
    assert await world.column(item) == "In Review", await world.reason(item)


GATE = """name: Gate
run-name: gate ${{ inputs.gate_id }}
on:
  workflow_dispatch:
    inputs:
      gate_id: {required: true, type: string}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: test -f wanted.txt
"""


async def test_a_gate_workflow_is_dispatched_and_read(make_world: MakeWorld) -> None:
    """A workflow gate runs on the pull request's head; red sends back, green lets through."""
    world = await make_world(
        policy=POLICY + '[gates]\nworkflows = ["gate.yml"]\n', files={".github/workflows/gate.yml": GATE}
    )
    world.play("Add it", {"write": "wanted.txt", "text": "here"}, round=2)
    item = await world.add_issue("Add it")
    await world.settle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert len(runs) == 2, await world.reason(item)
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_the_second_of_two_that_conflict_is_resolved(world: World) -> None:
    """Two items change the same line: the second comes back to its agent with the conflict and merges after it."""
    line = {"replace": "README.md", "old": "# widgets\n", "new": "# Widgets by one\n"}
    other = {"replace": "README.md", "old": "# widgets\n", "new": "# Widgets by two\n"}
    world.play("One", line)
    world.play("Two", other)
    world.play("Two", {"write": "README.md", "text": "# Widgets by both\n"}, round=2)
    one = await world.add_issue("One", edits=False)
    two = await world.add_issue("Two", edits=False)
    await world.settle()
    await world.approve(one)
    await world.settle()
    assert await world.column(one) == "Done", await world.reason(one)
    assert await world.column(two) == "In Review", await world.reason(two)
    await world.approve(two)
    await world.settle()
    assert await world.column(two) == "Done", await world.reason(two)
    assert await world.file("README.md") == "# Widgets by both\n"


async def test_only_the_head_of_the_queue_is_brought_up_to_date(make_world: MakeWorld) -> None:
    """Where branches must be up to date, they are merged one after the other, each updated and approved anew."""
    rules = {"required_checks": ["test"], "required_approvals": 1, "strict": True}
    world = await make_world(protection=rules)
    items = [await world.add_issue(f"Note {n}") for n in (1, 2, 3)]
    await world.settle()
    for item in items:
        await world.approve(item)
    await world.settle()
    for _ in range(2):
        waiting = [item for item in items if await world.column(item) != "Done"]
        for item in waiting:
            await world.approve(item)
        await world.settle()
    assert [await world.column(item) for item in items] == ["Done"] * 3, [await world.reason(i) for i in items]


async def test_a_branch_with_a_merge_queue_is_enqueued(make_world: MakeWorld) -> None:
    """Where GitHub has a merge queue, approved heads are handed to it, and what it merges is closed out."""
    world = await make_world(protection={"required_checks": ["test"], "required_approvals": 1, "merge_queue": True})
    items = [await world.add_issue(f"Note {n}") for n in (1, 2)]
    await world.settle()
    approved = {item.number: (await world.pull(item))["head"]["sha"] for item in items}
    for item in items:
        await world.approve(item)
    await world.settle()
    log = [(entry["actor"], entry["verb"], entry["target"]) for entry in world.hub.admin("log")]
    for item in items:
        assert await world.column(item) == "Done", await world.reason(item)
        pull = await world.pull(item)
        assert (pull["merged"], pull["head"]["sha"]) == (True, approved[item.number])
        assert log.count((world.app["login"], "pull enqueued", f"{world.repo}#{pull['number']}")) == 1
    assert world.worktrees() == [] and await world.branches() == ["main"]


async def test_many_merges_are_one_look_at_the_others(world: World) -> None:
    """Whether what is in review still merges is asked once for all merges of a minute, so a full board stays cheap."""
    one, two, waits = [await world.add_issue(title) for title in ("One", "Two", "Waits")]
    await world.settle()
    seen = (await world.row(waits)).last.last_at
    for item in (one, two):
        await world.approve(item)
        await world.settle(patience=timedelta(seconds=30))
        assert await world.column(item) == "Done", await world.reason(item)
    assert (await world.row(waits)).last.last_at == seen
    await world.settle()
    assert (await world.row(waits)).last.last_at > seen and await world.column(waits) == "In Review"


async def test_protected_files_need_a_person_before_any_push(make_world: MakeWorld) -> None:
    """A change to the workflows is not pushed until somebody who may has approved that very result."""
    world = await make_world(permissions={"workflows": "write"})
    world.play("Change CI", {"append": ".github/workflows/ci.yml", "text": "# more\n"})
    item = await world.add_issue("Change CI", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person"
    assert await world.branches() == ["main"]
    await world.comment(item, "/sluice approve\n/sluice retry", by="ann")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_a_branch_somebody_made_first_is_left_alone_and_a_person_is_asked(world: World) -> None:
    """What cannot be pushed beside a person's commits is kept, and whoever asked for the work is told."""
    world.play("Slow", {"write": "half.txt", "text": "half"}, {"wait": 5})
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    await world.branch("sluice/1-slow")
    await world.write_file("mine.txt", "mine", branch="sluice/1-slow", by="bob")
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert any(f"@{world.login('ann')}" in text and "not pushed" in text for text in await world.comments(item))
    assert await world.file("mine.txt", "sluice/1-slow") == "mine" and await world.pulls(item) == []


async def test_work_the_remote_will_not_keep_stays_here(world: World) -> None:
    """GitHub keeps no workflow change of an App without that permission: the worktree stays, a person is asked."""
    world.play("Change CI", {"append": ".github/workflows/ci.yml", "text": "# more\n"})
    item = await world.add_issue("Change CI", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert len(world.worktrees()) == 1
    assert "# more" in (world.worktrees()[0] / ".github/workflows/ci.yml").read_text()
