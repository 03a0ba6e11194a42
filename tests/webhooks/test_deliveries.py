"""Real deliveries: localhub signs and sends, a real server takes them in, the ledger knows whom to look at."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from tests.contracts.github_world import GitHubWorld
from webhooks.app import Readiness, create_app
from webhooks.inbox import Inbox

SECRET = "a secret between two"
EVENTS = [
    "issues",
    "issue_comment",
    "projects_v2_item",
    "pull_request",
    "push",
    "check_suite",
    "workflow_run",
    "status",
]


@dataclass
class Service:
    ledger: SqlLedger
    world: GitHubWorld
    webhook_secret: str = SECRET
    address: str = ""
    ear: dict[str, Any] = field(default_factory=dict)  # the App that listens

    def __post_init__(self) -> None:
        me, board = self.world.app["login"], self.world.board
        self.inbox = Inbox(self.ledger, [board], me, lambda: datetime.now(UTC), scan_soon=lambda key: None)

    async def ready(self) -> Readiness:
        return Readiness()

    async def causes(self) -> set[str]:
        """Why items are to be looked at, once everything sent has arrived."""
        await asyncio.to_thread(self.world.idle)
        await self.inbox.catch_up()
        return {wake.cause for wake in await self.ledger.due(datetime.now(UTC) + timedelta(minutes=1), 50)}


@pytest.fixture
async def service(localhub_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    world = await GitHubWorld(localhub_url).build()
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    made = Service(ledger, world)
    listening = socket.create_server(("127.0.0.1", 0))  # takes connections before the server looks at them
    server = uvicorn.Server(uvicorn.Config(create_app(made), log_level="warning"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    made.address = f"http://127.0.0.1:{listening.getsockname()[1]}/webhooks/github"
    made.ear = world.hook(made.address, SECRET, EVENTS)
    yield made
    server.should_exit = True
    await serving
    await world.github.close()
    await ledger.close()


async def test_closing_an_issue_reaches_its_item(service: Service) -> None:
    """Somebody closes an issue; its item is due."""
    item = await asyncio.to_thread(service.world.add_issue, "Fix")
    await file(service)
    path = f"/repos/{service.world.repo}/issues/{item.number}"
    await asyncio.to_thread(lambda: service.world.mona.rest("PATCH", path, state="closed"))
    assert "issues.closed" in await service.causes()


async def test_mover_of_a_draft_is_known(service: Service) -> None:
    """Mona moves a draft to Ready; the ledger remembers that it was her."""
    item = await asyncio.to_thread(service.world.add_draft, "Idea", "Do it.")
    await file(service)
    await asyncio.to_thread(service.world.move, item, "Ready")
    assert "projects_v2_item.edited" in await service.causes()
    (move,) = await service.ledger.moves(item.id)
    assert (move.to, move.actor, move.automated) == ("Ready", service.world.mona.login, False)


async def file(service: Service) -> None:
    """Scan the board, and let what that wakes sleep again."""
    cards = (await service.world.github.scan(service.world.board)).cards
    await service.ledger.upsert_cards(service.world.key, cards, datetime.now(UTC))
    await service.causes()
    for wake in await service.ledger.due(datetime.now(UTC) + timedelta(minutes=1), 50):
        await service.ledger.slept(wake.item, wake.seq, None)
