"""Issues over GraphQL: what is written by one mutation is read by the next query."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql_world import World
from localhub import issues

BATCH = """
mutation($one: ID!, $two: ID!) {
  a: closeIssue(input: {issueId: $one}) { issue { number } }
  b: closeIssue(input: {issueId: "I_gone"}) { issue { number } }
  c: closeIssue(input: {issueId: $two}) { issue { number } }
}
"""
CONVERSATION = """
comments(last: 1) { totalCount nodes {
  body isMinimized minimizedReason includesCreatedEdit
  reactions(first: 5, content: EYES) { nodes { user { login } content } }
  reactionGroups { content users(first: 5) { totalCount } }
} }
"""
HISTORY = """
title stateReason labels(first: 5) { nodes { name } } assignees(first: 5) { nodes { login } }
timelineItems(first: 20) { totalCount nodes { __typename
  ... on LabeledEvent { label { name } } ... on ClosedEvent { stateReason actor { login } } } }
"""


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def read(world: World, node_id: str, fields: str) -> dict[str, Any]:
    shown: dict[str, Any] = await world.read(node_id, "Issue", fields)
    return shown


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
    """A comment is written, edited, reacted to, hidden and deleted."""
    issue = await world.issue("Fix the typo")
    given = {"subjectId": issue, "body": "Working on it", "clientMutationId": "c1"}
    made = await world.write("addComment", "clientMutationId commentEdge { node { id author { login } } }", **given)
    assert made["clientMutationId"] == "c1"
    comment = made["commentEdge"]["node"]["id"]
    await world.write("updateIssueComment", "issueComment { body }", id=comment, body="Done")
    await world.write("addReaction", "reaction { content }", subjectId=comment, content="EYES")
    await world.write("minimizeComment", subjectId=comment, classifier="OUTDATED")
    [shown] = (await read(world, issue, CONVERSATION))["comments"]["nodes"]
    assert (shown["body"], shown["isMinimized"], shown["includesCreatedEdit"]) == ("Done", True, True)
    assert {"content": "EYES", "users": {"totalCount": 1}} in shown["reactionGroups"]
    await world.write("deleteIssueComment", id=comment)
    assert (await read(world, issue, CONVERSATION))["comments"]["totalCount"] == 0


async def test_blocked_by_another_issue(world: World):
    """The summary counts open ones apart from all, and costs no connection."""
    issue, blocker = await world.issue("Second"), await world.issue("First")
    pair = {"issueId": issue, "blockingIssueId": blocker}
    blocked = await world.write("addBlockedBy", "issue { number } blockingIssue { number }", **pair)
    assert blocked == {"issue": {"number": 1}, "blockingIssue": {"number": 2}}
    fields = "issueDependenciesSummary { blockedBy totalBlockedBy blocking } blockedBy(first: 5) { nodes { title } }"
    assert (await read(world, issue, fields))["blockedBy"] == {"nodes": [{"title": "First"}]}
    await world.write("closeIssue", issueId=blocker)
    summary = (await read(world, issue, fields))["issueDependenciesSummary"]
    assert summary == {"blockedBy": 0, "totalBlockedBy": 1, "blocking": 0}
    held_up = await read(world, blocker, "blocking(first: 5) { nodes { title } }")
    assert held_up["blocking"]["nodes"] == [{"title": "Second"}]
    await world.write("removeBlockedBy", **pair)
    assert (await read(world, issue, fields))["blockedBy"] == {"nodes": []}


async def test_labels_assignees_and_the_timeline(world: World):
    """Lists are set by node id, and the timeline names every step in order."""
    issue = await world.issue("Fix the typo")
    label = issues.find_or_make_label(world.hub, world.repo, "bug")
    await world.write("addLabelsToLabelable", labelableId=issue, labelIds=[label.node_id])
    await world.write("updateIssue", id=issue, assigneeIds=[world.bob.actor.node_id], title="Fix both typos")
    await world.write("closeIssue", issueId=issue, stateReason="NOT_PLANNED")
    await world.write("reopenIssue", issueId=issue)
    shown = await read(world, issue, HISTORY)
    assert (shown["title"], shown["stateReason"]) == ("Fix both typos", "REOPENED")
    events = [each for each in shown["timelineItems"]["nodes"] if each["__typename"] != "RenamedTitleEvent"]
    assert events == [
        {"__typename": "LabeledEvent", "label": {"name": "bug"}},
        {"__typename": "AssignedEvent"},
        {"__typename": "ClosedEvent", "stateReason": "NOT_PLANNED", "actor": {"login": "sluice"}},
        {"__typename": "ReopenedEvent"},
    ]


async def test_timeline_since_a_moment(world: World):
    """`since` leaves out what is older, and itemTypes what is of another kind."""
    issue = await world.issue("Fix the typo")
    await world.write("addComment", subjectId=issue, body="early")
    world.hub.ahead += timedelta(minutes=10)
    moment = world.hub.now().isoformat()
    await world.write("addComment", subjectId=issue, body="late")
    await world.write("closeIssue", issueId=issue)
    fields = "totalCount nodes { ... on IssueComment { body } }"
    shown = await read(
        world, issue, f'timelineItems(first: 5, since: "{moment}", itemTypes: [ISSUE_COMMENT]) {{ {fields} }}'
    )  # fmt: skip
    assert shown["timelineItems"]["nodes"] == [{"body": "late"}]


async def test_batch_is_not_atomic(world: World):
    """Aliased writes run one after the other; one that fails leaves an error under its alias and the others done."""
    answer = await world.ask(BATCH, one=await world.issue("One"), two=await world.issue("Two"))
    assert answer["data"] == {"a": {"issue": {"number": 1}}, "b": None, "c": {"issue": {"number": 2}}}
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [("NOT_FOUND", ["b"])]


async def test_sub_issue_and_card_at_birth(world: World):
    """A new issue is put under its parent and onto a board in one call."""
    epic = await world.issue("Epic")
    given = {"repositoryId": world.repo.node_id, "title": "Part", "parentIssueId": epic}
    fields = "issue { parent { title } projectItems(first: 5) { nodes { project { title } } } }"
    made = await world.write("createIssue", fields, **given, projectV2Ids=[world.board.node_id])
    assert made["issue"] == {
        "parent": {"title": "Epic"},
        "projectItems": {"nodes": [{"project": {"title": "Roadmap"}}]},
    }
    summary = (await read(world, epic, "subIssuesSummary { total completed }"))["subIssuesSummary"]
    assert summary == {"total": 1, "completed": 0}
