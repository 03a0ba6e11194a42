"""What can go wrong with git, said so that a person can act on it."""

from __future__ import annotations

from bot.errors import Unavailable


class GitFailed(Unavailable):
    """Git, or the remote behind it, did not do what was asked; nothing was lost, and it may be asked again."""
