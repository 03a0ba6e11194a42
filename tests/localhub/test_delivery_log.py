"""Stories of the log of webhook deliveries: what failed stays failed until somebody asks for it again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from hooked import SECRET, World

LOG = "/app/hook/deliveries"
THREE_DAYS = 3 * 24 * 3600


@pytest.fixture
def log(world: World) -> Iterator[httpx.Client]:
    """The App itself, with its JWT."""
    now = int(time.time())
    token = jwt.encode(
        {"iat": now - 60, "exp": now + 540, "iss": str(world.app["app_id"])}, world.app["private_key"], "RS256"
    )
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=world.hub.url, headers=headers, verify=False) as client:
        yield client


def lost(world: World, title: str, status: int = 500) -> None:
    """An issue the receiver did not take."""
    world.receiver.status = status
    world.shop.post("issues", {"title": title})
    world.settle()
    world.receiver.status = 204


def entries(log: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """Of issues: the App was told of its installation, too."""
    return [each for each in log.get(LOG, params=asked).json() if each["event"] == "issues"]


def test_what_is_asked_for_again_comes_under_the_same_guid(world: World, log: httpx.Client) -> None:
    """Another attempt is another entry with a new number; the body is the one that was lost."""
    lost(world, "Lost")
    (first,) = entries(log)
    assert (first["status"], first["status_code"], first["redelivery"]) == ("Invalid HTTP Response: 500", 500, False)
    assert log.post(f"{LOG}/{first['id']}/attempts").status_code == 202
    world.settle()
    second, again = entries(log)
    assert again == first and second["id"] > first["id"] and second["guid"] == first["guid"]
    assert (second["status"], second["redelivery"]) == ("OK", True)
    heads = [head["x-github-delivery"] for head, _ in world.receiver.got]
    assert heads == [first["guid"]] * 2 and world.receiver.got[0][1] == world.receiver.got[1][1]
    whole = log.get(f"{LOG}/{second['id']}").json()
    assert whole["request"]["payload"]["issue"]["title"] == "Lost" and whole["url"] == world.receiver.url


def test_nothing_is_sent_again_by_itself(world: World, log: httpx.Client) -> None:
    """A receiver that comes back is told nothing of what it missed."""
    lost(world, "Lost")
    world.hub.admin("clock", {"advance_seconds": 7200})
    world.shop.post("issues", {"title": "Next"})
    world.settle()
    assert [body["issue"]["title"] for body in world.receiver.bodies("issues.opened")] == ["Lost", "Next"]


def test_an_answer_that_takes_too_long_is_a_failure_without_a_code(world: World, log: httpx.Client) -> None:
    """The receiver may have taken it all the same; the filter by status finds it in neither class."""
    world.change(webhook_patience=0.1)
    answered = threading.Event()
    world.receiver.before_answer = answered
    world.shop.post("issues", {"title": "Slow"})
    world.settle()
    answered.set()
    world.change(webhook_patience=10)
    (slow,) = entries(log)
    assert (slow["status"], slow["status_code"]) == ("timed out", 0)
    assert world.receiver.names == ["issues.opened"]
    assert entries(log, status="failure") == [] == entries(log, status="success")


def test_a_receiver_that_is_gone_is_told_by_its_status(world: World, log: httpx.Client) -> None:
    """Nobody listens there: no code either."""
    world.change(webhook_url="http://127.0.0.1:1/hook")
    world.shop.post("issues", {"title": "Unheard"})
    world.settle()
    assert [each["status"] for each in entries(log)] == ["failed to connect to host"]


def test_the_log_is_read_page_by_page_and_by_status(world: World, log: httpx.Client) -> None:
    """Newest first, by an opaque cursor in the Link header, with the filter kept from page to page."""
    for title, status in (("One", 500), ("Two", 204), ("Three", 503), ("Four", 404)):
        lost(world, title, status)
    assert [each["status_code"] for each in entries(log)] == [404, 503, 204, 500]
    page = log.get(LOG, params={"status": "failure", "per_page": 2})
    assert [each["status_code"] for each in page.json()] == [404, 503]
    rest = log.get(page.links["next"]["url"])
    assert [each["status_code"] for each in rest.json()] == [500] and "next" not in rest.links
    assert log.get(LOG, params={"cursor": "nonsense"}).status_code == 422
    assert log.get(LOG, params={"status": "odd"}).status_code == 422


def test_the_log_forgets_after_three_days(world: World, log: httpx.Client) -> None:
    """What nobody asked for in time cannot be asked for any more."""
    lost(world, "Old")
    (old,) = entries(log)
    world.hub.admin("clock", {"advance_seconds": THREE_DAYS})
    lost(world, "New")
    assert [each["id"] for each in entries(log)] != [old["id"]] and len(entries(log)) == 1
    assert log.get(f"{LOG}/{old['id']}").status_code == 404
    assert log.post(f"{LOG}/{old['id']}/attempts").status_code == 404


def test_an_app_sees_its_own_deliveries_only(world: World, log: httpx.Client) -> None:
    """Another App on the same organization has a log of its own, and a token of the installation opens none."""
    other = {"slug": world.hub.name("other"), "owner": world.owner, "events": ["issues"]}
    world.hub.admin("apps", {**other, "webhook_url": world.receiver.url, "secret": SECRET})
    world.settle()
    world.receiver.got.clear()  # what the other was told of being installed
    world.shop.post("issues", {"title": "Both"})
    world.settle()
    assert world.receiver.names == ["issues.opened"] * 2 and len(entries(log)) == 1
    with world.hub.rest(world.app["token"]) as api:
        assert api.get(LOG).status_code == 401
