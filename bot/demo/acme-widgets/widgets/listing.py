"""The list that hangs at the workshop's door."""

from __future__ import annotations

from .stock import Stock


def listing(stock: Stock) -> str:
    """One line for each widget: its name and how many there are."""
    return "\n".join(f"{name}: {stock.count(name)}" for name in stock.names())
