"""The running service as its HTTP face needs it."""

from __future__ import annotations

import asyncio

from bot.service import Service
from webhooks.app import Readiness
from webhooks.inbox import Inbox
from webhooks.metrics import Gathered, text


class Face:
    """`webhooks.app.Service` over `bot.service.Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        secret = service.settings.github.webhook_secret
        self.webhook_secret = secret.get_secret_value() if secret else ""
        token = service.settings.server.metrics_token
        self.metrics_token = token.get_secret_value() if token else ""
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
        service.crowded = self.inbox.crowded

    async def ready(self) -> Readiness:
        service = self._service
        troubles = [board.trouble for board in service.ctx.boards.values() if board.trouble]
        problems = [*service.problems, *troubles] + ([] if service.started else ["the engine has not started"])
        await service.ledger.next_due()  # raises when the ledger does not answer
        return Readiness(tuple(problems), self._sweep_age(), service.gap.missed if service.gap else None)

    async def metrics(self) -> bytes:
        service, gap = self._service, self._service.gap
        gathered = Gathered(
            await service.ledger.counts(),
            service.ctx.now(),
            tuple(await service.ledger.standings()),
            missed=gap.missed if gap else None,
            asked_again=len(gap.ask) if gap else None,
            lost=gap.lost if gap else None,
            sweep_age=self._sweep_age(),
            sweep_seconds=service.sweep_seconds,
            holds=await service.ledger.holds(service.ctx.now()),
            models=service.gateway.meter.figures,
        )
        return text(gathered)

    def _sweep_age(self) -> float | None:
        last = self._service.last_sweep
        return None if last is None else asyncio.get_running_loop().time() - last
