"""Faults on order: a test programs what goes wrong with which request, and this ASGI layer lets it go wrong.

`status`, `secondary` (haste, with a time to wait), `reset` (the connection breaks off within the answer) and `timeout`
(never an answer) do nothing; `status_after`, `reset_after` and `timeout_after` do the work first, as GitHub does when
it answers 502 after the commit; `delay` answers late. What is ordered one by one comes first, then the schedule
(faultschedule.py). Everything that struck is kept for `GET /_hub/faults`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localhub.credentials import whose
from localhub.errors import TooFast
from localhub.hub import Hub
from localhub.strikes import Ordered, struck

Kind = Literal[
    "status", "status_after", "timeout", "timeout_after", "reset", "reset_after", "secondary", "delay"
]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request as faults see it."""

    method: str
    path: str
    login: str | None
    body: bytes


class Match(BaseModel):
    """Which requests: by method, a part of the path, a part of the GraphQL document, the caller's login."""

    model_config = ConfigDict(extra="forbid")
    method: str | None = None
    path: str | None = None
    operation: str | None = None
    login: str | None = None

    def fits(self, asked: Asked) -> bool:
        return (
            self.method in (None, asked.method)
            and (self.path or "") in asked.path
            and (self.operation is None or self.operation.encode() in asked.body)
            and self.login in (None, asked.login)
        )


class Fault(Ordered):
    """One fault of requests."""

    match: Match = Match()
    kind: Kind
    status: int = 502
    seconds: float = 1.0  # to wait after `secondary`, or until `delay` answers
    body: dict[str, Any] = Field(default_factory=lambda: {"message": "Server Error"})
    headers: dict[str, str] = Field(default_factory=dict)

    @property
    def works_first(self) -> bool:
        return self.kind.endswith("_after")


class Faults:
    """The layer around the whole server."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self.app = app
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        quiet = not self.hub.faults and self.hub.schedule is None
        if scope["type"] != "http" or quiet or scope["path"].startswith("/_hub/"):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        asked = Asked(scope["method"], scope["path"], whose(self.hub, _authorization(scope)), body)
        fault = self._next(asked)
        again = _replay(body, receive)
        if fault is None:
            await self.app(scope, again, send)
            return
        self.hub.struck.append({"what": f"{asked.method} {asked.path}", "login": asked.login, "kind": fault.kind})
        await self._strike(fault, scope, again, send)

    async def _strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, send)
            return
        if fault.works_first:
            await self.app(scope, receive, _swallow)
        if fault.kind.startswith("timeout"):
            await _until_gone(receive)
        else:
            await _answer(fault, send)

    def _next(self, asked: Asked) -> Fault | None:
        ordered: list[Fault] = self.hub.faults
        fault = struck(ordered, lambda each: each.match.fits(asked))
        if fault is None and self.hub.schedule is not None:
            scheduled: Fault | None = self.hub.schedule.for_request(asked)
            return scheduled
        return fault


async def _answer(fault: Fault, send: Send) -> None:
    """An answer of that status; for a reset its body is promised and never sent, so the server drops the line."""
    status, content, more = fault.status, fault.body, fault.headers
    if fault.kind == "secondary":
        refusal = TooFast(max(1, round(fault.seconds)))
        status, content, more = refusal.status, {"message": refusal.message}, refusal.headers | fault.headers
    body = json.dumps(content).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **more}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    breaks_off = fault.kind.startswith("reset")
    await send({"type": "http.response.start", "status": 200 if breaks_off else status, "headers": raw})
    if not breaks_off:
        await send({"type": "http.response.body", "body": body})


def _authorization(scope: Scope) -> str | None:
    return Headers(scope=scope).get("authorization")


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """The request once more, for the application behind."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


async def _swallow(message: Message) -> None:
    """The real answer goes nowhere."""


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
