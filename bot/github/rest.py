"""REST through PyGithub, in worker threads: reads are retried, writes never; every call is booked."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from github import Auth, Github

from bot.errors import Unavailable
from bot.github.auth import API_VERSION, TokenSource
from bot.github.costs import Costs
from bot.github.failures import failure, sentence, unreachable
from bot.github.retrying import patiently


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
    def __init__(self, api_url: str, token: TokenSource, costs: Costs, timeout: float) -> None:
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._costs = costs
        self._timeout = max(1, round(timeout))
        self._threads = threading.local()  # PyGithub says nothing of threads: each gets a client of its own

    async def get(self, path: str, values: Collection[int] = ()) -> Reply:
        """A read. The statuses in `values` are answers, not failures."""
        return await patiently(lambda: self._call("GET", path, None, values))

    async def send(self, verb: str, path: str, body: Mapping[str, Any], values: Collection[int] = ()) -> Reply:
        """A write. It is sent once: after a failure nobody knows whether it was done."""
        return await self._call(verb, path, body, values)

    async def text(self, path: str) -> str:
        """A text that GitHub keeps elsewhere: the place it names is asked without our token."""
        reply = await self._call("GET", path, None, (404, 410))
        if reply.status != 302:
            return reply.text if reply.ok else ""
        try:
            async with httpx.AsyncClient(timeout=self._timeout) as elsewhere:
                found = await elsewhere.get(reply.headers["location"])
        except httpx.HTTPError as error:
            raise Unavailable(f"a log could not be read: {error}") from error
        return found.text if found.is_success else ""

    async def _call(self, verb: str, path: str, body: Mapping[str, Any] | None, values: Collection[int]) -> Reply:
        token = await self._token()
        write = verb != "GET"
        await self._costs.rest()
        try:
            reply = await asyncio.to_thread(self._request, token, verb, path, body)
        except OSError as error:  # what requests raises
            raise unreachable(error, write=write) from error
        if reply.ok or reply.status in values:
            return reply
        raise failure(reply.status, reply.message, reply.headers, write=write)

    def _request(self, token: str, verb: str, path: str, body: Mapping[str, Any] | None) -> Reply:
        status, headers, text = self._client(token).requester.requestJson(verb, path, input=body)
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
