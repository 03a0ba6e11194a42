"""The settings, for commands that are told of by `--help` at once: what reads them is loaded when one asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Settings


def settings_of(config: Path) -> Settings:
    from bot.settings import read_settings

    return read_settings(config)
