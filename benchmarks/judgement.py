"""How long one judgement takes, beside reading the policy file it needs: both pure, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from benchmarks.figure import Figure, beside
from bot.core.decide import decide
from bot.policy_file import read_policy
from tests.core import facts

POLICY = 'mode = "live"\n[gates]\nchecks = ["test"]\n'


def measure() -> list[Figure]:
    snapshot = facts.in_review()
    judged = _microseconds(lambda: decide(snapshot))
    read = _microseconds(lambda: read_policy(POLICY))
    return [beside("one decision", judged, "µs", "reading a three-line policy file", read, target=1000)]


def _microseconds(call: Callable[[], object], rounds: int = 200, repeats: int = 9) -> float:
    """The median of several rounds, in microseconds a call."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        for _ in range(rounds):
            call()
        found.append((time.perf_counter() - started) / rounds * 1e6)
    return round(median(found), 1)
