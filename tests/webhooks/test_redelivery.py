"""Webhooks that were lost: GitHub's log is read back, and what only they tell comes in after all."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest

from bot.core.missed import Gap
from bot.github.auth import AppToken
from bot.github.costs import Costs
from bot.github.deliverylog import DeliveryLog
from bot.redelivery import read_back
from tests.webhooks.test_deliveries import Service, file, service

__all__ = ["service"]
NOWHERE = "http://127.0.0.1:1/webhooks/github"


class Reader:
    """Reads the log of the listening App back, as the service does on schedule."""

    def __init__(self, service: Service) -> None:
        self.service, self.costs = service, Counter[str]()
        ear = service.ear
        app = AppToken(service.world.url, ear["app_id"], ear["private_key"], ear["installation_id"])
        self.log = DeliveryLog(app, Costs(self._book))

    async def _book(self, _item: str | None, kind: str, amount: int) -> None:
        self.costs[kind] += amount

    async def look(self, after_a_start: bool = False) -> Gap:
        return await read_back(self.log, self.service.ledger, datetime.now(UTC), after_a_start)

    async def point(self, url: str) -> None:
        await asyncio.to_thread(self.service.world.idle)
        path = f"apps/{self.service.ear['slug']}"
        await asyncio.to_thread(lambda: self.service.world.admin(path, "PATCH", webhook_url=url))


@pytest.fixture
async def reader(service: Service) -> Reader:
    """It has looked once before."""
    made = Reader(service)
    await made.look()
    return made


async def test_what_never_came_in_is_asked_for_again(service: Service, reader: Reader) -> None:
    """The mover of a draft and a comment reach the ledger after an outage; what a scan sees is only counted."""
    item = await asyncio.to_thread(service.world.add_draft, "Idea", "Do it.")
    issue = await asyncio.to_thread(service.world.add_issue, "Fix")
    await file(service)
    await reader.point(NOWHERE)
    await asyncio.to_thread(service.world.move, item, "Ready")
    await asyncio.to_thread(service.world.comment, issue.number or 0, "/sluice status")
    path = f"/repos/{service.world.repo}/issues/{issue.number}"
    await asyncio.to_thread(lambda: service.world.mona.rest("PATCH", path, title="Mend"))
    await reader.point(service.address)
    assert await service.causes() == set()

    found = await reader.look(after_a_start=True)
    assert (found.missed, len(found.ask)) == (3, 2)
    assert await service.causes() == {"projects_v2_item.edited", "issue_comment.created"}
    (move,) = await service.ledger.moves(item.id)
    assert (move.to, move.actor) == ("Ready", service.world.mona.login)
    again = await reader.look()
    assert (again.missed, again.ask, again.look.missed) == (0, (), ())


async def test_while_nobody_answers_one_is_tried(service: Service, reader: Reader) -> None:
    """Nothing is asked for in vain, and once one gets through the rest follows."""
    issue = await asyncio.to_thread(service.world.add_issue, "Fix")
    await file(service)
    await reader.point(NOWHERE)
    for text in ("one", "two", "three"):
        await asyncio.to_thread(service.world.comment, issue.number or 0, text)
    await asyncio.to_thread(service.world.idle)
    assert [len((await reader.look()).ask) for _ in range(2)] == [1, 1]
    await reader.point(service.address)
    assert len((await reader.look()).ask) == 1
    await asyncio.to_thread(service.world.idle)
    assert len((await reader.look()).ask) == 2
    await asyncio.to_thread(service.world.idle)
    assert (await reader.look()).look.missed == ()


async def test_the_log_is_read_no_further_than_needed(service: Service, reader: Reader) -> None:
    """With nothing new one request is enough, and every request is booked."""
    before = reader.costs["rest_requests"]
    await reader.look()
    assert reader.costs["rest_requests"] == before + 1


async def test_an_outage_survives_a_restart(service: Service, reader: Reader) -> None:
    """Where the reading stands, and what is still to come, are the ledger's."""
    issue = await asyncio.to_thread(service.world.add_issue, "Fix")
    await file(service)
    await reader.point(NOWHERE)
    await asyncio.to_thread(service.world.comment, issue.number or 0, "/sluice status")
    await asyncio.to_thread(service.world.idle)
    await reader.look()
    await reader.point(service.address)
    assert len((await Reader(service).look(after_a_start=True)).ask) == 1
    assert "issue_comment.created" in await service.causes()
