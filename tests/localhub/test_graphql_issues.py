"""Issues over GraphQL: what is written by one mutation is read by the next query."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql_world import World


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def read(world: World, node_id: str, fields: str) -> dict[str, object]:
    data = await world.data(f"query($id: ID!) {{ node(id: $id) {{ ... on Issue {{ {fields} }} }} }}", id=node_id)
    node: dict[str, object] = data["node"]
    return node


async def test_issue_as_its_author_made_it(world: World):
    issue = await world.issue("Fix the typo", "in the readme")
    shown = await read(
        world, issue,
        "number title body state stateReason closed url author { __typename login } repository { nameWithOwner }"
        " viewerDidAuthor viewerCanUpdate lastEditedAt editor { login } labels(first: 5) { totalCount } parent { id }",
    )  # fmt: skip
    assert shown == {
        "number": 1, "title": "Fix the typo", "body": "in the readme", "state": "OPEN", "stateReason": None,
        "closed": False, "url": "http://127.0.0.1:8000/acme/demo/issues/1",
        "author": {"__typename": "Bot", "login": "sluice"}, "repository": {"nameWithOwner": "acme/demo"},
        "viewerDidAuthor": True, "viewerCanUpdate": True, "lastEditedAt": None, "editor": None,
        "labels": {"totalCount": 0}, "parent": None,
    }  # fmt: skip


async def test_bot_bears_its_suffix_only_as_the_viewer(world: World):
    """GraphQL says `sluice` where REST says `sluice[bot]`, but an App that asks who it is hears `sluice[bot]`."""
    issue = await world.issue("Fix the typo")
    assert (await read(world, issue, "author { login }"))["author"] == {"login": "sluice"}
    assert await world.data("{ viewer { login } }") == {"viewer": {"login": "sluice[bot]"}}


async def test_conversation_with_reactions(world: World):
    """A comment is written, edited, liked and hidden."""
    issue = await world.issue("Fix the typo")
    made = await world.data(
        'mutation($id: ID!) { addComment(input: {subjectId: $id, body: "Working on it", clientMutationId: "c1"})'
        " { clientMutationId commentEdge { node { id databaseId author { login } url } } } }",
        id=issue,
    )
    assert made["addComment"]["clientMutationId"] == "c1"
    comment = made["addComment"]["commentEdge"]["node"]["id"]
    await world.data(
        "mutation($id: ID!) { updateIssueComment(input: {id: $id, body: \"Done\"}) { issueComment { body } }"
        " addReaction(input: {subjectId: $id, content: EYES}) { reaction { content } }"
        " minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }",
        id=comment,
    )  # fmt: skip
    shown = await read(
        world, issue,
        "comments(last: 1) { totalCount nodes { body isMinimized minimizedReason includesCreatedEdit"
        " reactions(first: 5, content: EYES) { nodes { user { login } content } }"
        " reactionGroups { content users(first: 5) { totalCount } } } }",
    )  # fmt: skip
    [node] = shown["comments"]["nodes"]
    assert (node["body"], node["isMinimized"], node["includesCreatedEdit"]) == ("Done", True, True)
    assert {"content": "EYES", "users": {"totalCount": 1}} in node["reactionGroups"]
    await world.data("mutation($id: ID!) { deleteIssueComment(input: {id: $id}) { clientMutationId } }", id=comment)
    assert (await read(world, issue, "comments(first: 1) { totalCount }"))["comments"] == {"totalCount": 0}


async def test_blocked_by_another_issue(world: World):
    """The summary counts open ones apart from all, and costs no connection."""
    issue, blocker = await world.issue("Second"), await world.issue("First")
    block = (
        "mutation($issue: ID!, $by: ID!) { addBlockedBy(input: {issueId: $issue, blockingIssueId: $by})"
        " { issue { number } blockingIssue { number } } }"
    )
    assert (await world.data(block, issue=issue, by=blocker))["addBlockedBy"]["blockingIssue"] == {"number": 2}
    fields = "issueDependenciesSummary { blockedBy totalBlockedBy blocking } blockedBy(first: 5) { nodes { title } }"
    shown = await read(world, issue, fields)
    assert shown["blockedBy"] == {"nodes": [{"title": "First"}]}
    await world.data("mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { id } } }", id=blocker)
    shown = await read(world, issue, fields)
    assert shown["issueDependenciesSummary"] == {"blockedBy": 0, "totalBlockedBy": 1, "blocking": 0}
    assert (await read(world, blocker, "blocking(first: 5) { nodes { title } }"))["blocking"]["nodes"] == [
        {"title": "Second"}
    ]
    await world.data(block.replace("addBlockedBy", "removeBlockedBy"), issue=issue, by=blocker)
    assert (await read(world, issue, fields))["blockedBy"] == {"nodes": []}


async def test_labels_assignees_and_the_timeline(world: World):
    """Lists are set by node id, and the timeline names every step in order."""
    issue = await world.issue("Fix the typo")
    from localhub import issues

    label = issues.find_or_make_label(world.hub, world.repo, "bug")
    await world.data(
        "mutation($id: ID!, $labels: [ID!]!, $people: [ID!]!) {"
        " addLabelsToLabelable(input: {labelableId: $id, labelIds: $labels}) { labelable { __typename } }"
        " updateIssue(input: {id: $id, assigneeIds: $people, title: \"Fix both typos\"}) { issue { id } }"
        " closeIssue(input: {issueId: $id, stateReason: NOT_PLANNED}) { issue { id } }"
        " reopenIssue(input: {issueId: $id}) { issue { id } } }",
        id=issue, labels=[label.node_id], people=[world.bob.actor.node_id],
    )  # fmt: skip
    shown = await read(
        world, issue,
        "title stateReason labels(first: 5) { nodes { name } } assignees(first: 5) { nodes { login } }"
        " timelineItems(first: 20) { totalCount nodes { __typename"
        " ... on LabeledEvent { label { name } } ... on ClosedEvent { stateReason actor { login } } } }",
    )  # fmt: skip
    assert (shown["title"], shown["stateReason"]) == ("Fix both typos", "REOPENED")
    kinds = [
        node["__typename"] for node in shown["timelineItems"]["nodes"] if node["__typename"] != "RenamedTitleEvent"
    ]
    assert kinds == ["LabeledEvent", "AssignedEvent", "ClosedEvent", "ReopenedEvent"]
    assert {"__typename": "ClosedEvent", "stateReason": "NOT_PLANNED", "actor": {"login": "sluice"}} in shown[
        "timelineItems"
    ]["nodes"]


async def test_batch_is_not_atomic(world: World):
    """Aliased writes run one after the other; one that fails leaves an error under its alias and the others done."""
    one, two = await world.issue("One"), await world.issue("Two")
    answer = await world.ask(
        "mutation($one: ID!, $two: ID!) { a: closeIssue(input: {issueId: $one}) { issue { number } }"
        ' b: closeIssue(input: {issueId: "I_gone"}) { issue { number } }'
        " c: closeIssue(input: {issueId: $two}) { issue { number } } }",
        one=one, two=two,
    )  # fmt: skip
    assert answer["data"] == {"a": {"issue": {"number": 1}}, "b": None, "c": {"issue": {"number": 2}}}
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [("NOT_FOUND", ["b"])]


async def test_sub_issues_and_a_board_at_birth(world: World):
    """A new issue is put under its parent and onto a board in one call."""
    parent = await world.issue("Epic")
    made = await world.data(
        "mutation($repo: ID!, $parent: ID!, $board: ID!) { createIssue(input: {repositoryId: $repo, title: \"Part\","
        " parentIssueId: $parent, projectV2Ids: [$board]}) { issue { parent { title } projectItems(first: 5)"
        " { nodes { project { title } } } } } }",
        repo=world.repo.node_id, parent=parent, board=world.board.node_id,
    )  # fmt: skip
    assert made["createIssue"]["issue"] == {
        "parent": {"title": "Epic"}, "projectItems": {"nodes": [{"project": {"title": "Roadmap"}}]},
    }  # fmt: skip
    assert (await read(world, parent, "subIssuesSummary { total completed }"))["subIssuesSummary"] == {
        "total": 1,
        "completed": 0,
    }
