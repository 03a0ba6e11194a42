"""A board over GraphQL: cards, columns, order, the filter, the archive, and GitHub's own hand in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql_world import World

CARD = """
query($id: ID!) { node(id: $id) { ... on ProjectV2Item {
  type isArchived content { __typename ... on Issue { title } ... on DraftIssue { title } }
  status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name optionId } }
} } }
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
query($id: ID!) { node(id: $id) { ... on Issue {
  timelineItems(last: 10, itemTypes: [PROJECT_V2_ITEM_STATUS_CHANGED_EVENT]) { nodes {
    ... on ProjectV2ItemStatusChangedEvent { actor { login } previousStatus status wasAutomated project { number } }
} } } } }
"""
ON_CARD = "mutation($board: ID!, $item: ID!) { %s(input: {projectId: $board, itemId: $item}) { __typename } }"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def titles(world: World, query: str = "", **more: object) -> list[str]:
    data = await world.data(ITEMS, board=world.board.node_id, query=query, **more)
    return [item["content"]["title"] for item in data["node"]["items"]["nodes"]]


async def test_card_moves_and_the_issue_remembers_who_moved_it(world: World):
    """A person moves a card to Ready, the App to In Progress, and closing the issue lets GitHub move it to Done."""
    issue = await world.issue("Fix the typo")
    card = await world.card(issue)
    await world.put(card, "Ready", by=world.ann)
    await world.put(card, "In Progress")
    await world.data("mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }", id=issue)
    shown = (await world.data(CARD, id=card))["node"]
    assert (shown["type"], shown["content"]["title"], shown["status"]["name"]) == ("ISSUE", "Fix the typo", "Done")
    events = (await world.data(STATUS_EVENTS, id=issue))["node"]["timelineItems"]["nodes"]
    project = {"number": 1}
    assert events == [
        {"actor": {"login": "ann"}, "previousStatus": "", "status": "Ready", "wasAutomated": False, "project": project},
        {"actor": {"login": "sluice"}, "previousStatus": "Ready", "status": "In Progress", "wasAutomated": False,
         "project": project},
        {"actor": {"login": "github-project-automation"}, "previousStatus": "In Progress", "status": "Done",
         "wasAutomated": True, "project": project},
    ]  # fmt: skip


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
    await world.data(
        'mutation($board: ID!) { addProjectV2DraftIssue(input: {projectId: $board, title: "A thought"}) { projectItem { id } } }',
        board=world.board.node_id,
    )
    assert await titles(world, query) == found


async def test_archived_card_shows_only_when_asked_for(world: World):
    card = await world.card(await world.issue("Fix the typo"))
    await world.data(ON_CARD % "archiveProjectV2Item", board=world.board.node_id, item=card)
    assert await titles(world) == []
    assert await titles(world, states=["ARCHIVED"]) == ["Fix the typo"]
    await world.data(ON_CARD % "unarchiveProjectV2Item", board=world.board.node_id, item=card)
    assert await titles(world) == ["Fix the typo"]


async def test_order_of_cards_is_the_order_of_items(world: World):
    """A card without `afterId` goes to the top."""
    for title in ("One", "Two"):
        last = await world.card(await world.issue(title))
    await world.data(
        "mutation($board: ID!, $item: ID!) { updateProjectV2ItemPosition(input: {projectId: $board, itemId: $item})"
        " { items(first: 1) { nodes { id } } } }",
        board=world.board.node_id, item=last,
    )  # fmt: skip
    assert await titles(world) == ["Two", "One"]


async def test_draft_becomes_an_issue_on_the_same_card(world: World):
    made = await world.data(
        "mutation($board: ID!) { addProjectV2DraftIssue(input: {projectId: $board, title: \"A thought\", body: \"why\"})"
        " { projectItem { id } } }",
        board=world.board.node_id,
    )  # fmt: skip
    card = made["addProjectV2DraftIssue"]["projectItem"]["id"]
    assert (await world.data(CARD, id=card))["node"]["type"] == "DRAFT_ISSUE"
    converted = await world.data(
        "mutation($item: ID!, $repo: ID!) { convertProjectV2DraftIssueItemToIssue(input: {itemId: $item, repositoryId: $repo})"
        " { item { id content { ... on Issue { number title body } } } } }",
        item=card, repo=world.repo.node_id,
    )  # fmt: skip
    item = converted["convertProjectV2DraftIssueItemToIssue"]["item"]
    assert item == {"id": card, "content": {"number": 1, "title": "A thought", "body": "why"}}


async def test_content_the_reader_may_not_see_is_redacted(world: World):
    """A member of the organization sees the card, but not the private issue on it."""
    card = await world.card(await world.issue("Secret"))
    world.hub.nodes[card].redacted = True
    shown = (await world.data(CARD, id=card))["node"]
    assert (shown["type"], shown["content"]) == ("REDACTED", None)


async def test_values_of_every_kind(world: World):
    """Text, number, title, repository and labels stand beside the status; a cleared value is gone."""
    from localhub import projects

    text = projects.add_field(world.hub, world.board, "Agent", "TEXT")
    size = projects.add_field(world.hub, world.board, "Size", "NUMBER")
    issue = await world.issue("Fix the typo")
    card = await world.card(issue)
    values = (
        "mutation($board: ID!, $item: ID!, $text: ID!, $size: ID!) {"
        ' a: updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $item, fieldId: $text, value: {text: "claude"}})'
        " { projectV2Item { id } }"
        " b: updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $item, fieldId: $size, value: {number: 3}})"
        " { projectV2Item { id } } }"
    )
    fields = {"board": world.board.node_id, "item": card, "text": text.node_id, "size": size.node_id}
    await world.data(values, **fields)
    read = """query($id: ID!) { node(id: $id) { ... on ProjectV2Item { fieldValues(first: 20) { nodes { __typename
      ... on ProjectV2ItemFieldTextValue { text field { ... on ProjectV2FieldCommon { name } } }
      ... on ProjectV2ItemFieldNumberValue { number }
      ... on ProjectV2ItemFieldRepositoryValue { repository { name } } } } } } }"""
    nodes = (await world.data(read, id=card))["node"]["fieldValues"]["nodes"]
    assert nodes == [
        {"__typename": "ProjectV2ItemFieldTextValue", "text": "Fix the typo", "field": {"name": "Title"}},
        {"__typename": "ProjectV2ItemFieldRepositoryValue", "repository": {"name": "demo"}},
        {"__typename": "ProjectV2ItemFieldTextValue", "text": "claude", "field": {"name": "Agent"}},
        {"__typename": "ProjectV2ItemFieldNumberValue", "number": 3.0},
    ]
    clear = (
        "mutation($board: ID!, $item: ID!, $text: ID!) { clearProjectV2ItemFieldValue("
        "input: {projectId: $board, itemId: $item, fieldId: $text}) { projectV2Item { id fieldValueByName(name: \"Agent\") { __typename } } } }"
    )  # fmt: skip
    cleared = await world.data(clear, board=fields["board"], item=card, text=text.node_id)
    assert cleared["clearProjectV2ItemFieldValue"]["projectV2Item"]["fieldValueByName"] is None


async def test_strangers_do_not_find_the_board(world: World):
    answer = await world.ask(ITEMS, world.carol, board=world.board.node_id)
    assert (answer["data"], answer["errors"][0]["type"]) == ({"node": None}, "NOT_FOUND")
