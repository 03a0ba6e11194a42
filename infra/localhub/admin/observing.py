"""Watching a world and meddling with it: counters, the log, deliveries, waiting for quiet, faults, the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from localhub import render
from localhub.admin.orders import ClockOrder, IdleOrder, IndexOrder, LimitsOrder
from localhub.rest.given import World

Json = dict[str, Any]
router = APIRouter()


@router.get("/counters")
async def counters(hub: World, login: str | None = None) -> Json:
    return hub.meter.counters(login)


@router.post("/counters/reset")
async def reset_counters(hub: World) -> Json:
    hub.meter.reset()
    return {}


@router.get("/limits")
async def limits(hub: World, login: str | None = None) -> Json:
    return (hub.meter.limits_of(login) if login else hub.meter.everybody).model_dump()


@router.post("/limits")
async def set_limits(hub: World, order: LimitsOrder) -> Json:
    """GitHub's figures are the default; whoever goes beyond them on purpose says so here."""
    return hub.meter.set_limits(order.login, order.model_dump(exclude_unset=True, exclude={"login"})).model_dump()


@router.delete("/limits")
async def restore_limits(hub: World) -> Json:
    hub.meter.restore_limits()
    return hub.meter.everybody.model_dump()


@router.get("/log")
async def log(hub: World, after: int = 0) -> list[Json]:
    """Every write, in order; `after`: without the first so many."""
    return [
        {"at": each.at.isoformat(), "actor": each.actor, "verb": each.verb, "target": each.target}
        for each in hub.log[after:]
    ]


@router.get("/log/length")
async def log_length(hub: World) -> int:
    return len(hub.log)


@router.get("/deliveries")
async def deliveries(hub: World) -> list[Json]:
    return [
        {
            "id": each.id, "guid": each.guid, "event": each.event, "action": each.action, "payload": each.payload,
            "delivered_at": render.moment(each.delivered_at), "status_code": each.status_code,
            "duration": each.duration, "redelivery": each.redelivery,
        }
        for each in hub.deliveries
    ]  # fmt: skip


@router.post("/idle")
async def idle(hub: World, order: IdleOrder | None = None) -> Json:
    """Wait until nothing goes on any more: deliveries, workflow runs, background tasks."""
    try:
        async with asyncio.timeout(order.timeout if order else 30.0):
            while hub.pending:
                await asyncio.wait(hub.pending)
    except TimeoutError:
        return {"idle": False, "pending": [task.get_name() for task in hub.pending]}
    return {"idle": True, "pending": []}


@router.post("/clock")
async def clock(hub: World, order: ClockOrder) -> Json:
    hub.ahead += timedelta(seconds=order.advance_seconds)
    return {"now": hub.now().isoformat()}


@router.delete("/clock")
async def true_time(hub: World) -> Json:
    """The clock shows the true time again."""
    hub.ahead = timedelta()
    return {"now": hub.now().isoformat()}


@router.post("/index")
async def index(hub: World, order: IndexOrder) -> Json:
    """How far the index behind the board's filter is behind the boards."""
    hub.index.fall_behind(timedelta(seconds=order.lag_seconds), hub.projects, hub.now())
    return {"lag_seconds": order.lag_seconds}
