"""Counts what runs are billed, by the doors through which they reach their models; no HTTP here.

A door is open while its run works: a key, made up for it, that is worth nothing anywhere else. What was billed outlives
the door, for whoever settles the run's account afterwards.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

import structlog

from bot.core.run import Ended, Limits
from bot.core.spend import NOTHING, Budget, Price, unpriced
from bot.core.tokens import Tokens, by_model
from bot.errors import SluiceError

log = structlog.get_logger(__name__)
KEY = "sk-sluice-"  # the beginning of every run's key, by which logs know it for a secret
REMEMBERED = 1_000  # runs that ended
AT_ONCE = 32  # calls of one run, its sub-agents' too; one that asks for more is no agent at work
AT_FIRST = 4  # while it is not known what a call of it costs
MOST_UNTOLD = 20  # calls of a run whose cost is not known; a run that has more of them hides what it spends
WORTH_WAITING = timedelta(minutes=2)
LEDGER = 5.0  # seconds an answer waits for it
KINDS = {"input": "input_total", "cache_read": "cache_read", "cache_write": "cache_write", "output": "output"}

Keep = Callable[[str, str, tuple[Tokens, ...]], Awaitable[None]]  # run, source, and all it was billed from there
Stop = Callable[[Ended], None]  # how the run is to end
Beat = Callable[[], None]
OverBudget = Callable[[str], str | None]  # run; the sentence that says so


@dataclass(frozen=True)
class Upstream:
    """Where a peer's model really is, and the key for it."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Door:
    run: str
    peer: str
    upstream: Upstream
    limits: Limits
    stop: Stop  # called when the run cannot go on: its program is not to try again for hours
    beat: Beat  # called when its model says something
    key: str = field(default_factory=lambda: KEY + secrets.token_urlsafe(32), repr=False)


@dataclass
class Account:
    """Of one run."""

    billed: tuple[Tokens, ...] = ()  # by calls that are over
    calls: int = 0
    overspent: str = ""  # the sentence that says so
    busy: bool = False  # its provider's last word was to come back later ...
    until: datetime | None = None  # ... then
    refused: int = 0  # the status of its provider's last word, where that was neither an answer nor to come back later
    dearest: Budget = NOTHING  # what one call cost at most
    untold: int = 0  # calls that were given up before their end, or whose answer did not tell what they cost
    telling: dict[object, Tokens] = field(default_factory=dict)  # by calls whose answer is on its way, as far as it is

    @property
    def uncounted(self) -> str:
        if self.untold <= MOST_UNTOLD:
            return ""
        return f"what {self.untold} of its calls to the model cost is not known: they were given up, or did not tell"


@dataclass
class Figures:
    """Since the process began."""

    tokens: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # peer, model, kind
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)  # peer, what came of it


