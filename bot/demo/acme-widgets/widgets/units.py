"""The units in which widgets are sold."""

from __future__ import annotations

UNITS = {
    "piece": 1,
    "pair": 2,
}


def pieces(count: int, unit: str) -> int:
    """How many single widgets that is."""
    return count * UNITS[unit]
