"""Runs: admitted in one transaction that counts again, started once, ended once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    RowMapping,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    type_coerce,
    update,
)

from bot.core.actions import Claim, RunPlan
from bot.core.budget import Caps, Refusal, Usage, run_cap
from bot.core.budget import admit as within_limits
from bot.core.item import Claim as Claimed
from bot.core.item import Item
from bot.core.policy import Work as WorkPolicy
from bot.core.run import ATTEMPTS, EXCUSED, Outcome, Peer, Run
from bot.core.snapshot import Twin
from bot.core.spend import Budget
from bot.core.worktree import Work
from bot.ledger.databases import Tx
from bot.ledger.holds import holds, note_end
from bot.ledger.items import change, load, twin_of
from bot.ledger.shared_tables import reviews
from bot.ledger.store import Store
from bot.ledger.tables import items, runs
from bot.ledger.types import Utc
from bot.ledger.usage import ACTIVE, DAY, bills, estimate_for, held, used_of, with_usage
from bot.ledger.wakes import FEW, FOR_SLOT, rouse, rouse_where


class Runs(Store):
    async def admit(
        self,
        item: str,
        claim: Claim | None,
        run: RunPlan | None,
        caps: Caps,
        work: WorkPolicy,
        peer: Peer | None,
        now: datetime,
    ) -> Refusal | None:
        """The one place that lets a run in: whoever asks at the same time waits for the answer given before."""
        async with self.write() as tx:
            mine = await load(tx, item)
            refusal = _claim_refused(mine, claim, await twin_of(tx, mine))
            cap: Budget | Refusal | None = refusal
            if refusal is None and run is not None:
                cap = await _room_for(tx, mine, run, caps, work, peer, now)
            if isinstance(cap, Refusal):
                return cap
            if claim is not None:
                await _take(tx, mine, claim, now)
            if run is not None and cap is not None:
                await _place(tx, mine, run, cap, now)
            return None

    async def withdraw(self, item: str, run: str | None) -> None:
        """Undo an admission before anything came of it: the go-ahead stands as it stood before."""
        async with self.write() as tx:
            mine = await load(tx, item)
            if run is not None:
                never_began = and_(runs.c.key == run, runs.c.state == "admitted")
                lost = update(runs).where(never_began, runs.c.attempts > 0)
                await tx.execute(lost.values(state="ended", outcome=Outcome("lost", "", 0.0, "")))
                await tx.execute(delete(runs).where(never_began))
            if mine.claim:
                await change(tx, item, claim=None, go_ahead=mine.claim.go_ahead)

    async def start_run(self, key: str, now: datetime) -> tuple[Run, RunPlan] | None:
        """None when there is nothing to do (any more). A run entered again after a crash keeps its first start.

        `key` may name the attempt too (`Run.job`): an attempt that a later one has followed does not start again.
        """
        run, _, attempt = key.partition(".")
        mine = and_(runs.c.key == run, runs.c.state.in_(ACTIVE))
        if attempt:
            mine = and_(mine, runs.c.attempts == int(attempt))
        async with self.write() as tx:
            begun = {"state": "running", "started_at": func.coalesce(runs.c.started_at, literal(now, Utc()))}
            started = await tx.execute(update(runs).where(mine).values(**begun))
            if not started.rowcount:
                return None
            row = (await tx.execute(select(runs).where(runs.c.key == run))).mappings().one()
            return run_of(row), row["plan"]

    async def end_run(self, key: str, outcome: Outcome, work: Work | None, now: datetime) -> bool:
        """False: it had ended before, and this ending counts for nothing."""
        async with self.write() as tx:
            row = (await tx.execute(select(runs).where(runs.c.key == key))).mappings().one_or_none()
            if row is None or row["state"] == "ended":
                return False
            known = await with_usage(tx, key, outcome)
            ended = {"state": "ended", "ended_at": now, "outcome": known, "work": work}
            await tx.execute(update(runs).where(runs.c.key == key).values(**ended))
            await note_end(tx, row["peer"], known, now)
            await rouse(tx, row["item"], now, "run ended")
            await rouse_where(tx, now, "a slot is free", waits_for=FOR_SLOT, limit=FEW)
            return True

    async def running(self) -> list[Run]:
        """Every run that occupies a slot."""
        async with self.read() as tx:
            found = await tx.execute(select(runs).where(runs.c.state.in_(ACTIVE)).order_by(runs.c.seq))
            return [run_of(row) for row in found.mappings()]


def _claim_refused(mine: Item, claim: Claim | None, twin: Twin | None) -> Refusal | None:
    if claim is not None and twin is not None and twin.claimed:
        return Refusal(f"its card on board {twin.board} has it", what="dependency")
    if claim is not None and mine.claim is not None:
        return Refusal("already claimed", full=False)
    if claim is None and mine.claim is None:
        return Refusal("it is no longer claimed", full=False)
    return None


async def _room_for(
    tx: Tx, mine: Item, run: RunPlan, caps: Caps, work: WorkPolicy, peer: Peer | None, now: datetime
) -> Budget | Refusal:
    """What it may use, or why it may not start."""
    if peer is None:
        return Refusal(f"agent {run.peer} is not set up any more", full=False)
    row = (await tx.execute(select(runs).where(_same(mine.id, run)))).mappings().one_or_none()
    if row is not None and not run.restart:
        return Refusal("this run has been made already; nothing new has happened since", full=False)
    if run.restart and (row is None or row["state"] != "ended"):
        return Refusal("this run is still under way" if row else "there is no such run to go on with", full=False)
    if row is not None and run_of(row).exhausted:
        return Refusal(f"this run was interrupted {ATTEMPTS} times", full=False)
    usage = await usage_of(tx, mine, run.go_ahead, now, but=run.key)
    refusal = within_limits(usage, caps, work, peer, run.first and not run.restart)
    return refusal or run_cap(usage, caps, work, peer)


def _same(item: str, run: RunPlan) -> ColumnElement[bool]:
    return and_(runs.c.item == item, runs.c.step == run.step, runs.c.head == run.head, runs.c.evidence == run.evidence)


async def _take(tx: Tx, mine: Item, claim: Claim, now: datetime) -> None:
    """The claim uses the go-ahead up. A command is no Status event: the last of those stays as it was spent."""
    held = Claimed(claim.peer, claim.branch, claim.base, now, claim.go_ahead)
    spent = mine.spent if claim.go_ahead.by_command else claim.go_ahead.key
    anew = {"pull_number": None, "pushed_head": None} if mine.done and claim.run else {}  # a second life
    blank: dict[str, Any] = {"parked": None, "done": None, "go_ahead": None, "approvals": (), "unaskable": ()}
    await change(tx, mine.id, claim=held, spent=spent, **blank, **anew)


async def _place(tx: Tx, mine: Item, run: RunPlan, cap: Budget, now: datetime) -> None:
    fresh: dict[str, Any] = {"state": "admitted", "admitted_at": now, "cap": cap}
    if run.restart:
        row = (await tx.execute(select(runs).where(_same(mine.id, run)))).mappings().one()
        excused = row["outcome"] is not None and row["outcome"].ended in EXCUSED
        counted = {"attempts": row["attempts"] + 1, "excused": row["excused"] + excused}
        cleared = {"started_at": None, "ended_at": None, "outcome": None, "work": None}
        await tx.execute(update(runs).where(_same(mine.id, run)).values(**counted, **fresh, **cleared))
        return
    same = ("key", "step", "peer", "round", "go_ahead", "evidence", "head")
    values = {name: getattr(run, name) for name in same}
    if run.takes_over and not run.brief:
        theirs: RunPlan = (await tx.execute(select(runs.c.plan).where(runs.c.key == run.takes_over))).scalar_one()
        run = replace(run, brief=theirs.brief, merge_base=theirs.merge_base)
    fresh["estimate"] = await estimate_for(tx, run.peer)
    await tx.execute(insert(runs).values(item=mine.id, repo=mine.repo, plan=run, **values, **fresh))
    if mine.claim and mine.claim.peer != run.peer and not run.own_tree:  # a fall-back takes over
        await change(tx, mine.id, claim=replace(mine.claim, peer=run.peer))


async def usage_of(tx: Tx, mine: Item, go_ahead: str | None, now: datetime, but: str = "") -> Usage:
    """What is running and what was used, the run `but` left out: a restart is no second run."""
    let_in = await _let_in(tx, mine.repo, now, but)
    mine_for = {"item": mine.id, "go_ahead": go_ahead, "but": but}
    elsewhere = {"repo": mine.repo, "item": mine.id}
    return Usage(
        running=sum(each.active for each in let_in),
        running_here=sum(each.active_here for each in let_in),
        running_by_peer={each.peer: each.active for each in let_in if each.active},
        today=sum(each.today for each in let_in),
        today_here=sum(each.today_here for each in let_in),
        today_by_peer={each.peer: each.today for each in let_in if each.today},
        for_go_ahead=(await tx.execute(FOR_GO_AHEAD, mine_for)).scalar_one() if go_ahead else 0,
        waiting_pulls=(await tx.execute(WAITING_PULLS, elsewhere)).scalar_one(),
        bills=await bills(tx, mine.repo, now, but),
        item=await used_of(tx, mine.id, but),
        item_held=await held(tx, mine.id, but),
        more=mine.more,
        holds=await holds(tx, now),
    )


def worked() -> ColumnElement[bool]:
    """One that its provider did not let work is none that was used: the outcome is JSON that begins with its end."""
    outcome = type_coerce(runs.c.outcome, Text)
    return or_(outcome.is_(None), not_(outcome.startswith('{"ended":"limited"')))


async def _let_in(tx: Tx, repo: str, now: datetime, but: str) -> Sequence[Row[Any]]:
    """By peer, its runs that are at work and those let in within a day, and how many of each are the repository's."""
    return (await tx.execute(LET_IN, {"since": now - DAY, "repo": repo, "but": but})).all()


