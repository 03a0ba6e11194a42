"""The running service as its HTTP face needs it."""

from __future__ import annotations

import asyncio

from bot.service import Service
from webhooks.app import Readiness
from webhooks.inbox import Inbox


class Face:
    """`webhooks.app.Service` over `bot.service.Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        secret = service.settings.github.webhook_secret
        self.webhook_secret = secret.get_secret_value() if secret else ""
        self.inbox = Inbox(
            service.ledger,
            service.ctx.boards.values(),
            service.github.login,
            service.ctx.now,
            service.scan_soon,
            service.settings.pace.coalesce_seconds,
            service.reach_changed,
        )
        service.catch_up = self.inbox.catch_up

    async def ready(self) -> Readiness:
        service = self._service
        troubles = [board.trouble for board in service.ctx.boards.values() if board.trouble]
        problems = [*service.problems, *troubles] + ([] if service.started else ["the engine has not started"])
        await service.ledger.next_due()  # raises when the ledger does not answer
        last = service.last_sweep
        age = None if last is None else asyncio.get_running_loop().time() - last
        return Readiness(tuple(problems), age, service.gap.missed if service.gap else None)
