"""Faults on order: a test programs what goes wrong with which request, and this ASGI layer lets it go wrong.

`status` answers with a status and does nothing; `status_after` does the work first and then answers so (a 502 after the
commit); `timeout` never answers; `reset` breaks the connection off within the answer.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localhub.hub import Hub


class Match(BaseModel):
    """Which requests: by method, by a part of the path, by a part of the GraphQL document."""

    model_config = ConfigDict(extra="forbid")
    method: str | None = None
    path: str | None = None
    operation: str | None = None

    def fits(self, scope: Scope, body: bytes) -> bool:
        return (
            self.method in (None, scope["method"])
            and (self.path or "") in scope["path"]
            and (self.operation is None or self.operation.encode() in body)
        )


class Fault(BaseModel):
    """One fault; it lets `skip` matching requests pass and then strikes `times` times."""

    model_config = ConfigDict(extra="forbid")
    match: Match = Match()
    kind: Literal["status", "status_after", "timeout", "reset"]
    status: int = 502
    times: int = 1
    skip: int = 0
    body: dict[str, object] = {"message": "Server Error"}
    headers: dict[str, str] = {}


class Faults:
    """The layer around the whole server; the faults that are left are `hub.faults`."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self.app = app
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.hub.faults or scope["path"].startswith("/_hub/"):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        fault = self._next(scope, body)
        again = _replay(body, receive)
        if fault is None:
            await self.app(scope, again, send)
        elif fault.kind == "timeout":
            await _until_gone(receive)
        else:
            if fault.kind == "status_after":
                await self.app(scope, again, _swallow)
            await _answer(fault, send)

    def _next(self, scope: Scope, body: bytes) -> Fault | None:
        ordered: list[Fault] = self.hub.faults
        for fault in [each for each in ordered if each.match.fits(scope, body)]:
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                ordered.remove(fault)
            return fault
        return None


async def _answer(fault: Fault, send: Send) -> None:
    """An answer of that status; for `reset` its body is promised and never sent, so the server drops the line."""
    body = json.dumps(fault.body).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **fault.headers}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    status = 200 if fault.kind == "reset" else fault.status
    await send({"type": "http.response.start", "status": status, "headers": raw})
    if fault.kind != "reset":
        await send({"type": "http.response.body", "body": body})


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
