"""What goes wrong before anything foreign has run."""

from __future__ import annotations


class LaunchFailed(Exception):
    """A program could not be started; the message says which and why."""
