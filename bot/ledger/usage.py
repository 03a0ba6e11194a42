"""Usage: what each run read and wrote, and what that cost. Absolute: to write it once more changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, or_, select

from bot.core.run import Outcome
from bot.core.spend import Bill, Budget, Price, trust
from bot.core.tokens import Tokens, by_model
from bot.ledger.databases import Tx
from bot.ledger.store import Store, upsert
from bot.ledger.tables import TOKENS, items, runs, usage

DAY = timedelta(hours=24)
ACTIVE = ("admitted", "running")
LAST = 20  # runs an estimate is made of
RECENT = select(usage.c.run).where(usage.c.at > bindparam("since"))
BILLED = select(runs).where(or_(runs.c.state.in_(ACTIVE), runs.c.key.in_(RECENT)), runs.c.key != bindparam("but"))
BILLED = BILLED.order_by(runs.c.seq)
OF_ITEM = select(usage).where(usage.c.item == bindparam("mine"), usage.c.run != bindparam("but"))
OF_ITEM = OF_ITEM.order_by(usage.c.at, usage.c.run, usage.c.model)


@dataclass(frozen=True)
class Spent:
    """What one run used of one model, by the source that counts."""

    run: str
    item: str
    repo: str
    peer: str
    source: str
    tokens: Tokens
    cost_usd: float | None
    at: datetime


@dataclass(frozen=True)
class RunUsed:
    """A run with what it used; none of it is known where `spent` is empty."""

    run: str
    item: str
    number: int | None
    peer: str
    state: str
    estimate: int | None
    spent: tuple[Spent, ...]


class UsageVerbs(Store):
    async def note_usage(self, run: str, source: str, tokens: Sequence[Tokens], at: datetime, price: Price) -> Budget:
        """What the run used so far, by model; all that counts of it is the answer. Less than was known is no refund."""
        async with self.write() as tx:
            whose = select(runs.c.item, runs.c.repo, runs.c.peer).where(runs.c.key == run)
            row = (await tx.execute(whose)).mappings().one_or_none()
            if row is not None:
                for each in tokens:
                    key = {"run": run, "model": each.model, "source": source}
                    await _note(tx, key, each, {**row, "at": at}, price)
            return in_all(await counting(tx, usage.c.run == run))

    async def used(self, run: str) -> Budget:
        """All that counts of it."""
        return in_all(await self.used_by(run))

    async def used_by(self, run: str) -> list[Spent]:
        async with self.read() as tx:
            return await counting(tx, usage.c.run == run)

    async def at_the_gateway(self, run: str) -> tuple[Tokens, ...]:
        """What the gateways of all processes it has worked for counted of it; empty: none did."""
        return tuple(each.tokens for each in await self.used_by(run) if trust(each.source) == 0)

    async def spent(self, since: datetime | None = None) -> list[Spent]:
        """By every run, oldest first; `since`: only what was used after that."""
        async with self.read() as tx:
            return await counting(tx, usage.c.at > since if since else None)

    async def runs_used(
        self, item: str | None = None, peer: str | None = None, since: datetime | None = None
    ) -> list[RunUsed]:
        """What each run used, oldest first; `since`: of those that used something, or were let in, after that."""
        which: list[ColumnElement[bool]] = [runs.c.item == item] if item else []
        which += [runs.c.peer == peer] if peer else []
        if since:
            which.append(or_(runs.c.admitted_at > since, runs.c.key.in_(select(usage.c.run).where(usage.c.at > since))))
        wanted = select(runs, items.c.number).join(items, items.c.id == runs.c.item).where(*which).order_by(runs.c.seq)
        async with self.read() as tx:
            found = (await tx.execute(wanted)).mappings().all()
            spent = await _by_run(tx, usage.c.run.in_([row["key"] for row in found]))
        names = ("item", "number", "peer", "state", "estimate")
        return [
            RunUsed(run=row["key"], spent=tuple(spent[row["key"]]), **{name: row[name] for name in names})
            for row in found
        ]


async def _by_run(tx: Tx, which: ColumnElement[bool]) -> defaultdict[str, list[Spent]]:
    found: defaultdict[str, list[Spent]] = defaultdict(list)
    for each in await counting(tx, which):
        found[each.run].append(each)
    return found


async def _note(tx: Tx, key: Mapping[str, str], found: Tokens, whose: Mapping[str, Any], price: Price) -> None:
    here = and_(*(usage.c[name] == value for name, value in key.items()))
    known = (await tx.execute(select(usage).where(here))).mappings().one_or_none()
    if known is None or _tokens(known).total < found.total:
        counts = {kind: getattr(found, kind) for kind in TOKENS}
        await upsert(tx, usage, key, {**whose, **counts, "cost_usd": price(found)})


async def counting(tx: Tx, which: ColumnElement[bool] | None) -> list[Spent]:
    """Of each run, the rows of the most trusted source there is."""
    wanted = select(usage).order_by(usage.c.at, usage.c.run, usage.c.model)
    rows = (await tx.execute(wanted if which is None else wanted.where(which))).mappings().all()
    return _trusted(rows)


async def used_of(tx: Tx, item: str, but: str) -> Budget:
    """By all runs of the item, the run `but` left out."""
    return in_all(_trusted((await tx.execute(OF_ITEM, {"mine": item, "but": but})).mappings().all()))


def _trusted(rows: Iterable[RowMapping]) -> list[Spent]:
    by_run: defaultdict[str, list[Spent]] = defaultdict(list)
    for row in rows:
        who = {name: row[name] for name in ("run", "item", "repo", "peer", "source", "cost_usd", "at")}
        by_run[row["run"]].append(Spent(tokens=_tokens(row), **who))
    best = {run: min(trust(each.source) for each in found) for run, found in by_run.items()}
    return [each for run, found in by_run.items() for each in found if trust(each.source) == best[run]]


def in_all(spent: Iterable[Spent]) -> Budget:
    """Money as far as it is known."""
    return sum((Budget(each.tokens.total, each.cost_usd) for each in spent), Budget())


async def with_usage(tx: Tx, run: str, outcome: Outcome) -> Outcome:
    """The outcome, with what is known of the run's use. A part of the cost is not the cost."""
    spent = await counting(tx, usage.c.run == run)
    if not spent:
        return outcome
    costs = [each.cost_usd for each in spent]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known) if len(known) == len(costs) else None
    return replace(outcome, used=by_model(each.tokens for each in spent), cost_usd=cost)


