"""Webhooks that were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(eq=False)
class Delivery:
    """One webhook sent, or still to be sent."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: dict[str, object]
    delivered_at: datetime
    status_code: int | None = None
    duration: float = 0.0
    redelivery: bool = False
