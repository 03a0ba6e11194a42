"""The log of an App's webhook deliveries as GitHub shows it: newest first, each attempt an entry, for three days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import App, Delivery

KEPT = timedelta(days=3)
CODES = {"success": range(200, 400), "failure": range(400, 600)}  # an attempt without an answer has neither
MOST, USUAL = 100, 30
CURSOR = "v1_"


def page(hub: Hub, app: App, asked: Mapping[str, str]) -> tuple[list[Delivery], str | None]:
    """The asked-for part of the log, and the cursor of the next."""
    entries = [each for each in _kept(hub, app) if _wanted(each, asked)]
    if cursor := asked.get("cursor"):
        entries = [each for each in entries if each.id < _place(cursor)]
    told = asked.get("per_page", "")
    size = max(1, min(int(told), MOST)) if told.isdecimal() else USUAL
    shown = entries[:size]
    return shown, f"{CURSOR}{shown[-1].id}" if len(entries) > size else None


def entry(hub: Hub, app: App, delivery_id: int) -> Delivery:
    found = next((each for each in _kept(hub, app) if each.id == delivery_id), None)
    if found is None:
        raise NotFound()
    return found


def redeliver(hub: Hub, app: App, delivery_id: int) -> None:
    """Whatever came of it: GitHub asks no reason, and does nothing by itself."""
    found = entry(hub, app, delivery_id)
    assert hub.redeliver is not None  # server.py set it
    hub.redeliver(app, found)


def _kept(hub: Hub, app: App) -> list[Delivery]:
    """Over and not yet forgotten, newest first."""
    oldest = hub.now() - KEPT
    mine = [each for each in hub.deliveries if each.app_id == app.id and each.status and each.delivered_at > oldest]
    return sorted(mine, key=lambda each: each.id, reverse=True)


def _wanted(each: Delivery, asked: Mapping[str, str]) -> bool:
    status = asked.get("status")
    if status is not None and status not in CODES:
        raise Unprocessable(f"{status} is not a status: success, failure")
    return status is None or each.status_code in CODES[status]


def _place(cursor: str) -> int:
    number = cursor.removeprefix(CURSOR)
    if not number.isdecimal():
        raise Unprocessable("Invalid cursor")
    return int(number)
