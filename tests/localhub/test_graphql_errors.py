"""Refusals look like GitHub's: HTTP 200, partial data, and `type` on top of each error."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql_world import World


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def test_unknown_owner_leaves_the_rest_of_the_answer(world: World):
    """`gh` asks for the user and the organization of one login at once, and reads whichever answered."""
    answer = await world.ask('{ user(login: "acme") { id } organization(login: "acme") { login } }')
    assert answer["data"] == {"user": None, "organization": {"login": "acme"}}
    assert answer["errors"] == [
        {
            "type": "NOT_FOUND",
            "path": ["user"],
            "locations": [{"line": 1, "column": 3}],
            "message": "Could not resolve to a User with the login of 'acme'.",
        }
    ]


async def test_field_that_is_not_simulated_says_so(world: World):
    """Silence would teach a client something false, so the field is named."""
    answer = await world.ask('{ repository(owner: "acme", name: "demo") { name stargazerCount } }')
    assert answer["data"] == {"repository": None}
    assert answer["errors"][0]["message"] == "Field 'Repository.stargazerCount' is not simulated by localhub"
    assert answer["errors"][0]["type"] == "NOT_SIMULATED"


async def test_unknown_node_among_known_ones(world: World):
    """nodes(ids:) answers what it can, with null and an error where it cannot."""
    answer = await world.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[world.repo.node_id, "I_gone"])
    assert answer["data"] == {"nodes": [{"id": world.repo.node_id}, None]}
    assert answer["errors"][0]["message"] == "Could not resolve to a node with the global id of 'I_gone'."
    assert answer["errors"][0]["path"] == ["nodes", 1]


async def test_private_repository_does_not_exist_for_strangers(world: World):
    """What one may not read is not found, by name as by id."""
    world.repo.private = True
    answer = await world.ask(
        'query($id: ID!) { repository(owner: "acme", name: "demo") { id } node(id: $id) { id } }',
        world.carol, id=world.repo.node_id,
    )  # fmt: skip
    assert answer["data"] == {"repository": None, "node": None}
    assert [error["type"] for error in answer["errors"]] == ["NOT_FOUND", "NOT_FOUND"]


async def test_what_a_reader_may_not_do_is_forbidden(world: World):
    issue = await world.issue("Fix the typo")
    close = "mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }"
    answer = await world.ask(close, world.carol, id=issue)
    assert answer["data"] == {"closeIssue": None}
    assert answer["errors"][0]["type"] == "FORBIDDEN"


async def test_a_document_that_does_not_validate_runs_nothing(world: World):
    answer = await world.ask("{ viewer { logn } }")
    assert "data" not in answer
    assert "Cannot query field 'logn' on type 'User'." in answer["errors"][0]["message"]


async def test_a_page_without_bounds_runs_nothing(world: World):
    answer = await world.ask('{ repository(owner: "acme", name: "demo") { issues { nodes { id } } } }')
    assert [error["type"] for error in answer["errors"]] == ["MISSING_PAGINATION_BOUNDARIES"]
    assert answer["errors"][0]["path"] == ["repository", "issues"]


async def test_states_of_issues_and_pull_requests_under_one_key(world: World):
    """`gh issue close` selects two enums under one name; GitHub accepts what graphql-core's rule would refuse."""
    await world.issue("Fix the typo")
    data = await world.data(
        '{ repository(owner: "acme", name: "demo") { issueOrPullRequest(number: 1) {'
        " ... on Issue { state } ... on PullRequest { state } } } }"
    )
    assert data["repository"]["issueOrPullRequest"] == {"state": "OPEN"}


async def test_every_request_is_counted_with_its_points(world: World):
    """The counters and rateLimit tell the same story, for each caller apart."""
    await world.data("{ viewer { login } }", world.ann)
    data = await world.data("{ rateLimit { cost used remaining nodeCount limit } }", world.ann)
    assert data["rateLimit"] == {"cost": 1, "used": 2, "remaining": 4998, "nodeCount": 0, "limit": 5000}
    assert world.hub.meter.counters("ann") == {
        "graphql_requests": 2, "graphql_points": 2, "rest_requests": 0, "content_requests": 0,
        "refusals": 0, "hasty_requests": 0,
    }  # fmt: skip
