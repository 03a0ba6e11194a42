"""What `sluice limits` shows: each identity's standing with GitHub, what waits for it, and the dearest items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.cli.ledger import ledger_at, utc_now
from bot.cli.output import console, print_json, print_table
from bot.core.item import Item
from bot.core.limits import HOUR, POINTS, WAITS, Budget, Standing
from bot.ledger.board import ItemRow
from bot.ledger.costs import DEAREST

NAMES = {"graphql": "GraphQL points an hour", "core": "REST calls an hour"}
MINUTES = {"graphql": "GraphQL points a minute", "core": "REST points a minute"}
MOST = 10  # items


@dataclass(frozen=True)
class Limit:
    identity: str
    name: str
    limit: int
    used: int
    remaining: int
    resets: datetime | None  # None: it is counted back from now, at any time


async def show(config: Path, as_json: bool) -> None:
    now = utc_now()
    async with ledger_at(config) as ledger:
        standings = await ledger.standings()
        dearest = await ledger.dearest(MOST)
        known = {row.item.id: row for row in await ledger.items(done=True, gone=True)}
    held = [_named(row.item, row.item.id) for row in known.values() if row.last and row.last.reason.startswith(WAITS)]
    rows = [limit for standing in standings for limit in limits_of(standing, now)]
    items = [_item(known.get(item), item, cost) for item, cost in dearest.items()]
    if as_json:
        waiting = [_waiting(standing, now) for standing in standings]
        print_json(
            {"limits": [asdict(row) for row in rows], "waiting": waiting, "items_waiting": held, "dearest": items}
        )
        return
    if not rows:
        console.print("GitHub has not been asked anything yet.")
        return
    shown = ("identity", "what", "limit", "used", "left", "resets")
    print_table(shown, [[r.identity, r.name, r.limit, r.used, r.remaining, _clock(r.resets)] for r in rows])
    for standing in standings:
        _say_waiting(standing, now)
    console.print(f"items that wait for a limit: {', '.join(held) or 'none'}")
    console.print("\ndearest items")
    print_table(("item", "title", *DEAREST), [[i["item"], i["title"], *(i[kind] for kind in DEAREST)] for i in items])


def limits_of(standing: Standing, now: datetime) -> Iterator[Limit]:
    """The hours as GitHub tells them, and what Sluice allows itself a minute, and of new content."""
    for resource, hour in sorted(standing.hours.items()):
        over = hour.resets <= now
        remaining = hour.limit if over else hour.remaining
        resets = None if over else hour.resets
        yield Limit(standing.identity, NAMES[resource], hour.limit, hour.limit - remaining, remaining, resets)
    for each, most in POINTS.items():
        points = standing.points(each, now)
        yield Limit(standing.identity, MINUTES[each], most, points, max(most - points, 0), None)
    budget = Budget()
    budget.adopt(standing)
    for window in budget.content:
        used, span = window.used(now), "an hour" if window.span == HOUR else "a minute"
        yield Limit(standing.identity, f"new content {span}", window.most, used, max(window.most - used, 0), None)


def _waiting(standing: Standing, now: datetime) -> dict[str, Any]:
    blocked = standing.blocked_until
    return {
        "identity": standing.identity,
        "at": standing.at,
        "calls": dict(standing.waiting),
        "refused_until": blocked if blocked and blocked > now else None,
    }


def _say_waiting(standing: Standing, now: datetime) -> None:
    told = _waiting(standing, now)
    queued = ", ".join(f"{number} {what}" for what, number in told["calls"].items()) or "nothing"
    console.print(f"\n{standing.identity}: calls in the queue: {queued}, as of {_clock(standing.at)}")
    if told["refused_until"]:
        console.print(f"GitHub refuses calls until {_clock(told['refused_until'])}")


def _item(row: ItemRow | None, item: str, cost: dict[str, int]) -> dict[str, Any]:
    name, title = (_named(row.item, item), row.item.title) if row else (item, "")
    return {"item": name, "title": title, **{kind: cost.get(kind, 0) for kind in DEAREST}}


def _named(item: Item, otherwise: str) -> str:
    return f"{item.repo}#{item.number}" if item.number else otherwise


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at else ""
