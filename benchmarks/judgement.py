"""How long one judgement takes, beside reading the policy file it needs; and localhub's schema, beside its parsing."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from graphql import build_ast_schema, parse
from localhub.graphql.schema import sdl

from benchmarks.figure import Figure, beside
from bot.core.decide import decide
from bot.policy_file import read_policy
from tests.core import facts

POLICY = 'mode = "live"\n[gates]\nchecks = ["test"]\n'


async def measure() -> list[Figure]:
    snapshot = facts.in_review()
    judged = _microseconds(lambda: decide(snapshot))
    read = _microseconds(lambda: read_policy.__wrapped__(POLICY))
    parsed = _microseconds(lambda: parse(sdl(), no_location=True), rounds=1, repeats=3)
    built = _microseconds(lambda: _schema(), rounds=1, repeats=3)
    return [
        beside("one decision", judged, "µs", "reading a three-line policy file", read, target=1000),
        beside("localhub's schema", round(built / 1e6, 2), "s", "parsing it alone", round(parsed / 1e6, 2), target=1),
    ]


def _schema() -> None:
    build_ast_schema(parse(sdl(), no_location=True), assume_valid_sdl=True, assume_valid=True)


def _microseconds(call: Callable[[], object], rounds: int = 200, repeats: int = 9) -> float:
    """The median of several rounds, in microseconds a call."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        for _ in range(rounds):
            call()
        found.append((time.perf_counter() - started) / rounds * 1e6)
    return round(median(found), 1)
