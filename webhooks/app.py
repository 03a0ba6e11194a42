"""The HTTP face: `/webhooks/github` for GitHub, and how the process is, for whoever runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.errors import SluiceError
from bot.ledger.deliveries import Delivery
from webhooks.inbox import Inbox, read_payload
from webhooks.metrics import CONTENT_TYPE
from webhooks.nearby import allowed
from webhooks.signature import signed

log = structlog.get_logger()
LARGEST = 25_000_000  # bytes; GitHub sends nothing larger


@dataclass(frozen=True)
class Readiness:
    """`problems` says in sentences what is missing; `sweep_age` is in seconds, None before the first sweep.

    `missed`: webhooks that had not come in when GitHub's log was last read; None where it cannot be read.
    """

    problems: tuple[str, ...] = ()
    sweep_age: float | None = None
    missed: int | None = None


class Service(Protocol):
    """The running service, as its HTTP face needs it."""

    @property
    def webhook_secret(self) -> str: ...
    @property
    def metrics_token(self) -> str: ...  # empty: only this machine itself may read /metrics
    @property
    def inbox(self) -> Inbox: ...
    async def ready(self) -> Readiness: ...
    async def metrics(self) -> bytes: ...


def create_app(service: Service) -> FastAPI:
    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        """What came in before a crash is handled first."""
        await service.inbox.catch_up()
        yield

    app = FastAPI(title="Sluice", lifespan=life, openapi_url=None)

    async def webhook(request: Request) -> Response:
        return await receive(service, request)

    app.add_route("/webhooks/github", webhook, methods=["POST"])  # a plain route: half of the time of FastAPI's own

    @app.get("/healthz")
    async def alive() -> dict[str, Any]:
        return {"alive": True}

    @app.get("/readyz")
    async def ready(request: Request) -> JSONResponse:
        """Whether, to everybody; why not, to those who run Sluice."""
        found = await service.ready()
        figures = {"sweep_age_seconds": found.sweep_age, "missed_webhooks": found.missed}
        more = {"problems": list(found.problems), **figures} if allowed(request, service.metrics_token) else {}
        return JSONResponse({"ready": not found.problems, **more}, status_code=503 if found.problems else 200)

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not allowed(request, service.metrics_token):
            raise HTTPException(401 if service.metrics_token else 404)
        return Response(await service.metrics(), media_type=CONTENT_TYPE)

    return app


async def receive(service: Service, request: Request) -> JSONResponse:
    """Store first, acknowledge, then follow the hints: GitHub waits ten seconds and does not send again."""
    body = await bounded_body(request)
    if not signed(body, request.headers.get("x-hub-signature-256"), service.webhook_secret):
        raise HTTPException(401, "the signature does not match")
    guid, event = request.headers.get("x-github-delivery"), request.headers.get("x-github-event")
    if not guid or not event:
        raise HTTPException(400, "X-GitHub-Delivery and X-GitHub-Event are needed")
    try:
        text, payload = read_payload(body, request.headers.get("content-type", ""))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"not a payload: {error}") from error
    arrived = await service.inbox.store(guid, event, text, payload)
    if arrived is None:
        return JSONResponse({"duplicate": True}, status_code=200)
    return JSONResponse(
        {"stored": True}, status_code=202, background=BackgroundTask(follow, service.inbox, arrived, payload)
    )


async def follow(inbox: Inbox, delivery: Delivery, payload: Mapping[str, Any]) -> None:
    """What fails here stays unhandled in the ledger until the next start; the sweep finds it sooner."""
    try:
        await inbox.handle(delivery, payload)
    except SluiceError as error:
        log.warning("webhook not followed", guid=delivery.guid, error=str(error))


async def bounded_body(request: Request) -> bytes:
    """The raw body; a larger one is refused without reading the rest of it."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > LARGEST:
        raise HTTPException(413, "larger than anything GitHub sends")
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST:
            raise HTTPException(413, "larger than anything GitHub sends")
        parts.append(chunk)
    return b"".join(parts)
