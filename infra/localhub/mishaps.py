"""What can happen to a webhook between GitHub and its receiver, on order: dropped, lost, doubled, late, out of order.

`drop` leaves a failed delivery in the log, from where it can be asked for again; `lose` leaves no trace at all, which
only a sweep can heal. `reorder` holds a delivery back until the next one has gone ahead, or for `seconds`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from localhub.hub import Hub
from localhub.model import App, Delivery
from localhub.strikes import Ordered, struck


class Mishap(Ordered):
    """One fault of webhooks: of an event, an action, an App's slug; whatever is not named fits all."""

    kind: Literal["drop", "lose", "double", "delay", "reorder"]
    event: str | None = None
    action: str | None = None
    app: str | None = None
    seconds: float = 0.3

    def fits(self, app: App, delivery: Delivery) -> bool:
        return (
            self.event in (None, delivery.event)
            and self.action in (None, delivery.action)
            and self.app in (None, app.slug)
        )


class Mishaps:
    """Stands between what happened and the queue of what is sent; usually it only hands on."""

    def __init__(self, hub: Hub, send: Callable[[App, Delivery], None]) -> None:
        self.hub = hub
        self.send = send
        self.held: dict[int, list[Delivery]] = defaultdict(list)  # by App id: let one go ahead

    def __call__(self, app: App, delivery: Delivery) -> None:
        mishap = self._next(app, delivery)
        if mishap is None:
            self._hand_on(app, delivery)
            return
        what = ".".join(filter(None, (delivery.event, delivery.action)))
        self.hub.struck.append({"what": what, "login": app.actor.login, "kind": mishap.kind})
        match mishap.kind:
            case "drop":
                delivery.status = "failed to connect to host"
                self.hub.deliveries.append(delivery)
            case "double":
                self._hand_on(app, delivery)
                self._hand_on(app, replace(delivery, id=self.hub.new_id()))
            case "delay":
                self.hub.spawn(self._later(app, delivery, mishap.seconds))
            case "reorder":
                self.held[app.id].append(delivery)
                self.hub.spawn(self._release(app, delivery, mishap.seconds))
            case "lose":
                pass

    def _next(self, app: App, delivery: Delivery) -> Mishap | None:
        ordered: list[Mishap] = self.hub.mishaps
        mishap = struck(ordered, lambda each: each.fits(app, delivery))
        if mishap is None and self.hub.schedule is not None:
            scheduled: Mishap | None = self.hub.schedule.for_delivery(app, delivery)
            return scheduled
        return mishap

    def _hand_on(self, app: App, delivery: Delivery) -> None:
        """This one, and after it whatever let it go ahead."""
        self.send(app, delivery)
        for held in self.held.pop(app.id, []):
            self.send(app, held)

    async def _later(self, app: App, delivery: Delivery, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._hand_on(app, delivery)

    async def _release(self, app: App, delivery: Delivery, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if delivery in self.held.get(app.id, []):
            self.held[app.id].remove(delivery)
            self.send(app, delivery)
