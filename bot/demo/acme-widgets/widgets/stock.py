"""What lies on the shelves."""

from __future__ import annotations


class Stock:
    """Counts of widgets by name."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, name: str, count: int = 1) -> None:
        self._counts[name] = self.count(name) + count

    def take(self, name: str, count: int = 1) -> None:
        """Take some away; what is not there cannot be taken."""
        if count > self.count(name):
            raise ValueError(f"only {self.count(name)} of {name} are left")
        self._counts[name] -= count

    def count(self, name: str) -> int:
        return self._counts.get(name, 0)

    def names(self) -> list[str]:
        return sorted(self._counts)
