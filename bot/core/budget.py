"""Slots and caps: may one more run be admitted? Asked by `decide`, and again inside the ledger's transaction.

A running run holds all it was admitted with, so that no cap is passed by more than one run's last few seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.core.policy import Work
from bot.core.run import Peer
from bot.core.spend import NOTHING, PER_DAY, PER_ITEM, Bill, Budget, counted, dollars
from bot.core.standing import Hold

DAY = timedelta(hours=24)
MORE = "`/sluice budget +5` gives it five dollars more, `/sluice budget +5M` five million tokens"


@dataclass(frozen=True)
class Caps:
    """The process's limits, from settings; a repository's policy can only be tighter."""

    running: int = 2  # agents at once, over all repositories
    runs_per_day: int = 100
    item: Budget = PER_ITEM
    day: Budget = PER_DAY
    runs_per_item: int = 6  # for one go-ahead
    minutes_per_gate: float = 60.0


@dataclass(frozen=True)
class Usage:
    """What is running and what was used, counted by the ledger at one instant."""

    running: int = 0
    running_here: int = 0  # in this repository
    running_by_peer: Mapping[str, int] = field(default_factory=dict)
    today: int = 0  # runs admitted in the last 24 hours
    today_here: int = 0
    today_by_peer: Mapping[str, int] = field(default_factory=dict)
    for_go_ahead: int = 0  # runs this item had for its present go-ahead
    waiting_pulls: int = 0  # Sluice's pull requests of this repository that wait for people
    bills: tuple[Bill, ...] = ()  # of the last 24 hours, and of every run at work
    item: Budget = NOTHING  # all that this item ever used
    item_held: Budget = NOTHING  # what its runs at work may use beyond that
    more: Budget = NOTHING  # what people added to this item's caps
    holds: Mapping[str, Hold] = field(default_factory=dict)  # by peer: why it gets nothing new


@dataclass(frozen=True)
class Refusal:
    """Why no run may start now. `full`: it frees itself when something ends; else it takes new evidence or a person.

    `what` is short: a `slot` all share, this `agent`, or a `quota` of runs, money or waiting pull requests; or, a
    `dependency`, another card of the same issue has it. `until`: when to look again, where time alone frees it.
    `soon`: an agent is at work, whoever's, and at its end there is room.
    """

    reason: str
    full: bool = True
    what: Literal["slot", "agent", "quota", "dependency"] = "slot"
    until: datetime | None = None
    soon: bool = False


def admit(usage: Usage, caps: Caps, work: Work, peer: Peer, first: bool) -> Refusal | None:
    """None admits. `first`: the run starts an item, rather than mending one already under way."""
    if usage.for_go_ahead >= (most := min(work.runs_per_item, caps.runs_per_item)):
        return Refusal(f"this item has used its {most} runs", full=False, what="quota")
    if hold := usage.holds.get(peer.name):
        return Refusal(f"agent {peer.name} {hold.reason}", what="agent", until=hold.until)
    if usage.today_here >= work.runs_per_day:
        return Refusal(f"this repository has used its {work.runs_per_day} runs of the last 24 hours", what="quota")
    if usage.today >= caps.runs_per_day:
        return Refusal(f"all {caps.runs_per_day} runs of the last 24 hours are used", what="quota")
    if usage.today_by_peer.get(peer.name, 0) >= peer.runs_per_day:
        return Refusal(f"agent {peer.name} has used its {peer.runs_per_day} runs of the last 24 hours", what="quota")
    if first and usage.waiting_pulls >= work.waiting_pulls:
        return Refusal(
            f"{usage.waiting_pulls} pull requests wait for people here; no new work until one is dealt with",
            what="quota",
        )
    return _over_budget(usage, caps, work, peer) or _no_slot(usage, caps, work, peer)


def _no_slot(usage: Usage, caps: Caps, work: Work, peer: Peer) -> Refusal | None:
    if usage.running_by_peer.get(peer.name, 0) >= peer.capacity:
        return Refusal(f"agent {peer.name} is busy ({peer.capacity} at once)", what="agent", soon=True)
    if usage.running_here >= work.running:
        reason = f"{usage.running_here} agents already work in this repository (limit {work.running})"
        return Refusal(reason, soon=True)
    if usage.running >= caps.running:
        return Refusal(f"{usage.running} agents already work (limit {caps.running})", soon=True)
    return None


def run_cap(usage: Usage, caps: Caps, work: Work, peer: Peer) -> Budget:
    """What the run may use before it is stopped: its own cap, as far as the item and the day have room for it."""
    own = Budget(peer.limits.tokens, peer.limits.cost_usd).within(work.tokens_per_run, work.cost_per_run) + usage.more
    item = item_cap(usage, caps, work).left(usage.item + usage.item_held)
    days = (caps.day, peer.day, caps.day.within(work.tokens_per_day, work.cost_per_day))
    found = own.within(item.tokens, item.cost_usd)
    for day in days:
        found = found.within(day.tokens, day.cost_usd)
    return _binding(found, peer)


def _binding(cap: Budget, peer: Peer) -> Budget:
    """Who is paid by the month costs nothing more."""
    return Budget(cap.tokens) if peer.subscription else cap


def item_cap(usage: Usage, caps: Caps, work: Work) -> Budget:
    return caps.item.within(work.tokens_per_item, work.cost_per_item) + usage.more


def _over_budget(usage: Usage, caps: Caps, work: Work, peer: Peer) -> Refusal | None:
    """The item's cap takes a person; those of the day free themselves."""
    item = item_cap(usage, caps, work)
    if usage.item.exceeds(_binding(item, peer)):
        return Refusal(f"this item has used {usage.item} of the {item} it may use; {MORE}", full=False, what="quota")
    if (usage.item + usage.item_held).exceeds(_binding(item, peer)):
        reason = f"this item's agents at work may use all that is left of its {item}"
        return Refusal(reason, what="quota", soon=True)
    run = run_cap(usage, caps, work, peer)
    here = caps.day.within(work.tokens_per_day, work.cost_per_day)
    days = (
        ("Sluice", caps.day, usage.bills),
        ("this repository", here, [bill for bill in usage.bills if bill.here]),
        (f"agent {peer.name}", peer.day, [bill for bill in usage.bills if bill.peer == peer.name]),
    )
    refusals = (_day_full(whose, _binding(cap, peer), bills, run) for whose, cap, bills in days)
    return next((refusal for refusal in refusals if refusal), None)


