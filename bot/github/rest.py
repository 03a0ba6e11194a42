"""REST through PyGithub, in worker threads: reads are retried, writes never; every call is booked.

What was read before is asked for by its ETag: while nothing changed, GitHub's answer is empty and takes nothing of the
hour.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from github import Auth, Github

from bot.core.limits import Call, Importance
from bot.errors import Refused, Unavailable
from bot.github.auth import API_VERSION, TokenSource, forget
from bot.github.costs import Costs, importance
from bot.github.failures import NARROW, failure, outdated, sentence, unreachable
from bot.github.retrying import patiently

KEPT = 500  # answers
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def data(self) -> Any:
        return json.loads(self.text) if self.text else {}

    @property
    def message(self) -> str:
        return sentence(self.text)


class Rest:
    def __init__(
        self,
        api_url: str,
        token: TokenSource,
        costs: Costs,
        timeout: float,
        refused: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`refused` is told the repository where an App may do nothing any more, and may raise what is the matter."""
        self._refused = refused
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._costs = costs
        self._timeout = max(1, round(timeout))
        self._read: dict[str, Reply] = {}  # what was read last, by path
        self._threads = threading.local()  # PyGithub says nothing of threads: each gets a client of its own

    async def get(self, path: str, values: Collection[int] = ()) -> Reply:
        """A read. The statuses in `values` are answers, not failures."""
        call = Call("core", importance=importance.get())
        return await patiently(lambda: self._known(path, call, values))

    async def send(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any],
        values: Collection[int] = (),
        matters: Importance = Importance.WORK,
    ) -> Reply:
        """A write. It is sent once: after a failure nobody knows whether it was done."""
        return await self._call(verb, path, body, values, Call("core", write=True, importance=matters))

    async def text(self, path: str) -> str:
        """A text that GitHub keeps elsewhere: the place it names is asked without our token."""
        reply = await self._call("GET", path, None, (404, 410), Call("core", importance=importance.get()))
        if reply.status != 302:
            return reply.text if reply.ok else ""
        try:
            async with httpx.AsyncClient(timeout=self._timeout) as elsewhere:
                found = await elsewhere.get(reply.headers["location"])
        except httpx.HTTPError as error:
            raise Unavailable(f"a log could not be read: {error}") from error
        return found.text if found.is_success else ""

    async def _known(self, path: str, call: Call, values: Collection[int]) -> Reply:
        known = self._read.get(path)
        asked = {"If-None-Match": known.headers["etag"]} if known else {}
        reply = await self._call("GET", path, None, values, call, asked)
        if reply.status == 304 and known:
            return known
        self._read.pop(path, None)
        if reply.ok and "etag" in reply.headers:
            if len(self._read) >= KEPT:
                self._read.pop(next(iter(self._read)))
            self._read[path] = reply
        return reply

    async def _call(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None,
        values: Collection[int],
        call: Call,
        more: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """What an App is refused may be because it was taken off the repository."""
        try:
            return await self._answered(verb, path, body, values, call, more)
        except Refused as error:
            if self._refused and error.status == 403 and NARROW in str(error) and path.startswith("/repos/"):
                await self._refused("/".join(path.split("/")[2:4]))
            raise

    async def _answered(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None,
        values: Collection[int],
        call: Call,
        more: Mapping[str, str],
    ) -> Reply:
        token = await self._token()
        async with self._costs.turn(call):
            await self._costs.rest()
            try:
                reply = await asyncio.to_thread(self._request, token, verb, path, body, more)
            except OSError as error:  # what requests raises
                raise unreachable(error, write=call.write) from error
            self._costs.limits.heard("core", reply.headers)
            if reply.ok or reply.status in values:
                return reply
            if reply.status == 401 and forget(self._token, token):
                raise outdated()
            failed = failure(reply.status, reply.message, reply.headers, write=call.write)
            raise self._costs.limits.obeyed(failed, reply.headers)

    def _request(
        self, token: str, verb: str, path: str, body: Mapping[str, Any] | None, more: Mapping[str, str]
    ) -> Reply:
        status, headers, text = self._client(token).requester.requestJson(verb, path, headers=dict(more), input=body)
        return Reply(status, text, headers)

    def _client(self, token: str) -> Github:
        """This thread's client; a new one when the token has changed."""
        known: tuple[str, Github] | None = getattr(self._threads, "client", None)
        if known is None or known[0] != token:
            client = Github(
                auth=Auth.Token(token),
                base_url=self._api_url,
                timeout=self._timeout,
                retry=None,  # its own would send writes again, and sleep inside the call
                seconds_between_requests=None,
                seconds_between_writes=None,
                api_version=API_VERSION,
            )
            known = self._threads.client = (token, client)
        return known[1]
