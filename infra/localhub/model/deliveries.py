"""Webhooks that were sent."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    status: str = ""  # what came of it, in GitHub's words; empty while it is under way
    app_id: int = 0
    installation_id: int | None = None
    repository_id: int | None = None
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
