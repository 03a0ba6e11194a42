"""What goes wrong before anything foreign has run."""

from __future__ import annotations

from bot.errors import Unavailable, UserError


class LaunchFailed(UserError):
    """A program could not be started; the message says which and why."""


class NoRoom(Unavailable):
    """This machine has no room left to start anything; nothing is wrong with the work."""
