"""When a provider takes work again, as each says it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.gateway.resets import reset_of

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}
TOKENS = {"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-11-02T09:05:00Z"}
REQUESTS = {"anthropic-ratelimit-requests-remaining": "7", "anthropic-ratelimit-requests-reset": "2026-11-02T10:00:00Z"}


@pytest.mark.parametrize(
    "headers, error, seconds",
    [
        ({"retry-after": "17"}, {}, 17),
        ({"retry-after-ms": "1500"}, {}, 1.5),
        ({"retry-after": "Mon, 02 Nov 2026 09:01:00 GMT"}, {}, 60),
        ({"retry-after": "Mon, 02 Nov 2026 08:01:00 GMT"}, {}, 0),
        ({"anthropic-ratelimit-unified-reset": str(int(NOW.timestamp()) + 5 * 3_600)}, {}, 5 * 3_600),
        (TOKENS | REQUESTS, {}, 300),
        ({"x-ratelimit-reset-requests": "6m0s"}, {}, 360),
        ({"x-ratelimit-reset-tokens": "20ms", "x-ratelimit-reset-requests": "1h1s"}, {}, 3_601),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "9s"}, {}, None),
        ({}, {"resets_at": NOW.timestamp() + 90}, 90),
        ({}, {"resets_in_seconds": 33}, 33),
        ({}, {"details": [{"@type": "other"}, RETRY]}, 3.5),
        ({"retry-after": "2", "x-ratelimit-reset-requests": "9s"}, {"resets_at": NOW.timestamp() + 90}, 2),
    ],
)
def test_each_way_to_say_it(headers: dict[str, str], error: dict[str, object], seconds: float | None) -> None:
    """Of several limits those that are used up count, and the plainest word goes first."""
    found = reset_of(headers, json.dumps({"error": error}).encode(), NOW)
    assert found == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "headers, body",
    [
        ({}, b""),
        ({"retry-after": "soon"}, b"{"),
        ({"retry-after": "-5"}, b"[]"),
        ({"retry-after": "9" * 400}, b'{"error": 5}'),
        ({"retry-after": "999999999999"}, b'[{"error": {"details": [5]}}]'),
        ({"anthropic-ratelimit-unified-reset": "9" * 15}, b'{"error": {"resets_at": 1e300}}'),
        ({"anthropic-ratelimit-tokens-reset": "tomorrow"}, b'{"error": {"resets_at": [1]}}'),
        ({"x-ratelimit-reset-tokens": "5 parsecs"}, b'{"error": {"resets_at": NaN}}'),
    ],
)
def test_nonsense_is_no_promise(headers: dict[str, str], body: bytes) -> None:
    """Neither is a time beyond all measure."""
    assert reset_of(headers, body, NOW) is None
