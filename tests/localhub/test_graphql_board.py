"""A board over GraphQL: cards, columns, order, the filter, the archive, and GitHub's own hand in it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from graphql_world import World
from localhub import issues, projects
from localhub.permissions import caller_of

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
  ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { name } } }
  ... on ProjectV2ItemFieldDateValue { date field { ... on ProjectV2FieldCommon { name } } }
  ... on ProjectV2ItemFieldSingleSelectValue { name field { ... on ProjectV2FieldCommon { name } } }
  ... on ProjectV2ItemFieldIterationValue { title startDate duration field { ... on ProjectV2FieldCommon { name } } }
  ... on ProjectV2ItemFieldPullRequestValue { pullRequests(first: 5) { nodes { number } } }
  ... on ProjectV2ItemFieldRepositoryValue { repository { name } } } }
"""
PLAN = """
query($id: ID!) { node(id: $id) { ... on ProjectV2IterationField { name configuration {
  iterations { title startDate } completedIterations { title } } } } }
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
        ("status:Readdy", []),
        ("-status:Readdy", ["Fix the typo", "Add a page", "A thought"]),
        ("size:>2", ["Add a page"]),
        ("size:1..2", ["Fix the typo"]),
        ("last-updated:1days -is:draft", ["Fix the typo", "Add a page"]),
        ("last-updated:>1days", []),
        ("label:bug", ["Fix the typo"]),
        ('label:"help wanted?",bug', ["Fix the typo", "Add a page"]),
        ('label:"help wanted??"', []),
        ("label:help* -label:bug", ["Add a page"]),
        ("no:label", ["A thought"]),
        ("assignee:bob", ["Fix the typo"]),
        ("-assignee:bob status:*", ["Add a page"]),
        ("a -is:draft", ["Add a page"]),
        ('"a page"', ["Add a page"]),
        ("-typo", ["Add a page", "A thought"]),
    ],
)
async def test_filter_of_the_board(world: World, query: str, found: list[str]):
    """A comma is OR, a space is AND, a minus negates; names compare without case; nothing is in an unknown column."""
    size = projects.add_field(world.hub, world.board, "Size", "NUMBER")
    for title, column, number in (("Fix the typo", "Ready", 2), ("Add a page", "In Progress", 3)):
        issue = await world.issue(title)
        card = await world.card(issue)
        record, ann = world.hub.nodes[issue], caller_of(world.hub, world.ann)
        issues.label(world.hub, ann, record, ["bug" if column == "Ready" else "help wanted?"])
        issues.assign(world.hub, ann, record, ["bob"] if column == "Ready" else [])
        await world.put(card, column)
        where = {"projectId": world.board.node_id, "itemId": card, "fieldId": size.node_id}
        await world.write("updateProjectV2ItemFieldValue", **where, value={"number": number})
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
    """Who may see the board but not the private repository sees that there is a card, and finds out nothing more."""
    card = await world.card(await world.issue("Secret"))
    world.board.public, world.repo.private = True, True
    shown = await world.read(card, "ProjectV2Item", CARD, world.carol)
    assert (shown["type"], shown["content"]) == ("REDACTED", None)
    for query in ("secret", "repo:acme/demo", "-secretive"):
        found = await world.data(ITEMS, world.carol, board=world.board.node_id, query=query)
        assert found["node"]["items"]["totalCount"] == 0
    assert await titles(world, "secret") == ["Secret"]


async def test_values_of_every_kind(world: World):
    """What was written stands beside what mirrors the issue, each with its field; a cleared value is gone."""
    kinds = {"Agent": "TEXT", "Size": "NUMBER", "Due": "DATE", "Sprint": "ITERATION"}
    fields = {name: projects.add_field(world.hub, world.board, name, kind) for name, kind in kinds.items()}
    sprint = projects.new_iteration("Sprint 7", date(2026, 11, 16), 14)
    fields["Sprint"].iterations = [sprint]
    card = await world.card(await world.issue("Fix the typo"))
    await world.pull("fix", "Closes #1")
    await world.put(card, "Ready")
    where = {"projectId": world.board.node_id, "itemId": card}
    values = {"Agent": {"text": "claude"}, "Size": {"number": 3}, "Due": {"date": "2026-12-01"}}
    for name, value in {**values, "Sprint": {"iterationId": sprint.id}}.items():
        await world.write("updateProjectV2ItemFieldValue", **where, fieldId=fields[name].node_id, value=value)
    shown = (await world.read(card, "ProjectV2Item", VALUES))["fieldValues"]["nodes"]
    assert [{key: each[key] for key in each if key != "__typename"} for each in shown] == [
        {"text": "Fix the typo", "field": {"name": "Title"}},
        {"pullRequests": {"nodes": [{"number": 2}]}},
        {"repository": {"name": "demo"}},
        {"name": "Ready", "field": {"name": "Status"}},
        {"text": "claude", "field": {"name": "Agent"}},
        {"number": 3.0, "field": {"name": "Size"}},
        {"date": "2026-12-01", "field": {"name": "Due"}},
        {"title": "Sprint 7", "startDate": "2026-11-16", "duration": 14, "field": {"name": "Sprint"}},
    ]
    agent = fields["Agent"].node_id
    after = 'projectV2Item { fieldValueByName(name: "Agent") { __typename } }'
    cleared = await world.write("clearProjectV2ItemFieldValue", after, **where, fieldId=agent)
    assert cleared["projectV2Item"]["fieldValueByName"] is None


async def test_iterations_that_are_over_move_to_the_completed_ones(world: World):
    """The calendar does it; cards keep their value, and the filter knows which iteration is the current one."""
    today = world.hub.now().date()
    sprint = projects.add_field(world.hub, world.board, "Sprint", "ITERATION")
    starts = {"Last": today - timedelta(days=15), "This": today - timedelta(days=1), "Next": today + timedelta(days=13)}
    sprint.iterations = [projects.new_iteration(title, start, 14) for title, start in starts.items()]
    for one in sprint.iterations:
        where = {"projectId": world.board.node_id, "itemId": await world.card(await world.issue(f"{one.title} week"))}
        value = {"iterationId": one.id}
        await world.write("updateProjectV2ItemFieldValue", **where, fieldId=sprint.node_id, value=value)
    plan = (await world.data(PLAN, id=sprint.node_id))["node"]["configuration"]
    assert [each["title"] for each in plan["iterations"]] == ["This", "Next"]
    assert plan["completedIterations"] == [{"title": "Last"}]
    found = [await titles(world, f"sprint:{when}") for when in ("@previous", "@current", "@next", "@next,This")]
    assert found == [["Last week"], ["This week"], ["Next week"], ["This week", "Next week"]]


async def test_a_field_is_made_and_renamed(world: World):
    """A new field comes with its options; under another name the cards keep their values."""
    option = {"name": "High", "color": "RED", "description": "Now"}
    given = {"projectId": world.board.node_id, "name": "Priority", "dataType": "SINGLE_SELECT"}
    shown = "projectV2Field { ... on ProjectV2SingleSelectField { id options { id name color } } }"
    made = (await world.write("createProjectV2Field", shown, **given, singleSelectOptions=[option]))["projectV2Field"]
    assert [(each["name"], each["color"]) for each in made["options"]] == [("High", "RED")]
    card = await world.card(await world.issue("Fix the typo"))
    where = {"projectId": world.board.node_id, "itemId": card, "fieldId": made["id"]}
    value = {"singleSelectOptionId": made["options"][0]["id"]}
    await world.write("updateProjectV2ItemFieldValue", **where, value=value)
    await world.write("updateProjectV2Field", fieldId=made["id"], name="Urgency")
    assert await titles(world, "urgency:High") == ["Fix the typo"]
    rename = 'mutation($f: ID!) { updateProjectV2Field(input: {fieldId: $f, name: "Status"}) { clientMutationId } }'
    answer = await world.ask(rename, f=made["id"])
    assert answer["errors"][0]["message"] == "Name has already been taken"


async def test_what_is_no_date_does_not_come_in(world: World):
    """Refused before anything is done, written in the document as well as sent beside it."""
    make = 'createProjectV2StatusUpdate(input: {{projectId: "{}", startDate: {}}}) {{ clientMutationId }}'.format
    for wrong in ("soon", "2026-02-30"):
        written = await world.ask("mutation { " + make(world.board.node_id, f'"{wrong}"') + " }")
        sent = await world.ask("mutation($d: Date) { " + make(world.board.node_id, "$d") + " }", d=wrong)
        for answer in (written, sent):
            assert "data" not in answer and "Date" in answer["errors"][0]["message"]
    assert world.board.status_updates == []


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
