"""Webhooks over HTTP: what is let in, kept, and turned into wakes in a real ledger."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bot.core.board import Board, Card, Columns
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from webhooks.app import LARGEST, Readiness, create_app
from webhooks.inbox import CROWD, Inbox
from webhooks.metrics import Gathered, text
from webhooks.signature import signed

SECRET = "a secret between two"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=2)
BOARD = Board("acme/1", "PVT_1", "F_1", {"Ready": "1"}, Columns())
CLOSED = {
    "action": "closed",
    "issue": {"number": 7},
    "repository": {"full_name": "acme/shop"},
    "sender": {"login": "mona"},
}


@dataclass
class Service:
    """The running service, with a ledger of its own and one item in it: issue 7."""

    ledger: SqlLedger
    webhook_secret: str = SECRET
    scans: list[str] = field(default_factory=list)
    problems: tuple[str, ...] = ()
    metrics_token: str = ""

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.ledger, [BOARD], "sluice[bot]", lambda: NOW, self.scans.append)
        transport = httpx.ASGITransport(create_app(self))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def ready(self) -> Readiness:
        return Readiness(self.problems, sweep_age=12.5, missed=3)

    async def metrics(self) -> bytes:
        return text(Gathered(await self.ledger.counts(), NOW, missed=3))

    async def deliver(self, event: str, payload: Any, guid: str = "guid-1", **headers: str) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return await self.http.post("/webhooks/github", content=body, headers=sign(body, event, guid) | headers)

    async def woken(self) -> list[tuple[str, str]]:
        return [(wake.item, wake.cause) for wake in await self.ledger.due(SOON, 10)]


def sign(body: bytes, event: str, guid: str, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "x-github-event": event,
        "x-github-delivery": guid,
        "x-hub-signature-256": f"sha256={digest}",
        "content-type": "application/json",
    }


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    card = Card("PVTI_7", "ISSUE", "Ready", False, 0, NOW, "Fix", "acme/shop", "I_7", 7)
    await ledger.upsert_cards(BOARD.key, [card], NOW - timedelta(hours=1))
    for wake in await ledger.due(NOW, 10):  # the scan's own
        await ledger.slept(wake.item, wake.seq, None)
    made = Service(ledger)
    yield made
    await made.http.aclose()
    await ledger.close()


async def test_delivery_wakes_its_item(service: Service) -> None:
    """A closed issue is acknowledged at once and its item is due two seconds later."""
    answer = await service.deliver("issues", CLOSED)
    assert answer.status_code == 202
    assert await service.woken() == [("PVTI_7", "issues.closed")]
    assert await service.ledger.due(NOW, 10) == []
    assert await service.ledger.unhandled_deliveries() == []


async def test_same_delivery_twice_counts_once(service: Service) -> None:
    """GitHub may send again what it has sent: the second is recognised by its id."""
    await service.deliver("issues", CLOSED)
    (wake,) = await service.ledger.due(SOON, 10)
    await service.ledger.slept(wake.item, wake.seq, None)
    again = await service.deliver("issues", CLOSED)
    assert (again.status_code, again.json()) == (200, {"duplicate": True})
    assert await service.woken() == []


async def test_a_crowd_at_the_door_is_noticed(service: Service) -> None:
    """One webhook is no crowd; so many of them within a second are one."""
    await service.deliver("issues", CLOSED)
    assert not service.inbox.crowded()
    await asyncio.gather(*(service.deliver("issues", CLOSED, f"guid-{number}") for number in range(CROWD)))
    assert service.inbox.crowded()


async def test_wrong_signature_is_kept_out(service: Service) -> None:
    """What was not signed with our secret is neither stored nor followed."""
    body = json.dumps(CLOSED).encode()
    for headers in (sign(body, "issues", "g", secret="another"), {"x-github-event": "issues"}):
        answer = await service.http.post("/webhooks/github", content=body, headers=headers)
        assert answer.status_code == 401
    assert (await service.woken(), await service.ledger.unhandled_deliveries()) == ([], [])
    assert (await service.deliver("issues", CLOSED, guid="g")).status_code == 202


async def test_without_a_secret_nothing_comes_in(service: Service) -> None:
    """An empty secret is not a signature anybody can make."""
    service.webhook_secret = ""
    body = b"{}"
    answer = await service.http.post("/webhooks/github", content=body, headers=sign(body, "issues", "g", secret=""))
    assert answer.status_code == 401


@pytest.mark.parametrize("missing", ["x-github-event", "x-github-delivery"])
async def test_headers_are_needed(service: Service, missing: str) -> None:
    """Without its name or its id a delivery cannot be kept."""
    assert (await service.deliver("issues", CLOSED, **{missing: ""})).status_code == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe"])
async def test_payload_must_be_json(service: Service, body: bytes) -> None:
    """What is signed but no JSON object is refused in plain words."""
    answer = await service.deliver("issues", body)
    assert answer.status_code == 400 and "payload" in answer.json()["detail"]


async def test_form_encoded_payload_is_accepted(service: Service) -> None:
    """GitHub's other content type carries the same."""
    body = urlencode({"payload": json.dumps(CLOSED)}).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await service.deliver("issues", body, **form)).status_code == 202
    assert await service.woken() == [("PVTI_7", "issues.closed")]


