"""One figure, as build/bench.json holds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`target` is a most; `ratio` is value / peer_value, where lower is better for Sluice."""

    name: str
    value: float
    unit: str
    target: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None

    @property
    def met(self) -> bool:
        return self.target is None or self.value <= self.target


def beside(name: str, value: float, unit: str, peer: str, peer_value: float, target: float | None = None) -> Figure:
    return Figure(name, value, unit, target, peer, peer_value, round(value / peer_value, 4))
