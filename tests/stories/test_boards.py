"""Boards: what a scan finds on them, and what becomes of one that is not as the settings name it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.sweep import Swept
from bot.wiring import find_boards, github_of
from tests.stories.test_cli import SLUICE, sluice, writes
from tests.world import COLUMNS, Thing, World
from webhooks.face import Face

ADD = 'w{n}: addProjectV2DraftIssue(input: {{projectId: $p, title: "Draft {n}"}}) {{ projectItem {{ id }} }}'
ARCHIVE = "mutation($p: ID!, $i: ID!) { archiveProjectV2Item(input: {projectId: $p, itemId: $i}) { item { id } } }"
CARD = "mutation($p: ID!, $c: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }"

TRANSFER = """mutation($i: ID!, $r: ID!) {
  transferIssue(input: {issueId: $i, repositoryId: $r}) { issue { number } } }"""
OPTIONS = """query($p: ID!) { node(id: $p) { ... on ProjectV2 { field(name: "Status") {
  ... on ProjectV2SingleSelectField { options { id name color description } } } } } }"""
SET_OPTIONS = """mutation($f: ID!, $o: [ProjectV2SingleSelectFieldOptionInput!]!) {
  updateProjectV2Field(input: {fieldId: $f, singleSelectOptions: $o}) { clientMutationId } }"""


async def scan(world: World) -> tuple[Any, ...]:
    settings = world.settings()
    async with github_of(settings) as github:
        [board] = await find_boards(settings, github)
        assert not isinstance(board, str)
        return (await github.scan(board)).cards


def make_project(world: World, title: str, status: list[str]) -> str:
    order = {"owner": world.org, "title": title, "status": status, "repos": [world.repo]}
    return f"{world.org}/{world.hub.admin('projects', order)['number']}"


@asynccontextmanager
async def serving(config: Path) -> AsyncIterator[list[str]]:
    """`sluice serve` in a process of its own; yields what it has said until it serves."""
    words = ("serve", "--config", str(config))
    with (config.parent / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            SLUICE, *words, cwd=config.parent, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    assert process.stdout
    said: list[str] = []
    try:
        async with asyncio.timeout(30):
            while not (said and "serving on" in said[-1]):
                said.append((await process.stdout.readline()).decode())
                assert said[-1], (config.parent / "log").read_text()
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


async def test_a_board_without_a_column_is_left_alone(world: World) -> None:
    """It is told which column it lacks and which it has, by serve and by doctor, while another board goes on."""
    await world.stop()
    odd = make_project(world, "Odd", [column for column in COLUMNS if column != "Needs a person"])
    good = f"{world.org}/{world.project['number']}"
    absent = f"{world.org}/4711"
    item = await world.add_issue("Fix the typo")
    config = world.write_config(boards={odd: {}, good: {}, absent: {}})
    lacks = f"board {odd} has no column Needs a person; it has Backlog, Ready, In Progress, In Review, Done"

    told = await sluice("doctor", config=config)
    assert told.code == 1 and lacks in told.out and f"there is no board {absent}" in told.out, told.out
    async with serving(config) as said:
        assert any(lacks in line for line in said), said
        second = await sluice("serve", config=config)  # and its agents are none of the second's business
        assert second.code == 1 and "already runs" in second.err, second.err
        taken = {"data_dir": str(world.folder / "other"), "server": {"port": int(said[-1].rpartition(":")[2])}}
        third = await sluice("serve", config=world.write_config(boards={good: {}}, **taken))
        assert (third.code, third.out) == (1, "") and "Address already in use" in third.err, third
        async with asyncio.timeout(30):
            while await world.column(item) != "In Review":
                await asyncio.sleep(0.2)

    told = await sluice("sweep", config=world.write_config(boards={odd: {}}))
    assert told.code == 2 and lacks in told.err


async def test_a_column_that_is_renamed_stops_its_board_until_it_is_back(world: World) -> None:
    """Nothing is done with its cards meanwhile; everybody who asks is told which column is missing and which exist."""
    await rename(world, "In Review", "Reviewing")
    item = await world.add_issue("Fix the typo")
    assert world.service
    assert "has no column In Review; it has Backlog, Ready, In Progress, Reviewing" in told(await world.service.look())
    await world.settle()
    assert await world.column(item) == "Ready" and world.worktrees() == []
    assert any("no column In Review" in problem for problem in (await Face(world.service).ready()).problems)

    await rename(world, "Reviewing", "In Review")
    assert told(await world.service.look()) == ""
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_a_board_is_set_up_and_keeps_its_cards(world: World) -> None:
    """Missing columns come between those that are there, the priority field is added, and no card moves."""
    await world.stop()
    board = world.hub.admin("projects", {"owner": world.org, "title": "New", "status": ["Todo", "In Progress", "Done"]})
    world.project = board
    item = await world.add_issue("Fix the typo", column="In Progress")
    config = world.write_config(boards={f"{world.org}/{board['number']}": {"ready": "Todo"}})
    dry = await sluice("board", "setup", "--dry-run", config=config)
    assert "lacks column In Review, column Needs a person, field Priority" in dry.out, dry.err
    assert (await sluice("doctor", config=config)).code == 1

    done = await sluice("board", "setup", config=config)
    assert done.code == 0 and "has now column In Review" in done.out, done.err
    assert await world.column(item) == "In Progress"
    found = await world.graphql("ann", OPTIONS, p=board["id"])
    names = [option["name"] for option in found["node"]["field"]["options"]]
    assert names == ["Todo", "In Progress", "In Review", "Needs a person", "Done"]
    assert "lacks nothing" in (await sluice("board", "setup", config=config)).out


async def test_fields_are_kept_for_people(world: World) -> None:
    """`board setup` makes them, and the card says which agent worked, how often it tried, and where the result is."""
    await world.stop()
    order = {"owner": world.org, "title": "Kept", "status": COLUMNS, "repos": [world.repo], "fields": []}
    world.project = world.hub.admin("projects", order)
    key = f"{world.org}/{world.project['number']}"
    names = {"peer_field": "Agent", "attempts_field": "Attempts", "pull_request_field": "Result"}
    world.more_boards = {key: {"draft_repository": world.repo} | names}
    config = world.write_config(boards={key: names})
    lacks = await sluice("doctor", config=config)
    assert "lacks the field Agent" in lacks.out and "sluice board setup" in lacks.out, lacks.out
    assert "has now" in (await sluice("board", "setup", config=config)).out
    assert "lacks the field" not in (await sluice("doctor", config=config)).out

    await world.start()
    item = await world.add_issue("Fix the typo")
    await world.settle()
    pull = await world.pull(item)
    assert await fields_of(world, item) == {"Agent": "robo", "Attempts": 1.0, "Result": pull["html_url"]}
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


VALUES = """query($i: ID!) { node(id: $i) { ... on ProjectV2Item { fieldValues(first: 20) { nodes {
  ... on ProjectV2ItemFieldTextValue { text field { ... on ProjectV2FieldCommon { name } } }
  ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { name } } } } } } } }"""


async def fields_of(world: World, thing: Thing) -> dict[str, Any]:
    found = (await world.graphql("ann", VALUES, i=thing.card))["node"]["fieldValues"]["nodes"]
    said = {node["field"]["name"]: node.get("text", node.get("number")) for node in found if node}
    return {name: value for name, value in said.items() if name != "Title"}


def told(swept: Swept) -> str:
    return "; ".join(swept.problems)


async def rename(world: World, old: str, new: str) -> None:
    """As a person does in the board's settings: the option keeps its id, and the cards their column."""
    found = await world.graphql("ann", OPTIONS, p=world.project["id"])
    options = [
        option | {"name": new if option["name"] == old else option["name"]}
        for option in found["node"]["field"]["options"]
    ]
    await world.graphql("ann", SET_OPTIONS, f=world.project["status_field"], o=options)


