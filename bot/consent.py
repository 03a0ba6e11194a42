"""Agents without a sandbox need somebody's explicit word."""

from __future__ import annotations

from bot.agents.sandbox import bubblewrap_works
from bot.errors import SettingsError
from bot.settings import Settings


def sandbox_or_consent(settings: Settings) -> None:
    """On github.com; nobody else's code is run for a GitHub on this machine."""
    public = "github.com" in settings.github.api_url
    if public and not bubblewrap_works() and not settings.unsandboxed:
        raise SettingsError("agents would run without a sandbox: install bubblewrap, or set unsandboxed = true")
