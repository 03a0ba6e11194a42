"""The way a run reaches its model where its calls are counted: a door, opened for it and shut when it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.core.run import Ended, Outcome, Peer
from bot.core.tokens import Tokens

Stop = Callable[[Ended], None]  # told when the run cannot go on, and how it is to end
Beat = Callable[[], None]  # told that its model speaks: an answer may take longer than a stall


class Way(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def key(self) -> str: ...  # of this run alone


class Account(Protocol):
    """What the run used and heard at its door."""

    @property
    def billed(self) -> Sequence[Tokens]: ...
    @property
    def overspent(self) -> str: ...  # why it could ask no more; empty: it could
    @property
    def uncounted(self) -> str: ...  # why what it used is not known; empty: it is
    @property
    def busy(self) -> bool: ...  # the provider's last word was to come back later
    @property
    def refused(self) -> int: ...  # the status of its last word, where that was another refusal; 0: it answered
    @property
    def until(self) -> datetime | None: ...


class Doors(Protocol):
    async def open(self, run: str, peer: Peer, stop: Stop, beat: Beat) -> Way | None: ...  # None: it needs none
    async def close(self, run: str) -> Account | None: ...
    async def stop(self) -> None: ...


def settled(outcome: Outcome, account: Account | None) -> Outcome:
    """The door knows better than the program what was used, and why it failed; a finished run is finished."""
    if account is None:
        return outcome
    outcome = replace(outcome, used=tuple(account.billed) or outcome.used)
    if account.uncounted and outcome.ended in ("failed", "limited", "stalled", "timed_out"):
        return replace(outcome, ended="failed", summary=account.uncounted, failure="uncounted", until=None)
    if outcome.ended not in ("failed", "limited"):
        return outcome
    if account.overspent:
        return replace(outcome, ended="overspent", summary=outcome.summary or account.overspent, failure="")
    if account.busy:
        return replace(outcome, ended="limited", until=account.until or outcome.until, failure="")
    if why := _refusal(account.refused):
        return replace(outcome, failure=why)
    return outcome


def _refusal(status: int) -> str:
    """What is to be mended: its key, or which model is asked and where."""
    if status in (401, 403):
        return "login"
    return "model" if status == 404 or status >= 500 else ""