async def test_an_issue_on_two_boards_is_worked_on_once(world: World) -> None:
    """The card on one board has it; the other waits, says which, and answers no command a second time."""
    await world.stop()
    first = world.project
    order = {"owner": world.org, "title": "Second", "status": COLUMNS, "repos": [world.repo]}
    second = world.hub.admin("projects", order)
    world.more_boards = {f"{world.org}/{second['number']}": {}}
    item = await world.add_issue("Fix the typo")
    added = await world.graphql("ann", CARD, p=second["id"], c=item.node_id)
    other = replace(item, card=added["addProjectV2ItemById"]["item"]["id"])
    world.project = second
    await world.move(other, "Ready")
    world.project = first
    await world.start()
    await world.settle()
    columns = {await world.column(item), await world.column(other)}
    assert columns == {"In Review", "Ready"}, await world.reason(item)
    waits = other if await world.column(other) == "Ready" else item
    assert f"its card on board {world.org}/" in await world.reason(waits)
    assert len(await world.pulls(item)) == 1 and len(world.worktrees()) <= 1

    await world.comment(item, "/sluice status")
    await world.settle()
    assert await world.reactions(item) == ["+1"]


async def test_a_transferred_issue_leaves_its_work_behind(world: World) -> None:
    """The card goes along, the pull request stays where it is, and a person is asked."""
    files = {"README.md": "# gadgets\n", ".github/sluice.toml": 'mode = "live"\n'}
    gadgets = world.hub.admin("repos", {"owner": world.org, "name": "gadgets", "files": files})
    item = await world.add_issue("Fix the typo")
    await world.settle()
    pull = await world.pull(item)
    moved = await world.graphql("ann", TRANSFER, i=item.node_id, r=gadgets["node_id"])
    await world.service.look()
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert f"what was done for {world.repo}#{item.number} stays there" in await world.reason(item)
    assert (await world.pull(item))["state"] == "open" == pull["state"]
    new = moved["transferIssue"]["issue"]["number"]
    comments = await world.rest("ann", "GET", f"/repos/{world.org}/gadgets/issues/{new}/comments")
    assert any("transferred" in comment["body"] for comment in comments)


