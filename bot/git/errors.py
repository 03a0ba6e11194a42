"""What git's side of Sluice raises."""

from __future__ import annotations


class GitFailed(Exception):
    """git could not do what was asked; the message says what, where and what it printed."""