def _day_full(whose: str, cap: Budget, bills: Iterable[Bill], run: Budget) -> Refusal | None:
    """The whole run must fit beside what was used and what is held for runs at work."""
    bills = sorted(bills, key=lambda bill: bill.at)
    total = sum((bill.counts for bill in bills), NOTHING)
    if (total + run).fits(cap):
        return None
    tokens = total.tokens + run.tokens > cap.tokens
    used = sum((bill.used for bill in bills), NOTHING)
    held = total.left(used)
    figures = (counted(used.tokens), counted(cap.tokens), counted(held.tokens), counted(run.tokens))
    if not tokens:
        figures = tuple(dollars(each.cost_usd or 0.0) for each in (used, cap, held, run))  # type: ignore[assignment]
    said, most, reserved, next_one = figures
    until = _frees(bills, cap, run)
    when = (
        f"there is room again at {until:%Y-%m-%d %H:%M} UTC" if until else "there is room again when one of them ends"
    )
    at_work = f", {reserved} more is kept for agents at work," if any(bill.held for bill in bills) else ""
    reason = f"{whose} has used {said} of {most} in the last 24 hours{at_work} and a run may take {next_one}; {when}"
    return Refusal(reason, what="quota", until=until, soon=(used + run).fits(cap))


def _frees(bills: list[Bill], cap: Budget, run: Budget) -> datetime | None:
    """When enough of what was used is a day old. None: not before a run at work ends."""
    for number, bill in enumerate(bills, start=1):
        left = sum((each.counts for each in bills[number:]), NOTHING)
        held = sum((each.counts for each in bills[:number] if each.held), NOTHING)
        if not bill.held and (left + held + run).fits(cap):
            return bill.at + DAY
    return None