async def test_a_renamed_repository_is_followed(world: World) -> None:
    """In review, in the middle of a run, or not begun: everything goes on under the new name, and nothing twice."""
    reviewed = await world.add_issue("In review")
    await world.settle()
    world.play("Begun", {"write": "half.txt", "text": "half"}, {"wait": 2}, {"say": "the rest"})
    begun = await world.add_issue("Begun", edits=False)
    await world.until_working(begun)
    world.hub.admin(f"repos/{world.repo}", {"name": "gizmos"}, method="PATCH")
    world.repo = f"{world.org}/gizmos"
    later = await world.add_issue("Later")
    await world.settle()
    for item in (reviewed, begun, later):
        assert await world.column(item) == "In Review", await world.reason(item)
        await world.approve(item)
    await world.settle()
    for item in (reviewed, begun, later):
        assert await world.column(item) == "Done", await world.reason(item)
        assert (len(await world.pulls(item)), len(await world.comments(item))) == (1, 1)
        assert (await world.row(item)).item.repo == world.repo
    assert await world.refs("sluice") == {}
    assert world.service and [known.repo for known in await world.service.ledger.repositories()] == [world.repo]


async def test_a_persons_board_is_worked_with_a_token_of_its_own(world: World) -> None:
    """The App may not touch it, so an account does: it moves the cards, and the App does everything else."""
    await world.stop()
    account = await asyncio.to_thread(world.hub.admin, "people", {"login": world.login("desk")})
    order = {"owner": world.login("ann"), "title": "Mine", "status": COLUMNS, "repos": [world.repo], "built_in": []}
    world.project = world.hub.admin("projects", order | {"collaborators": [account["login"]]})
    mine = f"{world.login('ann')}/{world.project['number']}"
    world.more_boards = {mine: {}}
    assert "closed to Apps" in (await sluice("doctor", config=world.write_config())).out

    world.more_boards = {mine: {"token": "ghp_that_has_ended"}}
    said = await sluice("sweep", config=world.write_config())  # the other board goes on
    assert said.code == 0 and f"left alone: board {mine}, with the token of its own: GitHub answered 401" in said.out

    world.more_boards = {mine: {"token": account["token"]}}
    item = await world.add_issue("Fix the typo")
    await world.start()
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    pull = await world.pull(item)
    assert pull["user"]["login"] == world.app["login"] and len(await world.comments(item)) == 1
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    moves = [each for each in writes(world) if each["verb"] == "item edited" and item.card in each["target"]]
    assert {each["actor"] for each in moves} == {account["login"], world.login("ann")}