IS_ACTIVE, IS_RECENT = runs.c.state.in_(ACTIVE), runs.c.admitted_at > bindparam("since")
IS_HERE = runs.c.repo == bindparam("repo")
COUNTED = {
    "active": IS_ACTIVE,
    "active_here": and_(IS_ACTIVE, IS_HERE),
    "today": IS_RECENT,
    "today_here": and_(IS_RECENT, IS_HERE),
}
LET_IN = (
    select(runs.c.peer, *(func.count().filter(which).label(name) for name, which in COUNTED.items()))
    .where(runs.c.key != bindparam("but"), or_(IS_ACTIVE, IS_RECENT))
    .group_by(runs.c.peer)
)
FOR_GO_AHEAD = select(func.count()).where(
    runs.c.key != bindparam("but"),
    runs.c.item == bindparam("item"),
    runs.c.go_ahead == bindparam("go_ahead"),
    worked(),
    or_(runs.c.round > 1, not_(runs.c.step.contains("."))),  # what a plan says is to be done is no rework
)
ITS_OWN = and_(reviews.c.item == items.c.id, reviews.c.number == items.c.pull_number)
WAITING_PULLS = select(func.count()).where(
    items.c.repo == bindparam("repo"),
    items.c.id != bindparam("item"),
    exists().where(ITS_OWN, reviews.c.state == "open"),  # as the last look found it
    items.c.done.is_(None),
    items.c.waits_for == "person",
)


def run_of(row: RowMapping) -> Run:
    names = ("key", "item", "step", "peer", "round", "go_ahead", "evidence", "head", "state", "admitted_at")
    later = ("started_at", "ended_at", "outcome", "work", "attempts", "excused", "cap", "estimate")
    return Run(**{name: row[name] for name in names + later}, causes=row["plan"].causes)
