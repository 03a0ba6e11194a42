"""GitHub's limits as a client meets them: the hour used up, too much haste, too many writes at once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from localhub.meter import Meter
from talk import Json, LocalHub

Limit = Callable[..., Json]
SECONDARY = "You have exceeded a secondary rate limit"


@pytest.fixture
def ann(hub: LocalHub) -> Json:
    return hub.person("ann")


@pytest.fixture
def limit(hub: LocalHub, ann: Json) -> Iterator[Limit]:
    """Other limits, for Ann alone."""
    yield lambda **changes: hub.admin("limits", {"login": ann["login"], **changes})
    hub.admin("limits", method="DELETE")


def ask(hub: LocalHub, token: str, query: str, **variables: Any) -> httpx.Response:
    """A GraphQL request, whatever comes of it."""
    headers = {"authorization": f"Bearer {token}"}
    return httpx.post(f"{hub.url}/graphql", json={"query": query, "variables": variables}, headers=headers)


def issue(hub: LocalHub, owner: Json) -> str:
    """An issue's node id, in a repository of the owner's."""
    name = hub.repo(owner["login"])["full_name"]
    return str(hub.rest(owner["token"]).post(f"/repos/{name}/issues", json={"title": "One"}).json()["node_id"])


def comments(subject: str, count: int, alias: str = "c") -> str:
    each = 'addComment(input: {{subjectId: "{0}", body: "{1}"}}) {{ clientMutationId }}'
    return "mutation { " + " ".join(f"{alias}{n}: {each.format(subject, n)}" for n in range(count)) + " }"


def test_everything_is_enforced_with_githubs_figures_unless_ordered_otherwise(hub: LocalHub) -> None:
    """A hub nobody gave orders to has GitHub's limits; unknown ones are refused."""
    limits = hub.admin("limits")
    assert (limits["core"], limits["graphql"], limits["primary"], limits["secondary"]) == (5000, 5000, True, True)
    assert (limits["rest_points"], limits["graphql_points"], limits["concurrent"]) == (900, 2000, 100)
    assert (limits["content_a_minute"], limits["content_an_hour"]) == (80, 500)
    assert hub.client.post(f"{hub.url}/_hub/limits", json={"speed": 1}).status_code == 422


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("RATE_LIMITED", {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID {}."}),
        (
            "RATE_LIMIT",
            {
                "type": "RATE_LIMIT",
                "code": "graphql_rate_limit",
                "message": "API rate limit already exceeded for user ID {}.",
            },
        ),
    ],
)
def test_points_that_are_used_up_are_said_with_status_200(
    hub: LocalHub, ann: Json, limit: Limit, shape: str, said: Json
) -> None:
    """GraphQL says so in one of two shapes and nothing remains; the hour after, all is well."""
    limit(graphql=2, exhausted=shape)
    for remaining in ("1", "0"):
        assert ask(hub, ann["token"], "{ viewer { login } }").headers["x-ratelimit-remaining"] == remaining
    refused = ask(hub, ann["token"], "{ viewer { login } }")
    said = said | {"message": said["message"].format(ann["id"])}
    assert (refused.status_code, refused.json()) == (200, {"errors": [said]})
    assert (refused.headers["x-ratelimit-remaining"], refused.headers["x-ratelimit-used"]) == ("0", "2")
    hub.admin("clock", {"advance_seconds": 3601})
    assert ask(hub, ann["token"], "{ viewer { login } }").json()["data"]["viewer"]["login"] == ann["login"]
    hub.admin("clock", {"advance_seconds": -3601})


@pytest.mark.parametrize("status", [403, 429])
def test_calls_that_are_used_up_are_refused(hub: LocalHub, ann: Json, limit: Limit, status: int) -> None:
    """REST says 403 or 429 with nothing remaining; GraphQL has an hour of its own, and /rate_limit is free."""
    limit(core=1, status=status)
    with hub.rest(ann["token"]) as api:
        assert api.get("/user").status_code == 200
        refused = api.get("/user")
        assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (status, "0")
        assert refused.json()["message"] == f"API rate limit exceeded for user ID {ann['id']}."
        assert "retry-after" not in refused.headers
        assert api.get("/rate_limit").json()["resources"]["core"]["remaining"] == 0
    assert "data" in ask(hub, ann["token"], "{ viewer { login } }").json()


def test_each_caller_has_an_hour_of_their_own(hub: LocalHub, ann: Json) -> None:
    """Two people and an installation do not use up each other's points; a new token is no new hour."""
    bob = hub.person("bob")
    org = hub.org(ann["login"])
    slug = hub.name("bot")
    app = hub.admin("apps", {"slug": slug, "owner": org})
    renewed = hub.admin(f"apps/{slug}/token", {})["token"]
    used = [
        ask(hub, token, "{ viewer { login } }").headers["x-ratelimit-used"]
        for token in (ann["token"], bob["token"], app["token"], renewed, ann["token"])
    ]
    assert used == ["1", "1", "1", "2", "2"]


