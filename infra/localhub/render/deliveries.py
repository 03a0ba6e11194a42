"""Entries of the log of webhook deliveries."""

from __future__ import annotations

from typing import Any

from localhub.model import Delivery
from localhub.render.base import moment

Json = dict[str, Any]


def delivery(record: Delivery) -> Json:
    return {
        "id": record.id,
        "guid": record.guid,
        "delivered_at": moment(record.delivered_at),
        "redelivery": record.redelivery,
        "duration": record.duration,
        "status": record.status,
        "status_code": record.status_code or 0,
        "event": record.event,
        "action": record.action,
        "installation_id": record.installation_id,
        "repository_id": record.repository_id,
        "throttled_at": None,
    }


def full_delivery(record: Delivery) -> Json:
    """With what was sent; the payload comes parsed, so that nobody can check its signature any more."""
    sent = {"headers": record.headers, "payload": record.payload}
    return {**delivery(record), "url": record.url, "request": sent, "response": {"headers": {}, "payload": ""}}
