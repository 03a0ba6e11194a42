"""What the model gateway adds to a streamed call: through it and past it by turns, to the same endpoint in one run.

Each is a process of its own, as in a real run: the caller, the gateway and the endpoint. Requests are as large as real
programs' are, answers short: a model's own time to think is not measured.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figure import Figure, beside
from tests.agents.gatekeeper import door
from tests.models.scenario import Scenario, Turn
from tests.models.serving import serving

CALLS, WARM = 400, 40
PROMPT = "x" * 50_000  # characters; what Claude Code's first request holds
ADDED = 10.0  # milliseconds, at most, in the middle
PEER = "the same call without it"
Call = Callable[[], float]


async def measure() -> list[Figure]:
    return await asyncio.to_thread(_measured)


def _measured() -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="models-") as folder, serving(Path(folder), apart=False) as models:
        url = models.play("bench", Scenario([Turn(say="A short answer.")]))
        with door(models, url, "key-of-a-bench") as gate, httpx.Client() as client:
            for name, (path, body) in DIALECTS.items():
                direct = _caller(client, f"{url}{path}", "key-of-a-bench", body)
                through = _caller(client, f"{gate.url}{path}", gate.key, body)
                figures += _figures(name, through, direct)
    return figures


def _figures(name: str, through: Call, direct: Call) -> list[Figure]:
    for _ in range(WARM):
        through()
        direct()
    pairs = [(through(), direct()) for _ in range(CALLS)]
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    added = round(_at(ours, 50) - _at(theirs, 50), 2)
    return [
        *(
            beside(f"a streamed call of {name} by the gateway, p{p}", _at(ours, p), "ms", PEER, _at(theirs, p))
            for p in (50, 99)
        ),
        Figure(f"what the gateway adds to a streamed call of {name}, p50", added, "ms", ADDED),
    ]


def _at(times: list[float], percent: int) -> float:
    return round(statistics.quantiles(times, n=100)[percent - 1], 2)


def _caller(client: httpx.Client, url: str, key: str, body: Mapping[str, Any]) -> Call:
    def call() -> float:
        """Milliseconds until the last byte."""
        began = time.perf_counter()
        answer = client.post(url, json=body, headers={"authorization": f"Bearer {key}"})
        took = (time.perf_counter() - began) * 1_000
        assert "A short answer." in answer.text, answer.text
        return took

    return call


TALK = {"model": "m", "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
DIALECTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Messages": ("/v1/messages", TALK | {"tools": [{"name": "shell"}]}),
    "chat completions": (
        "/v1/chat/completions",
        TALK | {"tools": [{"type": "function", "function": {"name": "shell"}}]},
    ),
}
