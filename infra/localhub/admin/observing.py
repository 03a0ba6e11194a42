"""Watching a world and meddling with it: counters, the log, deliveries, waiting for quiet, faults, the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from localhub import render
from localhub.admin.orders import ClockOrder, IdleOrder, IndexOrder
from localhub.faults import Fault
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


@router.get("/log")
async def log(hub: World) -> list[Json]:
    """Every write, in order."""
    return [
        {"at": each.at.isoformat(), "actor": each.actor, "verb": each.verb, "target": each.target} for each in hub.log
    ]


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


@router.post("/faults")
async def add_fault(hub: World, fault: Fault) -> Json:
    hub.faults.append(fault)
    return {"faults": len(hub.faults)}


@router.delete("/faults")
async def clear_faults(hub: World) -> Json:
    hub.faults.clear()
    return {"faults": 0}


@router.post("/clock")
async def clock(hub: World, order: ClockOrder) -> Json:
    hub.ahead += timedelta(seconds=order.advance_seconds)
    return {"now": hub.now().isoformat()}


@router.post("/index")
async def index(hub: World, order: IndexOrder) -> Json:
    """How far the index behind the board's filter is behind the boards."""
    hub.index.fall_behind(timedelta(seconds=order.lag_seconds), hub.projects, hub.now())
    return {"lag_seconds": order.lag_seconds}