async def test_too_large_a_body_is_refused_unread(service: Service) -> None:
    """Neither a large announcement nor an endless stream is read to its end."""
    announced = {"content-length": str(LARGEST + 1)}
    assert (await service.deliver("issues", b"x", **announced)).status_code == 413
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1_000_000
            yield b"x" * 1_000_000

    answer = await service.http.post("/webhooks/github", content=endless())
    assert answer.status_code == 413 and sent <= LARGEST + 2_000_000


async def test_unknown_event_is_kept_and_wakes_nobody(service: Service) -> None:
    """What Sluice does not know today it keeps for who wants to look."""
    assert (await service.deliver("star", {"action": "created"})).status_code == 202
    assert (await service.woken(), await service.ledger.unhandled_deliveries()) == ([], [])


async def test_odd_payload_is_noted_and_left_to_the_sweep(service: Service) -> None:
    """A payload that is not as documented breaks nothing."""
    assert (await service.deliver("issues", {"action": "closed"})).status_code == 202
    assert (await service.woken(), await service.ledger.unhandled_deliveries()) == ([], [])


async def test_new_card_of_our_board_asks_for_a_scan(service: Service) -> None:
    """A card the ledger has not filed is found by the next scan; a strange board's card is nothing."""
    card = {"node_id": "PVTI_new", "project_node_id": "PVT_1", "content_type": "Issue"}
    await service.deliver("projects_v2_item", {"action": "created", "projects_v2_item": card})
    strange = {**card, "project_node_id": "PVT_other"}
    await service.deliver("projects_v2_item", {"action": "created", "projects_v2_item": strange}, guid="guid-2")
    assert service.scans == ["acme/1"]


async def test_moved_draft_is_remembered_with_its_mover(service: Service) -> None:
    """Who moved a draft is kept, because nothing else will ever say it."""
    card = {"node_id": "PVTI_7", "project_node_id": "PVT_1", "content_type": "DraftIssue"}
    changes = {"field_value": {"field_name": "Status", "to": {"name": "Ready"}}}
    payload = {"action": "edited", "projects_v2_item": card, "changes": changes, "sender": {"login": "mona"}}
    await service.deliver("projects_v2_item", payload)
    (move,) = await service.ledger.moves("PVTI_7")
    assert (move.key, move.to, move.actor, move.automated) == ("guid-1", "Ready", "mona", False)
    assert await service.woken() == [("PVTI_7", "projects_v2_item.edited")]


async def test_what_a_dead_process_left_is_handled_at_start(service: Service) -> None:
    """A delivery that was stored and not followed is followed when the app comes up."""
    await service.ledger.store_delivery("old", "issues", "closed", json.dumps(CLOSED).encode(), NOW)
    app = create_app(service)
    async with app.router.lifespan_context(app):
        assert await service.woken() == [("PVTI_7", "issues.closed")]
    assert await service.ledger.unhandled_deliveries() == []


async def test_health_and_readiness(service: Service) -> None:
    """Alive is not ready: what is missing is said, with the age of the last sweep."""
    assert (await service.http.get("/healthz")).status_code == 200
    assert (await service.http.get("/readyz")).json() == {
        "ready": True,
        "problems": [],
        "sweep_age_seconds": 12.5,
        "missed_webhooks": 3,
    }
    service.problems = ("the engine has not started",)
    unready = await service.http.get("/readyz")
    assert (unready.status_code, unready.json()["problems"]) == (503, ["the engine has not started"])


def test_signature_matches_githubs_own_example() -> None:
    """The vector GitHub publishes for its webhooks."""
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signed(b"Hello, World!", header, "It's a Secret to Everybody")
    assert not signed(b"Hello, World?", header, "It's a Secret to Everybody")
