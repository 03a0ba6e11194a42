"""Passes one call on to the model and its answer back, piece by piece, and reads on the way what it is billed with.

Where a call goes follows from whose key it bears and from nothing else in it. Both directions wait for the slower end;
an agent that hangs up takes the call to the model along.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from bot.gateway.asked import SPENT, Asked, Dialect, asked, below, refusal
from bot.gateway.bill import Bill, Reader
from bot.gateway.call import Body, Call, Refused, call_of, countable, passed_on
from bot.gateway.meter import AT_ONCE, Door, Meter
from bot.gateway.resets import LIMITED, reset_of

log = structlog.get_logger(__name__)
PREFIX = "/model"
UNREACHED = 502
ERROR = 64_000  # bytes of an error that are looked at
LAST_WORDS = 1.0  # seconds: what a call costs stands at the end of its answer, which may be about to come
PING = b'"ping"'  # keeps a line open, and is no word of the model
UNPACKED = ("gzip", "x-gzip", "deflate")  # what is taken apart here, should a provider pack though it was asked not to


class Passing:
    """The ASGI app."""

    def __init__(self, meter: Meter, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._meter, self._client, self._now = meter, client, now
        self._under_way: dict[str, set[asyncio.Task[None]]] = {}  # by run
        self._billed = Counter[str]()  # of those, how many the model is at
        self._turns = asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = call_of(scope, PREFIX)
        door, wanted = self._meter.whose(call.key), asked(call.method, call.path)
        dialect: Dialect = wanted.dialect if wanted else "chat"
        try:
            if door is None:
                raise Refused(401, "this key belongs to no run that is at work")
            if wanted is None:
                self._meter.note(door, "unknown")
                raise Refused(404, f"{call.method} {call.path} is not passed on: its cost would not be known")
            await self._attended(door, self._answer(door, wanted, call, Body(receive), send))
        except Refused as refused:
            await _say(send, refused.status, refusal(dialect, refused.status, str(refused)))

    async def hang_up(self, run: str = "") -> None:
        """Calls of a run that has ended, or all; what they were billed with until now is counted when this returns."""
        calls = [each for of, some in self._under_way.items() for each in some if run in ("", of)]
        for each in calls:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def _attended(self, door: Door, answering: Coroutine[Any, Any, None]) -> None:
        """As a task of its own, which ends when the agent hangs up or its run is over."""
        if len(self._under_way.get(door.run, ())) >= AT_ONCE:
            answering.close()
            self._meter.note(door, "crowded")
            raise Refused(429, f"more than {AT_ONCE} calls of one run are under way")
        task, own = asyncio.create_task(answering), asyncio.current_task()
        self._under_way.setdefault(door.run, set()).add(task)
        try:
            await task
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            if own and own.cancelling():  # not the call alone
                raise
        except httpx.TransportError as error:  # of an answer that has begun: its end stays out, and so is noticed
            log.warning("an answer of the model broke off", peer=door.peer, error=_said(error))
        finally:
            self._under_way[door.run].discard(task)
            if not self._under_way[door.run]:
                del self._under_way[door.run]

    async def _answer(self, door: Door, wanted: Asked, call: Call, body: Body, send: Send) -> None:
        if not wanted.billed:
            await self._passed(door, wanted, call, body, send)
            return
        async with self._turn(door):
            if spent := self._meter.refusal(door):
                self._meter.note(door, "overspent")
                raise Refused(SPENT[wanted.dialect], f"{spent[0].upper()}{spent[1:]}.")
            await self._passed(door, wanted, call, body, send)

    @asynccontextmanager
    async def _turn(self, door: Door) -> AsyncIterator[None]:
        """No more of a run's calls are at the model than fit into what it may still use."""
        async with self._turns:
            await self._turns.wait_for(lambda: self._billed[door.run] < self._meter.at_once(door))
            self._billed[door.run] += 1
        try:
            yield
        finally:
            self._billed -= Counter({door.run: 1})
            async with self._turns:
                self._turns.notify_all()

    async def _passed(self, door: Door, wanted: Asked, call: Call, body: Body, send: Send) -> None:
        request = await self._request(door, wanted, call, body)
        leaving = asyncio.create_task(body.left(asyncio.current_task()))
        try:
            answer = await self._reached(door, request, body)
            body.patience = LAST_WORDS
            try:
                await self._hand_back(door, wanted, answer, send)
            finally:
                await asyncio.shield(answer.aclose())
        except asyncio.CancelledError:
            if body.gone and wanted.billed:
                self._meter.untold(door)
            raise
        finally:
            leaving.cancel()

    async def _request(self, door: Door, wanted: Asked, call: Call, body: Body) -> httpx.Request:
        headers = call.with_key(door.upstream.key)
        content: bytes | AsyncIterable[bytes] | None = body if call.method == "POST" else None
        if wanted.billed and wanted.dialect in ("chat", "responses"):
            content = countable(wanted.dialect, await body.whole(), call.packed)
            headers = passed_on(headers, (b"content-length",))
        elif call.method != "POST":
            await body.whole()
        url = httpx.URL(below(door.upstream.url, wanted.path)).copy_with(query=call.query.encode() or None)
        return self._client.build_request(call.method, url, headers=headers, content=content)

    async def _reached(self, door: Door, request: httpx.Request, body: Body) -> httpx.Response:
        try:
            return await self._client.send(request, stream=True)
        except httpx.TransportError as error:
            if body.gone:
                raise ClientDisconnect from error
            self._meter.note(door, "unreached")
            self._meter.refused(door, UNREACHED)
            log.warning("the model was not reached", peer=door.peer, error=_said(error))
            raise Refused(UNREACHED, f"the model at {_host(door)} was not reached: {_said(error)}") from error

    async def _hand_back(self, door: Door, wanted: Asked, answer: httpx.Response, send: Send) -> None:
        """Errors as they are, redirects not at all."""
        if answer.has_redirect_location:
            self._meter.note(door, "redirected")
            raise Refused(
                502, f"{_host(door)} sends callers elsewhere, where no key goes: is the agent's api_url right?"
            )
        unpacked = answer.headers.get("content-encoding") in UNPACKED
        headers = passed_on(answer.headers.raw, (b"content-encoding", b"content-length") if unpacked else ())
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        pieces = answer.aiter_bytes() if unpacked else answer.aiter_raw()
        if answer.is_success:
            await self._counted(door, wanted, answer, pieces, send)
        else:
            await self._refused(door, answer, pieces, send)
        await send({"type": "http.response.body", "body": b""})

    async def _counted(
        self, door: Door, wanted: Asked, answer: httpx.Response, pieces: AsyncIterator[bytes], send: Send
    ) -> None:
        """Also of an answer that does not come to its end. What it is billed with is kept before the agent has it: of
        one told as a whole the last piece is held back."""
        self._meter.note(door, "answered")
        bill, streamed = Bill(wanted), "event-stream" in answer.headers.get("content-type", "")
        reader = Reader(bill, streamed)
        held, whole = b"", False
        try:
            async for piece in pieces:
                reader.take(piece)
                if b"data:" in piece and PING not in piece:
                    door.beat()
                await self._told(door, wanted, bill)
                ready, held = (piece, b"") if streamed else (held, piece)
                await _pass(ready, send)
            reader.end()
            await self._told(door, wanted, bill)
            await _pass(held, send)
            whole = True
        finally:
            if wanted.billed:
                reader.end()
                self._meter.count(door, bill, bill.tokens)
                if bill.tokens is None:
                    log.warning("what a call was billed with is not known", peer=door.peer, path=wanted.path)
                    if whole:
                        self._meter.untold(door)

    async def _told(self, door: Door, wanted: Asked, bill: Bill) -> None:
        if wanted.billed and (tokens := bill.tokens):
            await self._meter.tell(door, bill, tokens)

    async def _refused(self, door: Door, answer: httpx.Response, pieces: AsyncIterator[bytes], send: Send) -> None:
        said = bytearray()
        try:
            async for piece in pieces:
                said.extend(piece[: ERROR - len(said)])
                await _pass(piece, send)
        finally:
            limited = answer.status_code in LIMITED
            self._meter.note(door, "limited" if limited else "refused")
            if limited:
                now = self._now()
                self._meter.busy(door, reset_of(answer.headers, bytes(said), now), now)
            else:
                self._meter.refused(door, answer.status_code)


async def _pass(piece: bytes, send: Send) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _say(send: Send, status: int, told: dict[str, Any]) -> None:
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _host(door: Door) -> str:
    return httpx.URL(door.upstream.url).host


def _said(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__
