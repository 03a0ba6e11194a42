"""What the environment gives to settings that are about to be written."""

from __future__ import annotations

import os
import sys

from bot.errors import SettingsError


def from_environment(name: str) -> str:
    """What a variable that somebody named on the command line holds."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"the environment variable {name} is not set, or empty")
    return value


def has_display() -> bool:
    """Whether a browser could show itself here."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
