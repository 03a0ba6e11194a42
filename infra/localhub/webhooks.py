"""Sends webhooks the way GitHub does: signed, in order for each App, once. A delivery that fails is recorded and left;
whoever wants it again asks for it (deliverylog.py).

server.py adds `Deliverer(hub)` to the hub's listeners. A body is built the moment the event happens, because the
records it shows go on changing; sending happens in the background, which `/_hub/idle` waits for.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections import defaultdict, deque
from dataclasses import replace

import httpx

from localhub import installations, payloads
from localhub.commitpayloads import complete
from localhub.hub import Event, Hub
from localhub.mishaps import Mishaps
from localhub.model import App, Delivery

USER_AGENT = "GitHub-Hookshot/localhub"
ALWAYS_SENT = ("installation", "installation_repositories")  # an App cannot opt out of these


class Deliverer:
    """The sending side of every App's webhook."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.trust = httpx.create_ssl_context()  # reading the certificates takes 50 ms: once
        self.waiting: dict[int, deque[Delivery]] = defaultdict(deque)  # by App id
        self.sending: dict[int, asyncio.Task[None]] = {}
        self.on_its_way = Mishaps(hub, self._queue)

    def __call__(self, event: Event) -> None:
        """A listener: queues a delivery for each App that subscribed and may see where this happened."""
        if event.name not in payloads.BODIES:
            return
        for app in self.hub.apps:
            if app.webhook_url is not None and wants(app, event):
                self.on_its_way(app, self._delivery(app, event))

    def _delivery(self, app: App, event: Event) -> Delivery:
        payload = payloads.build(self.hub, event, app)
        made = Delivery(self.hub.new_id(), str(uuid.uuid4()), event.name, event.action, payload, self.hub.now())
        made.app_id, made.installation_id = app.id, app.installation_id
        made.repository_id = event.repo.id if event.repo else None
        return made

    def again(self, app: App, delivery: Delivery) -> None:
        """Somebody asked for it: the same body under the same GUID, as another delivery."""
        self._queue(app, replace(delivery, id=self.hub.new_id(), redelivery=True, status_code=None, status=""))

    def _queue(self, app: App, delivery: Delivery) -> None:
        self.waiting[app.id].append(delivery)
        if app.id not in self.sending:
            self.sending[app.id] = self.hub.spawn(self._send_all(app))

    async def _send_all(self, app: App) -> None:
        """One delivery after another, so that what happened first arrives first."""
        try:
            async with httpx.AsyncClient(timeout=None, trust_env=False, verify=self.trust) as client:
                while self.waiting[app.id]:
                    await self._send(client, app, self.waiting[app.id].popleft())
        finally:
            self.sending.pop(app.id, None)

    async def _send(self, client: httpx.AsyncClient, app: App, delivery: Delivery) -> None:
        if app.webhook_url is None:
            return  # switched off while it waited
        delivery.delivered_at = started = self.hub.now()
        self.hub.deliveries.append(delivery)
        if not delivery.headers:  # else it was sent before, and goes again as it was
            await complete(self.hub, delivery.event, delivery.payload)
        body = json.dumps(delivery.payload).encode()
        delivery.url, delivery.headers = app.webhook_url, headers(app, delivery, body)
        delivery.status_code, delivery.status = await _post(client, app.webhook_patience, delivery, body)
        delivery.duration = (self.hub.now() - started).total_seconds()


async def _post(client: httpx.AsyncClient, patience: float, delivery: Delivery, body: bytes) -> tuple[int | None, str]:
    """What was answered, and what GitHub calls that. The limit is on the whole exchange, not on a byte's coming."""
    try:
        async with asyncio.timeout(patience):
            response = await client.post(delivery.url, content=body, headers=delivery.headers)
    except TimeoutError:
        return None, "timed out"
    except httpx.ConnectError:
        return None, "failed to connect to host"
    except httpx.HTTPError:
        return None, "Invalid HTTP Response"
    code = response.status_code
    return code, "OK" if code < 400 else f"Invalid HTTP Response: {code}"


def wants(app: App, event: Event) -> bool:
    """Whether the App subscribed to the event and its installation covers the place."""
    if event.name in ALWAYS_SENT:
        return event.objects["installation"] is app
    if event.action == "rerequested" and _whose_check(event) != app.slug:
        return False
    if event.name not in app.events or not app.installed or app.suspended_at is not None:
        return False
    if event.repo is None:
        return event.org is app.account
    return installations.reaches(app, event.repo)


def _whose_check(event: Event) -> str:
    """The slug of the App that made the check somebody wants again: nobody else is told."""
    suite = event.objects["check_run"].suite if event.name == "check_run" else event.objects["check_suite"]
    return str(suite.app_slug)


def headers(app: App, delivery: Delivery, body: bytes) -> dict[str, str]:
    head = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(app.installation_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if app.webhook_secret:
        head["X-Hub-Signature"] = f"sha1={signature(app.webhook_secret, body, 'sha1')}"
        head["X-Hub-Signature-256"] = f"sha256={signature(app.webhook_secret, body, 'sha256')}"
    return head


def signature(secret: str, body: bytes, algorithm: str) -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
