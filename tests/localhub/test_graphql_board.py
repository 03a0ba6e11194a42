"""A board over GraphQL: cards, columns, order, the filter, the archive, and GitHub's own hand in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql_world import World
from localhub import projects

CARD = """
type isArchived content { __typename ... on Issue { title } ... on DraftIssue { title } }
status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name optionId } }
"""
ITEMS = """
query($board: ID!, $query: String, $first: Int = 100, $after: String, $states: [ProjectV2ItemArchivedState!]) {
  node(id: $board) { ... on ProjectV2 {
    items(first: $first, after: $after, query: $query, archivedStates: $states) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { id content { ... on Issue { title } ... on PullRequest { title } ... on DraftIssue { title } } }
} } } }
"""
STATUS_EVENTS = """
timelineItems(last: 10, itemTypes: [PROJECT_V2_ITEM_STATUS_CHANGED_EVENT]) { nodes {
  ... on ProjectV2ItemStatusChangedEvent { actor { login } previousStatus status wasAutomated project { number } }
} }
"""
VALUES = """
fieldValues(first: 20) { nodes { __typename
  ... on ProjectV2ItemFieldTextValue { text field { ... on ProjectV2FieldCommon { name } } }
  ... on ProjectV2ItemFieldNumberValue { number }
  ... on ProjectV2ItemFieldRepositoryValue { repository { name } } } }