@pytest.mark.parametrize(("reads", "writes"), [(10, 2)])
def test_a_write_is_as_hasty_as_five_reads(hub: LocalHub, ann: Json, limit: Limit, reads: int, writes: int) -> None:
    """Points of one minute: refused with a time to wait while the hour has plenty left, and let in after it."""
    subject = issue(hub, ann)
    limit(graphql_points=10)
    for _ in range(reads):
        assert ask(hub, ann["token"], "{ viewer { login } }").status_code == 200
    refused = ask(hub, ann["token"], "{ viewer { login } }")
    assert (refused.status_code, refused.json()["message"].startswith(SECONDARY)) == (403, True)
    assert 0 < int(refused.headers["retry-after"]) <= 60 and int(refused.headers["x-ratelimit-remaining"]) > 4000
    hub.admin("clock", {"advance_seconds": 60})
    for _ in range(writes):
        assert "data" in ask(hub, ann["token"], comments(subject, 1)).json()
    assert ask(hub, ann["token"], "{ viewer { login } }").status_code == 403
    hub.admin("clock", {"advance_seconds": -60})


def test_whoever_does_not_wait_as_told_is_counted() -> None:
    """What comes after a refusal was heard and before its time to wait is over is haste; what comes later is none."""
    now = datetime(2026, 11, 2, tzinfo=UTC)
    clock = [now]
    meter = Meter(lambda: clock[0])
    meter.told_to_wait("ann", 60)
    meter.arrived("ann")  # may have been on its way
    assert meter.counters("ann")["hasty_requests"] == 0
    meter.told["ann"] = (0.0, meter.told["ann"][1])  # it was heard long ago
    for login, seconds in (("ann", 59), ("bob", 59), ("ann", 60)):
        clock[0] = now + timedelta(seconds=seconds)
        meter.arrived(login)
    assert (meter.counters("ann")["refusals"], meter.counters("ann")["hasty_requests"]) == (1, 1)
    assert meter.counters("bob")["hasty_requests"] == 0


def test_rest_has_a_minute_of_its_own(hub: LocalHub, ann: Json, limit: Limit) -> None:
    """One write is five points of it, whatever comes of the write."""
    limit(rest_points=6, status=429)
    with hub.rest(ann["token"]) as api:
        assert api.post("/repos/no/where/issues", json={}).status_code == 404
        assert api.get("/user").status_code == 200
        refused = api.get("/user")
        assert (refused.status_code, refused.json()["message"].startswith(SECONDARY)) == (429, True)
        assert int(refused.headers["retry-after"]) <= 60
    assert "data" in ask(hub, ann["token"], "{ viewer { login } }").json()


def test_content_is_limited_by_the_minute_and_by_the_hour(hub: LocalHub, ann: Json, limit: Limit) -> None:
    """Over REST or GraphQL: refused before anything is created, with GitHub's sentence; edits go on."""
    name = hub.repo(ann["login"])["full_name"]
    limit(content_a_minute=3, content_an_hour=4)
    with hub.rest(ann["token"]) as api:
        subject = api.post(f"/repos/{name}/issues", json={"title": "One"}).json()["node_id"]
        assert "errors" not in ask(hub, ann["token"], comments(subject, 2)).json()
        refused = api.post(f"/repos/{name}/issues", json={"title": "Two"})
        assert refused.status_code == 403 and "temporarily blocked from content creation" in refused.json()["message"]
        wait = int(refused.headers["retry-after"])
        assert ask(hub, ann["token"], comments(subject, 1)).status_code == 403
        assert api.patch(f"/repos/{name}/issues/1", json={"title": "Won"}).status_code == 200
        hub.admin("clock", {"advance_seconds": wait})
        assert api.post(f"/repos/{name}/issues", json={"title": "Two"}).status_code == 201
        assert int(api.post(f"/repos/{name}/issues", json={"title": "Three"}).headers["retry-after"]) > 3000
        hub.admin("clock", {"advance_seconds": -wait})
        assert [each["title"] for each in api.get(f"/repos/{name}/issues").json()] == ["Two", "Won"]


def test_the_rest_of_a_batch_is_too_quick(hub: LocalHub, ann: Json, limit: Limit) -> None:
    """When content runs out within a document, what was created stands, and the others say so each by itself."""
    subject = issue(hub, ann)
    limit(content_a_minute=3)
    answer = ask(hub, ann["token"], comments(subject, 4))
    assert answer.status_code == 200
    assert [alias for alias, payload in answer.json()["data"].items() if payload] == ["c0", "c1"]
    said = [(error["path"], error["message"]) for error in answer.json()["errors"]]
    assert said == [(["c2"], "was submitted too quickly"), (["c3"], "was submitted too quickly")]