class Meter:
    """`keep` writes what a run was billed into the ledger; `source` tells this process's counts from another's, in
    which the same run began. Money binds where `price` is known. `over_budget` may know of more than a run's limits."""

    def __init__(
        self, keep: Keep | None = None, price: Price = unpriced, over_budget: OverBudget | None = None
    ) -> None:
        self.keep, self.price, self.over_budget = keep, price, over_budget
        self.source = f"gateway-{secrets.token_hex(4)}"
        self.figures = Figures()
        self._doors: dict[str, Door] = {}  # by key
        self._accounts: dict[str, Account] = {}  # by run
        self._unwritten: set[str] = set()
        self.grew = asyncio.Event()  # there is something to be written
        self._writing = asyncio.Lock()

    def open(self, run: str, peer: str, upstream: Upstream, limits: Limits, stop: Stop, beat: Beat) -> Door:
        door = Door(run, peer, upstream, limits, stop, beat)
        self._doors[door.key] = door
        self._accounts[run] = account = self._accounts.pop(run, Account())
        account.overspent, account.untold = "", 0  # it may have been given more since, and somebody has looked at it
        for old in list(self._accounts)[:-REMEMBERED]:
            if all(each.run != old for each in self._doors.values()):
                del self._accounts[old]
        return door

    def shut(self, run: str) -> None:
        """Its key opens nothing any more."""
        self._doors = {key: door for key, door in self._doors.items() if door.run != run}

    def whose(self, key: str) -> Door | None:
        return self._doors.get(key)

    async def tell(self, door: Door, call: object, tokens: Tokens) -> None:
        """As far as an answer on its way has told. It goes no further before that is written: of what a killed process
        has passed on, nobody else knows. The ledger's trouble is not the agent's, though."""
        account = self._account(door.run)
        if account.telling.get(call) == tokens:
            return
        account.telling[call] = tokens
        self._unwritten.add(door.run)
        writing = asyncio.create_task(self.write())
        await asyncio.wait({writing}, timeout=LEDGER)

    def count(self, door: Door, call: object, tokens: Tokens | None) -> None:
        """One call was answered; None: what it was billed with is not known."""
        account = self._account(door.run)
        account.calls, account.busy, account.until, account.refused = account.calls + 1, False, None, 0
        account.telling.pop(call, None)
        if tokens is None or not tokens.total:
            return
        account.billed = by_model((*account.billed, tokens))
        account.dearest = Budget(max(account.dearest.tokens, tokens.total), self._dearer(account, tokens))
        self._unwritten.add(door.run)
        self.grew.set()
        for kind, count in KINDS.items():
            self.figures.tokens[door.peer, tokens.model, kind] += getattr(tokens, count)
        self.refusal(door)

    def untold(self, door: Door) -> None:
        """What a call cost will never be known."""
        account = self._account(door.run)
        account.untold += 1
        if account.untold == MOST_UNTOLD + 1:
            door.stop("failed")

    def refusal(self, door: Door) -> str:
        """Why the run may ask no more; empty: it may. Whoever runs it is told the first time."""
        account = self._account(door.run)
        if account.uncounted:
            return account.uncounted
        if not account.overspent and (found := self._over(door)):
            account.overspent = found
            door.stop("overspent")
        return account.overspent

    def note(self, door: Door, came: str) -> None:
        """What came of a call, in one word."""
        self.figures.calls[door.peer, came] += 1

    def refused(self, door: Door, status: int) -> None:
        """Its provider took a call for wrong, or was not reached; programs tell less of that than it does."""
        self._account(door.run).refused = status

    def busy(self, door: Door, until: datetime | None, now: datetime) -> None:
        """Its provider says to wait; a run does not hold its place for as long as it likes."""
        account = self._account(door.run)
        account.busy, account.until, account.refused = True, until, 0
        if until and until - now > WORTH_WAITING:
            door.stop("limited")

    def account(self, run: str) -> Account | None:
        """None: it has asked nothing here."""
        return self._accounts.get(run)

    def used(self, run: str) -> tuple[Tokens, ...]:
        account = self._accounts.get(run, Account())
        return by_model((*account.billed, *account.telling.values()))

    def limited(self, run: str) -> datetime | None:
        """When its provider takes work again, where the last answer said to wait and until when."""
        return self._accounts[run].until if run in self._accounts else None

    async def write(self) -> None:
        """What is not in the ledger yet; what cannot be written now is written with the next call."""
        async with self._writing:  # an older sum never overtakes a newer one
            for run in sorted(self._unwritten):
                billed = self.used(run)
                try:
                    if self.keep:
                        await self.keep(run, self.source, billed)
                except SluiceError as error:
                    log.warning("what a run was billed is not written yet", run=run, error=str(error))
                    continue
                if self.used(run) == billed:
                    self._unwritten.discard(run)

    def _account(self, run: str) -> Account:
        return self._accounts.setdefault(run, Account())

    def _dearer(self, account: Account, tokens: Tokens) -> float | None:
        costs = [cost for cost in (account.dearest.cost_usd, self.price(tokens)) if cost is not None]
        return max(costs, default=None)

    def at_once(self, door: Door) -> int:
        """How many of its calls may be at the model: as many as fit into what is left, by the dearest there was."""
        dearest = self._account(door.run).dearest
        if not dearest.tokens:
            return AT_FIRST
        left = _cap(door).left(self._used(door.run))
        fit = left.tokens // dearest.tokens
        if left.cost_usd is not None and dearest.cost_usd:
            fit = min(fit, int(left.cost_usd / dearest.cost_usd))
        return max(1, min(AT_ONCE, fit))

    def _used(self, run: str) -> Budget:
        billed = self.used(run)
        costs = [cost for each in billed if (cost := self.price(each)) is not None]
        return Budget(sum(each.total for each in billed), sum(costs) if costs else None)

    def _over(self, door: Door) -> str | None:
        used, cap = self._used(door.run), _cap(door)
        if used.exceeds(cap):
            return f"this run has used {used} of the {cap} it may use"
        return self.over_budget(door.run) if self.over_budget else None


def _cap(door: Door) -> Budget:
    return Budget(door.limits.tokens, door.limits.cost_usd if door.limits.cost_usd < inf else None)
