"""`sluice limits`: what is left of GitHub's limits, what waits for them, and which items cost most."""

from __future__ import annotations

import asyncio

from bot.cli.options import AsJson, Config
from bot.whereabouts import FILE


def limits(config: Config = FILE, as_json: AsJson = False) -> None:
    """What is left of GitHub's limits and when they reset, what waits for its turn, and the dearest items."""
    from bot.cli.standings import show  # here, so that the other commands start quickly

    asyncio.run(show(config, as_json))
