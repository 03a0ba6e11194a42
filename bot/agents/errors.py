"""What goes wrong before anything foreign has run."""

from __future__ import annotations

from bot.errors import UserError


class LaunchFailed(UserError):
    """A program could not be started; the message says which and why."""