"""


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def titles(world: World, query: str = "", **more: object) -> list[str]:
    data = await world.data(ITEMS, board=world.board.node_id, query=query, **more)
    return [item["content"]["title"] for item in data["node"]["items"]["nodes"]]


async def draft(world: World, title: str) -> str:
    made = await world.write(
        "addProjectV2DraftIssue", "projectItem { id }", projectId=world.board.node_id, title=title, body="why"
    )
    return str(made["projectItem"]["id"])


async def test_card_moves_and_the_issue_remembers_who_moved_it(world: World):
    """A person moves a card to Ready, the App to In Progress, and closing the issue lets GitHub move it to Done."""
    issue = await world.issue("Fix the typo")
    card = await world.card(issue)
    await world.put(card, "Ready", by=world.ann)
    await world.put(card, "In Progress")
    await world.write("closeIssue", issueId=issue)
    shown = await world.read(card, "ProjectV2Item", CARD)
    assert (shown["type"], shown["content"]["title"], shown["status"]["name"]) == ("ISSUE", "Fix the typo", "Done")
    events = (await world.read(issue, "Issue", STATUS_EVENTS))["timelineItems"]["nodes"]
    moves = [
        (event["actor"]["login"], event["previousStatus"], event["status"], event["wasAutomated"]) for event in events
    ]
    assert moves == [
        ("ann", "", "Ready", False),
        ("sluice", "Ready", "In Progress", False),
        ("github-project-automation", "In Progress", "Done", True),
    ]
    assert events[0]["project"] == {"number": 1}


async def test_adding_an_issue_twice_gives_the_same_card(world: World):
    issue = await world.issue("Fix the typo")
    assert await world.card(issue) == await world.card(issue)


async def test_board_is_found_by_its_owner_and_read_page_by_page(world: World):
    for number in range(3):
        await world.card(await world.issue(f"Task {number}"))
    first = (await world.data(ITEMS, board=world.board.node_id, first=2))["node"]["items"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert await titles(world, first=2, after=first["pageInfo"]["endCursor"]) == ["Task 2"]
    data = await world.data(
        '{ organization(login: "acme") { projectV2(number: 1) { id title field(name: "Status") {'
        " ... on ProjectV2SingleSelectField { name options { name } } } } } }"
    )
    board = data["organization"]["projectV2"]
    assert board["id"] == world.board.node_id
    assert [option["name"] for option in board["field"]["options"]] == ["Ready", "In Progress", "In Review", "Done"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status:Ready", ["Fix the typo"]),
        ('status:"In Progress",Ready', ["Fix the typo", "Add a page"]),
        ("-status:Ready", ["Add a page", "A thought"]),
        ("no:status", ["A thought"]),
        ("has:status is:open", ["Fix the typo", "Add a page"]),
        ("is:draft", ["A thought"]),
        ("is:closed", []),
        ("repo:acme/demo is:issue", ["Fix the typo", "Add a page"]),
        ("typo", ["Fix the typo"]),
        ("no:assignee page", ["Add a page"]),
        ("status:in*", ["Add a page"]),
    ],
)
async def test_filter_of_the_board(world: World, query: str, found: list[str]):
    """A comma is OR, a space is AND, a minus negates; names compare without case."""
    await world.put(await world.card(await world.issue("Fix the typo")), "Ready")
    await world.put(await world.card(await world.issue("Add a page")), "In Progress")
    await draft(world, "A thought")
    assert await titles(world, query) == found


async def test_archived_card_shows_only_when_asked_for(world: World):
    card = await world.card(await world.issue("Fix the typo"))
    where = {"projectId": world.board.node_id, "itemId": card}
    await world.write("archiveProjectV2Item", **where)
    assert await titles(world) == []
    assert await titles(world, states=["ARCHIVED"]) == ["Fix the typo"]
    await world.write("unarchiveProjectV2Item", **where)
    assert await titles(world) == ["Fix the typo"]
    gone = await world.write("deleteProjectV2Item", "deletedItemId", **where)
    assert (gone["deletedItemId"], await titles(world)) == (card, [])


async def test_order_of_cards_is_the_order_of_items(world: World):
    """A card without `afterId` goes to the top."""
    for title in ("One", "Two"):
        last = await world.card(await world.issue(title))
    given = {"projectId": world.board.node_id, "itemId": last}
    moved = await world.write("updateProjectV2ItemPosition", "items(first: 1) { nodes { id } }", **given)
    assert moved["items"]["nodes"] == [{"id": last}]
    assert await titles(world) == ["Two", "One"]


async def test_draft_becomes_an_issue_on_the_same_card(world: World):
    card = await draft(world, "A thought")
    assert (await world.read(card, "ProjectV2Item", CARD))["type"] == "DRAFT_ISSUE"
    converted = await world.write(
        "convertProjectV2DraftIssueItemToIssue",
        "item { id content { ... on Issue { number title body } } }",
        itemId=card, repositoryId=world.repo.node_id,
    )  # fmt: skip
    assert converted["item"] == {"id": card, "content": {"number": 1, "title": "A thought", "body": "why"}}


async def test_content_the_reader_may_not_see_is_redacted(world: World):
    """Who may see the board but not the private repository sees that there is a card, and nothing more."""
    card = await world.card(await world.issue("Secret"))
    world.board.public, world.repo.private = True, True
    shown = await world.read(card, "ProjectV2Item", CARD, world.carol)
    assert (shown["type"], shown["content"]) == ("REDACTED", None)


async def test_values_of_every_kind(world: World):
    """Text and number stand beside what mirrors the issue; a cleared value is gone."""
    agent = projects.add_field(world.hub, world.board, "Agent", "TEXT").node_id
    size = projects.add_field(world.hub, world.board, "Size", "NUMBER").node_id
    card = await world.card(await world.issue("Fix the typo"))
    where = {"projectId": world.board.node_id, "itemId": card}
    await world.write("updateProjectV2ItemFieldValue", **where, fieldId=agent, value={"text": "claude"})
    await world.write("updateProjectV2ItemFieldValue", **where, fieldId=size, value={"number": 3})
    assert (await world.read(card, "ProjectV2Item", VALUES))["fieldValues"]["nodes"] == [
        {"__typename": "ProjectV2ItemFieldTextValue", "text": "Fix the typo", "field": {"name": "Title"}},
        {"__typename": "ProjectV2ItemFieldRepositoryValue", "repository": {"name": "demo"}},
        {"__typename": "ProjectV2ItemFieldTextValue", "text": "claude", "field": {"name": "Agent"}},
        {"__typename": "ProjectV2ItemFieldNumberValue", "number": 3.0},
    ]
    after = 'projectV2Item { fieldValueByName(name: "Agent") { __typename } }'
    cleared = await world.write("clearProjectV2ItemFieldValue", after, **where, fieldId=agent)
    assert cleared["projectV2Item"]["fieldValueByName"] is None


async def test_options_without_their_ids_are_new_ones(world: World):
    """Rewriting the columns keeps the cards only where the old option's id is sent along."""
    card = await world.card(await world.issue("Fix the typo"))
    await world.put(card, "Ready")
    ready = world.status.options[0]
    option = {"name": "Ready!", "color": "GREEN", "description": ""}
    field = world.status.node_id
    await world.write("updateProjectV2Field", fieldId=field, singleSelectOptions=[{**option, "id": ready.id}])
    assert (await world.read(card, "ProjectV2Item", CARD))["status"] == {"name": "Ready!", "optionId": ready.id}
    await world.write("updateProjectV2Field", fieldId=field, singleSelectOptions=[option])
    assert (await world.read(card, "ProjectV2Item", CARD))["status"] is None


async def test_a_field_is_added_once(world: World):
    """A board gets another field; a name that is taken is refused, and so is who may not write there."""
    given = {"projectId": world.board.node_id, "dataType": "NUMBER", "name": "Priority"}
    made = await world.write(
        "createProjectV2Field", "projectV2Field { ... on ProjectV2Field { name dataType } }", **given
    )
    assert made["projectV2Field"] == {"name": "Priority", "dataType": "NUMBER"}
    document = "mutation($i: CreateProjectV2FieldInput!) { createProjectV2Field(input: $i) { clientMutationId } }"
    assert "taken" in (await world.ask(document, i=given))["errors"][0]["message"]
    assert "errors" in await world.ask(document, world.carol, i={**given, "name": "Mine"})


async def test_strangers_do_not_find_the_board(world: World):
    answer = await world.ask(ITEMS, world.carol, board=world.board.node_id)
    assert (answer["data"], answer["errors"][0]["type"]) == ({"node": None}, "NOT_FOUND")
