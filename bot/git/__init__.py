"""Git's side of Sluice: mirrors, worktrees, branches, pushes and claims."""

from bot.git.errors import GitFailed
from bot.git.facade import Git

__all__ = ["Git", "GitFailed"]
