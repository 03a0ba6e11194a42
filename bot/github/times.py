"""GitHub's times."""

from __future__ import annotations

from datetime import datetime


def time(text: str) -> datetime:
    """Aware UTC."""
    return datetime.fromisoformat(text)


def maybe_time(text: str | None) -> datetime | None:
    return time(text) if text else None
