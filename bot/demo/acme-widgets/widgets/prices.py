"""What an order costs. All prices are in cents."""

from __future__ import annotations


def total(lines: list[tuple[int, int]]) -> int:
    """The sum of an order whose lines are (quantity, price of one)."""
    first, *others = [quantity * price for quantity, price in lines]
    return first + sum(others)


def shown(cents: int) -> str:
    """A price as people write it."""
    return f"{cents // 100}.{cents % 100:02}"


def discounted(cents: int, percent: int) -> int:
    """The price after a discount."""
    return cents * (100 - percent) // 100
