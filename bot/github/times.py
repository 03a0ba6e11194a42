"""GitHub's times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime


def time(text: str) -> datetime:
    """Aware UTC."""
    return datetime.fromisoformat(text)


def maybe_time(text: str | None) -> datetime | None:
    return time(text) if text else None


def answered_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """By GitHub's own clock where its answer tells, for ours may be wrong."""
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return now
