"""Whether a repository is still within reach. An App may be taken off one at any time, and a public one can be read
all the same: what is refused there, or not shown any more, is then no item's fault, and all of them wait alike.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bot.errors import OutOfReach

REMEMBERED = 60.0  # seconds for which one answer is good for every item of the repository


class Reach:
    """Asked only where something was refused, and then until the repository is back."""

    def __init__(self, within: Callable[[str], Awaitable[bool]]) -> None:
        self._within = within
        self._lost: dict[str, float] = {}  # repository -> until when that is believed

    async def check(self, repo: str) -> None:
        """OutOfReach where that was found before and is still so."""
        until = self._lost.get(repo)
        if until is not None and time.monotonic() < until:
            raise OutOfReach(_said(repo))
        if until is not None:
            await self.ask(repo)

    async def ask(self, repo: str) -> None:
        """OutOfReach if GitHub lets Sluice work there no more."""
        if await self._within(repo):
            self._lost.pop(repo, None)
            return
        self._lost[repo] = time.monotonic() + REMEMBERED
        raise OutOfReach(_said(repo))

    def look_again(self) -> None:
        """Something about installations has changed."""
        self._lost = dict.fromkeys(self._lost, 0.0)


def _said(repo: str) -> str:
    why = "the App is not installed there any more, or the token may not go there"
    return f"{repo} is out of reach: {why}; once that is mended, Sluice goes on by itself"
