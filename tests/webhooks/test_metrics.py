"""The figures for Prometheus: what is told, and to whom."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.core.limits import Hour, Standing
from bot.core.standing import Hold
from bot.gateway import Figures
from bot.ledger.figures import Counts
from webhooks.app import Readiness, create_app
from webhooks.metrics import NAMES, Gathered, text

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
STANDING = Standing(
    "sluice[bot] on acme",
    NOW,
    {"graphql": Hour(5000, 4200, NOW + timedelta(minutes=10)), "core": Hour(5000, 1, NOW - timedelta(minutes=1))},
    content=((NOW - timedelta(minutes=30), 4), (NOW - timedelta(seconds=10), 2)),
    blocked_until=NOW + timedelta(seconds=45),
    waiting={"sweep": 3},
    minute={"graphql": 17},
)
MODELS = Figures(
    Counter({("robin", "opus", "input"): 900}), Counter({("robin", "answered"): 8, ("robin", "limited"): 1})
)
HOLDS = {"robin": Hold("waits for its provider", NOW + timedelta(minutes=5), True)}
ALL = Gathered(
    Counts({"Ready": 2}, {"running": 1}, {"finished": 7}, unhandled=5), NOW, (STANDING,), 4, 3, 1, 12.5, 0.75,
    HOLDS, MODELS,
)  # fmt: skip


def told(gathered: Gathered) -> dict[tuple[str, ...], float]:
    """Each figure by its name and labels, as Prometheus itself reads them."""
    families = text_string_to_metric_families(text(gathered).decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_everything_there_is_is_told() -> None:
    """The hours of GitHub, new content, what waits and what is refused; webhooks, items, runs and the sweep."""
    found, me = told(ALL), STANDING.identity
    assert {name for name, *_ in found} == set(NAMES)
    assert found["sluice_github_remaining", me, "graphql"] == 4200
    assert found["sluice_agent_held_seconds", "robin", "limited"] == 300
    assert found["sluice_github_remaining", me, "core"] == 5000  # its hour is over
    assert found["sluice_github_reserve", me, "graphql"] == 500
    assert (found["sluice_github_minute_points", me, "graphql"], found["sluice_github_minute_limit", me, "core"]) == (
        17,
        800,
    )
    assert (found["sluice_github_content_writes", me, "minute"], found["sluice_github_content_writes", me, "hour"]) == (
        2,
        6,
    )
    assert (found["sluice_github_waiting", me, "sweep"], found["sluice_github_refused_seconds", me]) == (3, 45)
    assert found["sluice_model_tokens_total", "robin", "input", "opus"] == 900
    assert found["sluice_model_calls_total", "robin", "limited"] == 1
    assert found["sluice_items", "Ready"] == 2 and found["sluice_runs_ended_total", "finished"] == 7
    assert [found[f"sluice_webhooks_{what}",] for what in ("missed", "asked_again", "lost")] == [4, 3, 1]


def test_what_is_not_known_is_not_told() -> None:
    """Before the first sweep there is no age of one: zero would be a lie."""
    names = {name for name, *_ in told(Gathered(Counts(), NOW))}
    assert names == {"sluice_runs", "sluice_deliveries_unhandled"}


class Service:
    """What the HTTP face needs, where nothing but the pages is asked for."""

    webhook_secret, metrics_token, inbox = "secret", "", None

    async def ready(self) -> Readiness:
        return Readiness(("board acme/1 has no column Ready",), 1.0, 0)

    async def metrics(self) -> bytes:
        return text(ALL)


def asked(path: str, *, client: str = "127.0.0.1", token: str = "", **headers: str) -> Any:
    service: Any = Service()
    service.metrics_token = token
    transport = httpx.ASGITransport(create_app(service), client=(client, 1234))
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8321") as http:
            return await http.get(path, headers=named)

    return ask()


@pytest.mark.parametrize(
    ("how", "may"),
    [
        ({}, True),
        ({"host": "localhost:8321"}, True),
        ({"host": "[::1]:8321", "client": "::1"}, True),
        ({"client": "10.0.0.7"}, False),
        ({"host": "sluice.example.com"}, False),  # a tunnel that keeps the name
        ({"x_forwarded_for": "10.0.0.7"}, False),
        ({"forwarded": "for=10.0.0.7"}, False),
        ({"via": "1.1 proxy"}, False),
        ({"token": "hush"}, False),
        ({"token": "hush", "authorization": "Bearer guessed"}, False),
        ({"token": "hush", "authorization": "Bearer hush", "client": "10.0.0.7", "host": "sluice"}, True),
    ],
)
async def test_who_reads_the_figures(how: dict[str, Any], may: bool) -> None:
    """This machine itself, for whom nobody forwards; or whoever has the token. Others learn only whether it works."""
    figures, ready = await asked("/metrics", **how), await asked("/readyz", **how)
    assert (figures.status_code == 200) is may and ("problems" in ready.json()) is may
    assert ready.status_code == 503 and (await asked("/healthz", **how)).status_code == 200
