"""Reviews: the pull requests that wait for somebody. What is owed to each is computed (bot/core/review.py)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update

from bot.ledger.shared_tables import reviews
from bot.ledger.store import Store, upsert


@dataclass(frozen=True)
class ReviewRow:
    url: str
    repo: str
    number: int
    item: str | None
    head: str
    state: Literal["open", "merged", "closed"]
    waits_for: str
    since: datetime
    requested: tuple[str, ...] = ()
    reviewed_sha: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


class Reviews(Store):
    async def note_review(self, review: ReviewRow) -> None:
        """What is known of the pull request now; an earlier review stays noted when this row brings none."""
        values = asdict(review)
        key = {"url": values.pop("url")}
        noted = {name: value for name, value in values.items() if value is not None or not name.startswith("reviewed_")}
        async with self.write() as tx:
            await upsert(tx, reviews, key, noted)

    async def review_queue(self, *, everything: bool = False) -> list[ReviewRow]:
        """Open ones and those that ended unreviewed since, longest waiting first; `everything`: the others too."""
        found = select(reviews).order_by(reviews.c.since, reviews.c.url)
        if not everything:
            changed_since = (reviews.c.reviewed_sha.is_not(None)) & (reviews.c.reviewed_sha != reviews.c.head)
            found = found.where((reviews.c.state == "open") | changed_since)
        async with self.read() as tx:
            return [ReviewRow(**row) for row in (await tx.execute(found)).mappings()]

    async def mark_reviewed(self, url: str, sha: str, by: str, now: datetime) -> bool:
        """False: no such pull request is known."""
        seen = update(reviews).where(reviews.c.url == url).values(reviewed_sha=sha, reviewed_by=by, reviewed_at=now)
        async with self.write() as tx:
            return bool((await tx.execute(seen)).rowcount)
