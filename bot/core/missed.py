"""Missed webhooks: which deliveries never came in since the log was last read, and which are asked for again.

GitHub sends a delivery once. What counts is whether it came in, which only the ledger knows: an attempt GitHub calls a
success is missed all the same when no row is kept of it, and a failed one that was kept is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

KEPT = timedelta(days=3)  # GitHub's log forgets; what is older cannot be asked for
OVERLAP = timedelta(minutes=1)  # an attempt is listed when it is over, behind others that began later
MOST = 100  # asked for at one look: each is a write
TRIES = 5  # a delivery that does not come in however often it is asked for is given up


@dataclass(frozen=True)
class Attempt:
    """An entry of GitHub's log."""

    id: int
    guid: str
    at: datetime
    ok: bool
    told_elsewhere: bool  # the sweep finds out by itself what this one would have told


@dataclass(frozen=True)
class Missed:
    """A delivery that is still to come in."""

    guid: str
    attempt: int  # the newest one's id: what is asked for
    at: datetime  # of the first attempt known
    asked: int = 0


@dataclass(frozen=True)
class LastLook:
    """What the next look goes on from. Times are GitHub's, in whole seconds, so the order is told by the ids."""

    until: datetime
    missed: tuple[Missed, ...] = ()
    newest: int = 0  # id of the newest attempt
    history: int = 0  # id of the newest attempt when the log was read for the first time: nothing up to it is owed


@dataclass(frozen=True)
class Gap:
    """What one look found. `missed`: never came in since the last look; `lost`: given up."""

    look: LastLook
    missed: int = 0
    ask: tuple[Missed, ...] = ()
    lost: int = 0


def read_from(last: LastLook) -> datetime:
    """How far back the log is to be read."""
    return last.until - OVERLAP


def first_look(log: Sequence[Attempt], now: datetime) -> LastLook:
    """A new ledger owes nothing: what was sent before it is not asked for."""
    newest = max((attempt.id for attempt in log), default=0)
    return LastLook(max((attempt.at for attempt in log), default=now - KEPT), newest=newest, history=newest)


def gap(last: LastLook, log: Sequence[Attempt], arrived: Collection[str], now: datetime, after_a_start: bool) -> Gap:
    """`log`: newest first, back to `read_from`. `arrived`: the deliveries that are kept in the ledger.

    After a start everything is asked for. Later, while the newest attempt failed, one at a time: GitHub does not reach
    this place, and each try would be in vain.
    """
    fresh = [attempt for attempt in log if attempt.at > read_from(last) and attempt.id > last.history]
    known = {each.guid: each for each in last.missed}
    still = [each for each in (known | _grouped(fresh, known)).values() if each.guid not in arrived]
    news = {attempt.guid for attempt in fresh if attempt.id > last.newest} - known.keys()
    silent = {attempt.guid for attempt in fresh if attempt.told_elsewhere}
    lost = [each for each in still if each.asked >= TRIES or each.at <= now - KEPT]
    wanted = [each for each in still if each not in lost and each.guid not in silent]
    reached = after_a_start or not fresh or fresh[0].ok
    ask = sorted(wanted, key=lambda each: (each.asked, each.at))[: MOST if reached else 1]
    open_ = tuple(replace(each, asked=each.asked + 1) if each in ask else each for each in wanted)
    until = max((attempt.at for attempt in fresh), default=last.until)
    missed = sum(each.guid in news for each in still)
    newest = max((attempt.id for attempt in fresh), default=0)
    look = LastLook(max(until, last.until), open_, max(newest, last.newest), last.history)
    return Gap(look, missed, tuple(ask), len(lost))


def _grouped(log: Iterable[Attempt], known: dict[str, Missed]) -> dict[str, Missed]:
    """By delivery: the newest attempt of each, and when it was first tried."""
    found: dict[str, Missed] = {}
    for attempt in sorted(log, key=lambda each: each.id):
        before = found.get(attempt.guid) or known.get(attempt.guid)
        first = before or Missed(attempt.guid, attempt.id, attempt.at)
        found[attempt.guid] = replace(first, attempt=attempt.id)
    return found
