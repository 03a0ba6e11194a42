"""How an agent stands: whether its provider says to wait, and whether it fails so often that it is stopped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.run import Outcome

TIMES, WITHIN = 5, timedelta(hours=1)  # the same failure as often within that stops an agent, for as long again
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=1)  # where a provider does not say how long
MOST_WAIT = timedelta(days=7)  # whoever says more is asked again by then
FAILURES = ("failed", "timed_out", "stalled", "overspent")  # the others are not the agent's


@dataclass(frozen=True)
class Hold:
    """Why an agent gets nothing new, and until when."""

    reason: str  # follows its name
    until: datetime
    limited: bool  # by its provider: a fall-back may take its work


@dataclass(frozen=True)
class Failure:
    what: str  # its class
    at: datetime


@dataclass(frozen=True)
class Standing:
    """What the ledger knows of one agent."""

    failures: tuple[Failure, ...] = ()  # of its runs, oldest first
    limited_until: datetime | None = None
    resumed_at: datetime | None = None  # who runs Sluice said that it goes on


def failure_of(outcome: Outcome) -> str:
    """Its class; empty where it is no failure of the agent's."""
    return (outcome.failure or outcome.ended) if outcome.ended in FAILURES else ""


def hold_of(name: str, standing: Standing, now: datetime) -> Hold | None:
    if standing.limited_until and standing.limited_until > now:
        until = standing.limited_until
        return Hold(f"waits for its provider, which takes work again at {_clock(until, now)}", until, True)
    since = standing.resumed_at
    tripped = _tripped([each for each in standing.failures if since is None or each.at > since])
    broken = {what: times for what, times in tripped.items() if times[-1] + WITHIN > now}
    if not broken:
        return None
    what, times = max(broken.items(), key=lambda found: found[1][-1])
    until = times[-1] + WITHIN
    reason = (
        f"is stopped: its runs ended the same way ({what}) {len(times)} times within an hour. It goes on by itself at "
        f"{_clock(until, now)}, or when whoever runs Sluice says `sluice resume --agent {name}`"
    )
    return Hold(reason, until, False)


def _tripped(failures: Iterable[Failure]) -> dict[str, Sequence[datetime]]:
    """By class, the failures that stopped the agent, and those of the hour after that."""
    by_class: defaultdict[str, list[datetime]] = defaultdict(list)
    found: dict[str, Sequence[datetime]] = {}
    for failure in failures:
        times = by_class[failure.what]
        times.append(failure.at)
        same = [at for at in times if failure.at - at <= WITHIN]
        still = failure.what in found and failure.at - found[failure.what][-1] < WITHIN
        if len(same) >= TIMES or still:
            found[failure.what] = same
    return found


def waits_until(until: datetime | None, times: int, now: datetime) -> datetime:
    """Past what a provider said; where it said nothing, longer each time in a row."""
    if until is not None and until > now:
        return min(until, now + MOST_WAIT) + timedelta(seconds=1)
    pause: timedelta = FIRST_WAIT * 2 ** min(times, 10)
    return now + min(pause, LONGEST_WAIT)


def _clock(until: datetime, now: datetime) -> str:
    day = "" if until.date() == now.date() else f"{until:%Y-%m-%d} "
    return f"{day}{until:%H:%M} UTC"
