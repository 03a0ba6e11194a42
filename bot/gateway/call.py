"""A call as an agent made it: the key it shows, what of it is passed on, and what it sends, piece by piece."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from bot.gateway.asked import Dialect

LARGEST = 64_000_000  # bytes of a request that must be read whole; others are passed on as they come
KEYS = (b"x-api-key", b"authorization", b"x-goog-api-key", b"api-key")
# What belongs to one connection, says where a call comes from, or is a secret of somebody else's.
LEFT_OUT = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"host", b"cookie", b"set-cookie", b"forwarded"),
        *(b"via", b"x-real-ip", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"accept-encoding"),
    )
)
Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """The gateway's own answer."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: str
    headers: Headers = field(repr=False)
    key: str = field(repr=False)  # the run's, wherever it stood
    bearer: bytes  # the header the model is to find its key in

    @property
    def packed(self) -> bool:
        return any(name == b"content-encoding" and value.lower() != b"identity" for name, value in self.headers)

    def with_key(self, key: str) -> Headers:
        """No other key goes along, and the answer is to come as it is: to be read on its way."""
        kind = b"Bearer " if self.bearer == b"authorization" else b""
        own = [(b"accept-encoding", b"identity"), (self.bearer, kind + key.encode())]
        return own + passed_on(self.headers, KEYS)


def call_of(scope: Scope, prefix: str) -> Call:
    """The key may stand where each provider's clients put it; in the query it would end in somebody's log."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    headers: Headers = [(name.lower(), value) for name, value in scope["headers"]]
    keys = [(name, value.decode("latin-1").removeprefix("Bearer ").strip()) for name, value in headers if name in KEYS]
    keys += [(b"x-goog-api-key", value) for name, value in query if name == "key"]
    bearer, key = next(((name, key) for name, key in keys if key), (b"", ""))
    rest = urlencode([each for each in query if each[0] != "key"])
    path = scope["path"].removeprefix(prefix) if scope["path"].startswith(f"{prefix}/") else ""
    return Call(scope["method"], path, rest, headers, key, bearer)


def passed_on(headers: Headers, dropped: Iterable[bytes] = ()) -> Headers:
    """Without those that a `Connection` header names as its own."""
    named = (value for name, value in headers if name.lower() == b"connection")
    out = LEFT_OUT.union(dropped, (each.strip().lower() for value in named for each in value.split(b",")))
    return [(name, value) for name, value in headers if name.lower() not in out]


class Body:
    """What the agent sends, and whether it is still there."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read = asyncio.Event()
        self.gone = False
        self.patience = 0.0  # seconds the answer may go on without anybody to read it

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._read.is_set():
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                raise ClientDisconnect
            if not message.get("more_body"):
                self._read.set()
            if piece := message.get("body"):
                yield piece

    async def whole(self) -> bytes:
        read = bytearray()
        async for piece in self:
            read += piece
            if len(read) > LARGEST:
                raise Refused(413, f"a request of more than {LARGEST // 1_000_000} MB is not passed on")
        return bytes(read)

    async def left(self, waiting: asyncio.Task[Any] | None) -> None:
        """Ends the task that waits for the answer when the agent has hung up."""
        await self._read.wait()
        message: Message = {}
        while message.get("type") != "http.disconnect":
            message = await self._receive()
        self.gone = True
        await asyncio.sleep(self.patience)
        if waiting:
            waiting.cancel()


def countable(dialect: Dialect, body: bytes, packed: bool) -> bytes:
    """A stream of chat completions tells what it cost if it was asked to; one made in the background, elsewhere."""
    try:
        told = None if packed else json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refused(
            400, "the request is no JSON object, or is compressed: the gateway reads it before it passes it on"
        )
    if told.get("background"):
        raise Refused(400, "background is not passed on: what it costs would not be known")
    options = told.get("stream_options")
    if dialect != "chat" or not told.get("stream") or (isinstance(options, dict) and options.get("include_usage")):
        return body
    told["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return json.dumps(told).encode()
