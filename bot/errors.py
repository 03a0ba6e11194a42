"""The exception tree. Expected outcomes are values; these are surprises.

SluiceError
├── UserError            the user's to mend: says what is wrong, where, and what to do (exit code 2)
│   ├── SettingsError    sluice.toml or the environment
│   └── BoardError       a board, column or repository is not as named
├── Unavailable          an outside system did not answer: try again later, nothing is known to have happened
│   ├── Ambiguous        it may have happened: look before doing it again
│   ├── Limited          one of GitHub's limits is reached: nothing was sent, or GitHub did nothing
│   └── OutOfReach       the App was taken off, or suspended: all of it waits, until it is let in again
├── Refused              an outside system said no, and will say no again (401, 403, 404, 422)
│   └── NotKept          the remote will not keep unfinished work: it stays on this machine
└── LedgerBusy           another process holds what was asked for
"""

from __future__ import annotations


class SluiceError(Exception):
    """Root of everything Sluice raises itself."""


class UserError(SluiceError):
    """Somebody gave Sluice something it cannot work with; the message says what to do."""


class SettingsError(UserError):
    """A setting is missing, unknown or wrong."""


class BoardError(UserError):
    """A board, a column or a repository is not as the settings name it."""


class Unavailable(SluiceError):
    """An outside system failed to answer; nothing is known to have happened."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds


class Ambiguous(Unavailable):
    """An outside system failed after it may have acted."""


class Limited(Unavailable):
    """One of GitHub's limits: waiting is all there is to do, and it costs no attempt."""


class OutOfReach(Unavailable):
    """An owner or a repository that Sluice could reach before, and no item's fault."""


class Refused(SluiceError):
    """An outside system said no."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class NotKept(Refused):
    """The remote refuses to keep unfinished work, so the worktree must stay."""


class LedgerBusy(SluiceError):
    """Another process holds the lock."""