async def estimate_for(tx: Tx, peer: str) -> int | None:
    """What a run of that agent uses as a rule: the median of its last ones. None: there were none yet."""
    newest = select(runs.c.key).where(runs.c.peer == peer, runs.c.state == "ended", runs.c.key.in_(select(usage.c.run)))
    last = (await tx.execute(newest.order_by(runs.c.seq.desc()).limit(LAST))).scalars().all()
    used = Counter[str]()
    for each in await counting(tx, usage.c.run.in_(last)):
        used[each.run] += each.tokens.total
    return round(median(used.values())) if used else None


async def bills(tx: Tx, repo: str, now: datetime, but: str) -> tuple[Bill, ...]:
    """Of every run that is at work or used something in the last 24 hours, the run `but` left out."""
    found = (await tx.execute(BILLED, {"since": now - DAY, "but": but})).mappings().all()
    if not found:
        return ()
    spent = await _by_run(tx, usage.c.run.in_([row["key"] for row in found]))
    return tuple(_bill(row, repo, spent[row["key"]]) for row in found)


async def held(tx: Tx, item: str, but: str) -> Budget:
    """What the item's runs at work, the run `but` left out, may use beyond what they have used."""
    mine = select(runs.c.key, runs.c.cap).where(runs.c.item == item, runs.c.state.in_(ACTIVE), runs.c.key != but)
    caps = {row.key: row.cap or Budget() for row in await tx.execute(mine)}
    spent = await _by_run(tx, usage.c.run.in_(list(caps))) if caps else {}
    return sum((cap.left(in_all(spent[run])) for run, cap in caps.items()), Budget())


def _bill(row: RowMapping, repo: str, spent: Sequence[Spent]) -> Bill:
    at = max((each.at for each in spent), default=row["admitted_at"])
    held = row["cap"] or Budget() if row["state"] in ACTIVE else None
    return Bill(row["key"], row["peer"], row["repo"] == repo, at, in_all(spent), held)


def _tokens(row: RowMapping) -> Tokens:
    return Tokens(row["model"], *(row[kind] for kind in TOKENS))
