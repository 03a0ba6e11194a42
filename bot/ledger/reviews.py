"""Reviews: the pull requests that wait for somebody. What is owed to each is computed (bot/core/review.py)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update

from bot.core.review import ReviewRow as ReviewRow
from bot.ledger.shared_tables import reviews
from bot.ledger.store import Store, upsert


class Reviews(Store):
    async def note_review(self, review: ReviewRow) -> None:
        """What is known of the pull request now; a review that is noted stays until a later one comes."""
        values = asdict(review)
        key = {"url": values.pop("url")}
        async with self.write() as tx:
            noted = select(reviews.c.reviewed_at).where(reviews.c.url == review.url)
            before = (await tx.execute(noted)).scalar_one_or_none()
            news = review.reviewed_at is not None and (before is None or review.reviewed_at > before)
            kept = {name: value for name, value in values.items() if news or not name.startswith("reviewed_")}
            await upsert(tx, reviews, key, kept)

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
