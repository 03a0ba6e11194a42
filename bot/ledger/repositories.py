"""Repositories: the last good policy, since when each is live, what people may do; and the stop for everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from bot.core.actions import WAITS
from bot.core.item import Order
from bot.core.snapshot import PolicyWord
from bot.core.trust import Role
from bot.ledger.databases import Tx
from bot.ledger.metadata import facts
from bot.ledger.shared_tables import repositories, roles
from bot.ledger.store import Store, upsert
from bot.ledger.wakes import rouse_where

CLOCKS_APART = timedelta(minutes=1)  # how far GitHub's clock and ours may differ
ONE = select(repositories).where(repositories.c.repo == bindparam("repo"))
FACT = select(facts.c.value).where(facts.c.key == bindparam("key"))


@dataclass(frozen=True)
class Repository:
    repo: str
    policy: str | None  # the last good text
    mode: str
    live_since: datetime | None
    noted_at: datetime


class Repositories(Store):
    async def note_repository(
        self, repo: str, policy: str | None, mode: str, since: datetime | None, pushed: datetime | None, now: datetime
    ) -> datetime | None:
        """Since when it is live: cards that stood in Ready before that need a fresh move.

        `since`: the date of the policy's commit. Where another mode was seen before, that commit may be much older than
        its being `pushed`, so then the push counts.
        """
        async with self.write() as tx:
            known = await repository_of(tx, repo)
            stays = known.live_since if known and known.mode == "live" else None
            began = max(filter(None, (since, pushed if known else None)), default=now)
            live_since = (stays or began) if mode == "live" else None
            values = {"policy": policy, "mode": mode, "live_since": live_since, "noted_at": now}
            await upsert(tx, repositories, {"repo": repo}, values)
            if mode == "live" and stays is None:  # what was said before is history
                last = await _heard(tx, repo)
                await _note_heard(tx, repo, last[0] if last else 0, now - CLOCKS_APART)
            return live_since

    async def repositories(self) -> list[Repository]:
        async with self.read() as tx:
            found = await tx.execute(select(repositories).order_by(repositories.c.repo))
            return [Repository(**row) for row in found.mappings()]

    async def note_policy_word(self, repo: str, word: PolicyWord | None) -> None:
        """What a check on GitHub says of its broken policy; None: nothing any more."""
        key = f"policy:{repo}"
        async with self.write() as tx:
            await tx.execute(delete(facts).where(facts.c.key == key))
            if word:
                await upsert(tx, facts, {"key": key}, {"value": f"{word.head} {word.problem}"})

    async def known_role(self, repo: str, login: str, newer_than: datetime) -> Role | None:
        mine = (roles.c.repo == repo, roles.c.login == login.casefold(), roles.c.at > newer_than)
        async with self.read() as tx:
            found = (await tx.execute(select(roles.c.role).where(*mine))).scalar_one_or_none()
            return None if found is None else Role(found)

    async def keep_role(self, repo: str, login: str, role: Role, now: datetime) -> None:
        async with self.write() as tx:
            await upsert(tx, roles, {"repo": repo, "login": login.casefold()}, {"role": int(role), "at": now})

    async def pause_all(self, by: str | None, now: datetime) -> int:
        """Everything stops, or goes on when `by` is None; how many items are looked at therefore."""
        async with self.write() as tx:
            return await _pause(tx, by, now)

    async def heard_in(self, repo: str) -> tuple[int, datetime] | None:
        """The last comment that was read outside of items: its number and time."""
        async with self.read() as tx:
            return await _heard(tx, repo)

    async def obey_in(self, repo: str, comment: int, at: datetime, order: Order | None, now: datetime) -> None:
        """The comment was read, and its order to pause or resume everything obeyed: both or neither."""
        async with self.write() as tx:
            await _note_heard(tx, repo, comment, at)
            if order:
                await _pause(tx, order.author if order.verb == "pause all" else None, now)


async def policy_word_of(tx: Tx, repo: str) -> PolicyWord | None:
    head, _, problem = (await fact(tx, f"policy:{repo}") or "").partition(" ")
    return PolicyWord(head, problem) if head else None


async def follow_rename(tx: Tx, before: str, name: str) -> None:
    """One issue, and its repository goes by another name: what is known of the one is known of the other."""
    if await repository_of(tx, name) is None:
        await tx.execute(update(repositories).where(repositories.c.repo == before).values(repo=name))
        if heard := await _heard(tx, before):
            await _note_heard(tx, name, *heard)
    await tx.execute(delete(repositories).where(repositories.c.repo == before))
    await tx.execute(delete(facts).where(facts.c.key == f"heard:{before}"))


async def _heard(tx: Tx, repo: str) -> tuple[int, datetime] | None:
    number, _, at = (await fact(tx, f"heard:{repo}") or "").partition(" ")
    return (int(number), datetime.fromisoformat(at)) if number else None


async def _note_heard(tx: Tx, repo: str, comment: int, at: datetime) -> None:
    await upsert(tx, facts, {"key": f"heard:{repo}"}, {"value": f"{comment} {at.isoformat()}"})


async def _pause(tx: Tx, by: str | None, now: datetime) -> int:
    await tx.execute(delete(facts).where(facts.c.key == "paused_all_by"))
    if by is not None:
        await upsert(tx, facts, {"key": "paused_all_by"}, {"value": by})
    return await rouse_where(tx, now, "everything is paused" if by else "everything goes on", waits_for=WAITS)


async def repository_of(tx: Tx, repo: str) -> Repository | None:
    row = (await tx.execute(ONE, {"repo": repo})).mappings().one_or_none()
    return Repository(**row) if row else None


async def fact(tx: Tx, key: str) -> str | None:
    return (await tx.execute(FACT, {"key": key})).scalar_one_or_none()
