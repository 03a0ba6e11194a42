"""When a provider that says "not now" takes work again, as its answer tells: each has several ways to say so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

LIMITED = (429, 529)  # too much asked; too much asked by everybody
LONGEST = timedelta(days=40)  # a later time is no promise
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
STAMPS = ("requests", "tokens", "input-tokens", "output-tokens")


def reset_of(headers: Mapping[str, str], body: bytes, now: datetime) -> datetime | None:
    """None: it does not say. What is said plainly goes before what is said of each of several limits."""
    for found in (_retry_after(headers, now), _in_body(body, now), _in_headers(headers, now)):
        times = [each for each in found if now - LONGEST < each < now + LONGEST]
        if times:
            return max(max(times), now)
    return None


def _retry_after(headers: Mapping[str, str], now: datetime) -> Iterator[datetime]:
    said = headers.get("retry-after", "").strip()
    if seconds := _number(headers.get("retry-after-ms", "")):
        yield now + timedelta(seconds=min(seconds / 1_000, 1e9))
    elif (seconds := _number(said)) is not None:
        yield now + timedelta(seconds=min(seconds, 1e9))
    elif said:
        yield from _date(said)


def _in_body(body: bytes, now: datetime) -> Iterator[datetime]:
    """OpenAI's `resets_at` and `resets_in_seconds`; Google's RetryInfo."""
    error = _error(body)
    if (at := _number(error.get("resets_at"))) is not None:
        yield _epoch(at)
    elif (seconds := _number(error.get("resets_in_seconds"))) is not None:
        yield now + timedelta(seconds=min(seconds, 1e9))
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            yield from _after(str(detail.get("retryDelay", "")), now)


def _in_headers(headers: Mapping[str, str], now: datetime) -> Iterator[datetime]:
    """Of several limits those that are used up; of Anthropic's and OpenAI's."""
    if (at := _number(headers.get("anthropic-ratelimit-unified-reset", ""))) is not None:
        yield _epoch(at)
    for name in STAMPS:
        if headers.get(f"anthropic-ratelimit-{name}-remaining", "0") == "0":
            yield from _stamp(headers.get(f"anthropic-ratelimit-{name}-reset", ""))
        if headers.get(f"x-ratelimit-remaining-{name}", "0") == "0":
            yield from _after(headers.get(f"x-ratelimit-reset-{name}", ""), now)


def _after(said: str, now: datetime) -> Iterator[datetime]:
    """`17s`, `6m0s`, `20ms`, `1d2h`; a bare number is seconds."""
    if (bare := _number(said)) is not None:
        yield now + timedelta(seconds=min(bare, 1e9))
    elif re.fullmatch(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[smhd]))+", said):
        parts = re.findall(r"([\d.]+)(ms|[smhd])", said)
        yield now + timedelta(seconds=min(sum(float(count) * UNITS[unit] for count, unit in parts), 1e9))


def _date(said: str) -> Iterator[datetime]:
    try:
        found = parsedate_to_datetime(said)
    except ValueError:
        return
    yield found if found.tzinfo else found.replace(tzinfo=UTC)


def _stamp(said: str) -> Iterator[datetime]:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return
    yield found if found.tzinfo else found.replace(tzinfo=UTC)


def _epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, 1e11), UTC)


def _number(said: object) -> float | None:
    if isinstance(said, str):
        return float(said) if re.fullmatch(r"\d{1,15}(?:\.\d{1,9})?", said, re.ASCII) else None
    return float(min(said, 10**15)) if isinstance(said, (int, float)) and said >= 0 else None


def _error(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    told = told[0] if isinstance(told, list) and told else told  # Gemini's, streamed as one array
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, dict) else {}
