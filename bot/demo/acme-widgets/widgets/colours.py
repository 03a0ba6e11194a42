"""The colours widgets come in."""

from __future__ import annotations

COLOURS = ("red", "green", "blue", "white", "black")
