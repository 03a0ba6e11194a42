"""Items without a card: what runs of the command line belong to, so that one admission counts them with all others.

No board knows them, so no look is ever due at one, no sweep lists it and nothing is claimed on a remote for it.
"""

from __future__ import annotations

from datetime import datetime

from bot.ledger.store import Store, insert_once
from bot.ledger.tables import LOCAL, items


class Local(Store):
    async def keep_local(self, item: str, repo: str, title: str, now: datetime) -> None:
        """Once; `repo`: what git calls the repository on this machine."""
        values = {"board": "", "kind": LOCAL, "repo": repo, "title": title, "first_seen": now}
        async with self.write() as tx:
            await insert_once(tx, items, {"id": item}, values)
