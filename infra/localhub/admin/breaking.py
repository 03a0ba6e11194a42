"""Breaking a world: faults of requests and of webhooks, one by one or by a seeded schedule; and what struck so far."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from localhub.faults import Fault
from localhub.faultschedule import Schedule, ScheduleOrder
from localhub.mishaps import Mishap
from localhub.rest.given import World

Json = dict[str, Any]
router = APIRouter(prefix="/faults")


@router.get("")
async def faults(hub: World) -> Json:
    """What is still to come, and what struck, in order."""
    return {
        "faults": [each.model_dump() for each in hub.faults],
        "webhooks": [each.model_dump() for each in hub.mishaps],
        "scheduled": hub.schedule.left if hub.schedule else 0,
        "struck": hub.struck,
    }


@router.post("")
async def add_fault(hub: World, fault: Fault) -> Json:
    hub.faults.append(fault)
    return {"faults": len(hub.faults)}


@router.post("/webhooks")
async def add_mishap(hub: World, mishap: Mishap) -> Json:
    hub.mishaps.append(mishap)
    return {"webhooks": len(hub.mishaps)}


@router.post("/schedule")
async def schedule(hub: World, order: ScheduleOrder) -> Json:
    """From now on; another schedule takes its place, DELETE /_hub/faults ends it."""
    hub.schedule = Schedule(order)
    return {"scheduled": hub.schedule.left}


@router.delete("")
async def clear(hub: World) -> Json:
    hub.faults.clear()
    hub.mishaps.clear()
    hub.struck.clear()
    hub.schedule = None
    return {"faults": 0}
