"""The GraphQL endpoint of a real server, as a client meets it."""

from __future__ import annotations

from typing import Any

import httpx


def test_answer_bears_the_rate_limit_headers(hub: Any):
    """Whatever is asked, the headers say what is left; both ways to write the token work."""
    token = hub.person()["token"]
    for scheme in ("Bearer", "token"):
        response = httpx.post(
            f"{hub.url}/graphql", json={"query": "{ viewer { login } }"}, headers={"authorization": f"{scheme} {token}"}
        )
        assert response.status_code == 200
    assert response.headers["x-ratelimit-resource"] == "graphql"
    assert response.headers["x-ratelimit-used"] == "2"
    assert response.headers["x-github-request-id"]


def test_wrong_token_and_wrong_body(hub: Any):
    refused = httpx.post(
        f"{hub.url}/graphql", json={"query": "{ viewer { login } }"}, headers={"authorization": "Bearer x"}
    )
    assert (refused.status_code, refused.json()["message"]) == (401, "Bad credentials")
    headers = {"authorization": f"Bearer {hub.person()['token']}"}
    for body in (b"{", b'{"query": "{ viewer { login } }", "variables": "none"}'):
        broken = httpx.post(f"{hub.url}/graphql", content=body, headers=headers)
        assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")


def test_client_finds_out_what_the_schema_has(hub: Any):
    """`gh` looks for fields by introspection before it uses them."""
    answer = hub.graphql(
        hub.person()["token"], '{ __type(name: "ProjectV2ItemStatusChangedEvent") { fields { name } } }'
    )
    assert {"name": "wasAutomated"} in answer["data"]["__type"]["fields"]


def test_operation_is_chosen_by_name(hub: Any):
    """One document may hold several operations."""
    headers = {"authorization": f"Bearer {hub.person()['token']}"}
    sent = {"query": "query A { viewer { login } } query B { __typename }", "operationName": "B"}
    assert httpx.post(f"{hub.url}/graphql", json=sent, headers=headers).json() == {"data": {"__typename": "Query"}}
    del sent["operationName"]
    assert "errors" in httpx.post(f"{hub.url}/graphql", json=sent, headers=headers).json()