def test_the_strictest_reading_can_be_ordered(hub: LocalHub, ann: Json, limit: Limit) -> None:
    """Then each alias and each call that writes anything is content, and a new comment is so once."""
    name = hub.repo(ann["login"])["full_name"]
    with hub.rest(ann["token"]) as api:
        subject = api.post(f"/repos/{name}/issues", json={"title": "One"}).json()["node_id"]
        limit(every_write=True, content_a_minute=5)
        assert "errors" not in ask(hub, ann["token"], comments(subject, 2)).json()
        assert api.put(f"/repos/{name}/issues/1/labels", json=["bug"]).status_code == 200
        assert api.patch(f"/repos/{name}/issues/1", json={"title": "Won"}).status_code == 200
        refused = api.patch(f"/repos/{name}/issues/1", json={"title": "One"})
        assert "content creation" in refused.json()["message"] and "retry-after" in refused.headers
        assert api.get(f"/repos/{name}/issues/1").json()["title"] == "Won"


def test_twenty_aliased_mutations_are_carried_out_and_those_beyond_are_not(hub: LocalHub, ann: Json) -> None:
    """Partial success with status 200: 22 comments stand, the others have an error each."""
    subject = issue(hub, ann)
    assert "errors" not in ask(hub, ann["token"], comments(subject, 20)).json()
    answer = ask(hub, ann["token"], comments(subject, 24)).json()
    assert [alias for alias, payload in answer["data"].items() if payload is None] == ["c22", "c23"]
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [
        ("RESOURCE_LIMITS_EXCEEDED", ["c22"]),
        ("RESOURCE_LIMITS_EXCEEDED", ["c23"]),
    ]
    query = "query($id: ID!) { node(id: $id) { ... on Issue { comments { totalCount } } } }"
    assert ask(hub, ann["token"], query, id=subject).json()["data"]["node"]["comments"]["totalCount"] == 42


def test_only_so_many_requests_at_once(hub: LocalHub, ann: Json, limit: Limit) -> None:
    """What is under way counts, over REST and GraphQL together, until it is answered."""
    limit(concurrent=1)
    hub.admin("faults", {"match": {"path": "/user", "login": ann["login"]}, "kind": "timeout"})
    url = httpx.URL(hub.url)
    with socket.create_connection((url.host, url.port)) as slow:
        slow.sendall(f"GET /user HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {ann['token']}\r\n\r\n".encode())
        while not hub.admin("faults")["struck"]:
            pass
        refused = ask(hub, ann["token"], "{ viewer { login } }")
        assert (refused.status_code, "retry-after" in refused.headers) == (403, True)
    while ask(hub, ann["token"], "{ viewer { login } }").status_code != 200:
        pass  # until the server has noticed that nobody waits any more
    hub.admin("faults", method="DELETE")


def test_a_query_can_be_rehearsed(hub: LocalHub, ann: Json) -> None:
    """With dryRun the cost is told and nothing else: no answer, no points."""
    query = """query($dry: Boolean!) {
      viewer { repositories(first: 100) { nodes { issues(first: 100) { nodes { id } } } } }
      rateLimit(dryRun: $dry) { cost nodeCount limit remaining used resetAt } }"""
    told = ask(hub, ann["token"], query, dry=True).json()["data"]
    assert told["viewer"] is None
    assert (told["rateLimit"]["cost"], told["rateLimit"]["nodeCount"], told["rateLimit"]["used"]) == (1, 10_100, 0)
    meant = ask(hub, ann["token"], query, dry=False).json()["data"]
    assert meant["viewer"]["repositories"]["nodes"] == []
    assert (meant["rateLimit"]["used"], meant["rateLimit"]["remaining"]) == (1, 4999)


def test_whoever_means_to_go_beyond_says_so(hub: LocalHub, ann: Json, limit: Limit) -> None:
    """Limits that are switched off refuse nothing, and go on counting."""
    subject = issue(hub, ann)
    limit(core=1, graphql=1, content_a_minute=1, primary=False, secondary=False)
    answer = ask(hub, ann["token"], comments(subject, 3))
    assert "errors" not in answer.json()
    assert "errors" not in ask(hub, ann["token"], comments(subject, 3)).json()
    assert hub.admin(f"counters?login={ann['login']}")["content_requests"] == 7


def test_a_large_board_is_filled_at_once_and_nobody_is_told(hub: LocalHub, ann: Json) -> None:
    """A thousand cards in the columns asked for, beyond every limit, without a webhook or a line in the log."""
    repo = hub.repo(ann["login"])["full_name"]
    board = hub.admin("projects", {"owner": ann["login"], "title": "Large", "status": ["Ready", "Done"]})
    before = len(hub.admin("log")), len(hub.admin("deliveries"))
    order = {"project": board["id"], "repo": repo, "columns": {"Done": 900, "Ready": 100}}
    assert len(hub.admin("stock", order)["cards"]) == 1000
    assert (len(hub.admin("log")), len(hub.admin("deliveries"))) == before
    query = (
        'query($b: ID!) { node(id: $b) { ... on ProjectV2 { items(first: 1, query: "status:Ready") { totalCount } } } }'
    )
    assert ask(hub, ann["token"], query, b=board["id"]).json()["data"]["node"]["items"]["totalCount"] == 100