async def test_a_board_of_more_than_a_hundred_cards(world: World) -> None:
    """A scan reads page after page: 101 cards cost two points."""
    await world.stop()
    for first in range(0, 101, 17):
        adds = "\n".join(ADD.format(n=n) for n in range(first, min(first + 17, 101)))
        await world.graphql("ann", f"mutation($p: ID!) {{ {adds} }}", p=world.project["id"])
    settings = world.settings()
    async with github_of(settings) as github:
        [board] = await find_boards(settings, github)
        assert not isinstance(board, str)
        before = world.counters()["graphql_points"]
        cards = (await github.scan(board)).cards
        assert world.counters()["graphql_points"] - before == 2
    assert [card.title for card in cards] == [f"Draft {n}" for n in range(101)]
    assert [card.position for card in cards] == list(range(101))


async def test_every_kind_of_card(world: World) -> None:
    """Issues of several repositories, pull requests, drafts, cards without a Status, archived and hidden ones."""
    await world.stop()
    gadgets, secret = f"{world.org}/gadgets", f"{world.login('ann')}/secret"
    access = {"collaborators": {world.login("ann"): "admin"}, "files": {"README.md": "# gadgets\n"}}
    world.hub.admin("repos", {"owner": world.org, "name": "gadgets", **access})
    world.hub.admin("repos", {"owner": world.login("ann"), "name": "secret", "private": True, **access})
    plain = await world.add_issue("Plain")
    loose = await world.add_issue("Loose", column=None)
    await world.add_draft("Draft", column="Backlog")
    old = await world.add_issue("Old")
    await world.graphql("ann", ARCHIVE, p=world.project["id"], i=old.card)
    for content in (
        await world.rest("ann", "POST", f"/repos/{gadgets}/issues", {"title": "Elsewhere"}),
        await world.rest("ann", "POST", f"/repos/{secret}/issues", {"title": "Hidden"}),
        await propose(world, "Proposal"),
    ):
        await world.graphql("ann", CARD, p=world.project["id"], c=content["node_id"])

    cards = {card.title: card for card in await scan(world)}
    assert set(cards) == {"Plain", "Loose", "Draft", "Elsewhere", "", "Proposal"}
    assert (cards["Plain"].column, cards["Plain"].number) == ("Ready", plain.number)
    assert (cards["Loose"].column, cards["Loose"].id) == (None, loose.card)
    assert cards["Elsewhere"].repo == gadgets
    assert [cards[title].kind for title in ("Draft", "", "Proposal")] == ["DRAFT_ISSUE", "REDACTED", "PULL_REQUEST"]

    await world.start()
    await world.settle()
    assert world.service
    rows = {row.item.title: row for row in await world.service.ledger.items()}
    assert set(rows) == {"Plain", "Loose", "Draft", "Elsewhere", ""}  # a pull request comes with its issue
    assert await world.column(plain) == "In Review", await world.reason(plain)
    assert await world.column(loose) is None
    hidden = rows[""].last
    assert hidden and "does not show this card" in hidden.reason, hidden


async def propose(world: World, title: str) -> Any:
    """A pull request of a person's own."""
    main = (await world.refs("heads/main"))["refs/heads/main"]
    await world.rest("ann", "POST", "{repo}/git/refs", {"ref": "refs/heads/topic", "sha": main})
    await world.write_file("notes.txt", "notes", branch="topic")
    return await world.rest("ann", "POST", "{repo}/pulls", {"title": title, "head": "topic", "base": "main"})
