"""GraphQL over HTTP: reads are retried, writes never; partial answers are kept; every call is booked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport import httpx as gql_httpx
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import DocumentNode

from bot.context import Written
from bot.core.limits import Call, Importance
from bot.errors import SluiceError
from bot.github.auth import TokenSource, forget
from bot.github.costs import Costs, importance
from bot.github.documents import operation, printed
from bot.github.failures import failure, outdated, rate_limit, sentence, too_fast, unreachable
from bot.github.retrying import patiently
from bot.github.times import maybe_time

# It prefers httpx2, where something else has brought that along: then its errors would be others than are caught here.
gql_httpx.httpx = httpx  # type: ignore[attr-defined]
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)  # the request never left


@dataclass(frozen=True)
class Answer:
    """What GitHub said: data, perhaps partial, and what went wrong beside it."""

    data: dict[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)

    def error_at(self, key: str) -> str:
        """What went wrong with one top-level field; an error without a path concerns them all."""
        said = [str(e.get("message", "")) for e in self.errors if not e.get("path") or e["path"][0] == key]
        return "; ".join(said)


class _Request(GraphQLRequest):
    @property
    def payload(self) -> dict[str, Any]:
        return {"query": printed(self.document), "variables": self.variable_values}


class GraphQL:
    """One connection pool to one GitHub."""

    def __init__(self, api_url: str, token: TokenSource, costs: Costs, timeout: float) -> None:
        self._token = token
        self._costs = costs
        listening = {"response": [self._heard]}
        self._transport = HTTPXAsyncTransport(
            url=graphql_url(api_url), timeout=timeout, event_hooks=listening, verify=_trusted(api_url)
        )
        # No execute_timeout: it would lie beside httpx's own.
        self._client = Client(transport=self._transport, fetch_schema_from_transport=False, execute_timeout=None)
        self._session: AsyncClientSession | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, name: str, variables: Mapping[str, Any]) -> Answer:
        """A read: the named operation of `queries/`."""
        call = Call("graphql", importance=importance.get())
        return await patiently(lambda: self._send(operation(name), variables, call))

    async def tell(
        self,
        document: DocumentNode,
        variables: Mapping[str, Any],
        matters: Importance = Importance.WORK,
        creating: int = 0,
    ) -> Answer:
        """A write. It is sent once: after a failure nobody knows whether it was done."""
        return await self._send(document, variables, Call("graphql", True, creating, matters))

    async def close(self) -> None:
        if self._session is not None:
            await self._client.close_async()  # type: ignore[no-untyped-call]
            self._session = None

    async def _send(self, document: DocumentNode, variables: Mapping[str, Any], call: Call) -> Answer:
        token = await self._token()
        async with self._costs.turn(call):
            try:
                answer = await self._execute(document, variables, token)
            except TransportConnectionFailed as error:
                raise unreachable(error, write=call.write, unsent=isinstance(error.__cause__, UNSENT)) from error
            except TransportServerError as error:
                raise self._said_no(error, token, call) from error
            except TransportProtocolError as error:  # an answer that is not GraphQL: a proxy, or a page of HTML
                raise failure(502, str(error), self._headers(), write=call.write) from error
            limited = rate_limit(answer.errors, self._headers())
            if limited:
                raise self._costs.limits.obeyed(limited, self._headers())
            if hasty := too_fast(answer.errors):
                told = self._costs.limits.obeyed(hasty, self._headers())
                if not any(value for key, value in answer.data.items() if key != "rateLimit"):
                    raise told  # nothing was done; else each write has an end of its own
            return answer

    async def _execute(self, document: DocumentNode, variables: Mapping[str, Any], token: str) -> Answer:
        session = await self._connected()
        headers = {"Authorization": f"Bearer {token}"}
        request = _Request(document, variable_values=dict(variables))
        points = 1  # what fails is counted too, if it ever left
        try:
            answer = Answer(await session.execute(request, extra_args={"headers": headers}))
            points = (answer.data.get("rateLimit") or {}).get("cost", 1)
            return answer
        except TransportQueryError as partial:  # it carries whatever data there is
            return Answer(partial.data or {}, list(partial.errors or []))
        except TransportConnectionFailed as error:
            points = 0 if isinstance(error.__cause__, UNSENT) else 1
            raise
        finally:
            if points:
                await self._costs.graphql(points)

    async def _connected(self) -> AsyncClientSession:
        async with self._connecting:
            if self._session is None:
                self._session = await self._client.connect_async()  # type: ignore[no-untyped-call]
            return self._session

    def _headers(self) -> Mapping[str, str]:
        """Of the newest answer: with calls at the same time perhaps another's, but limits are theirs in common."""
        return self._transport.response_headers or {}

    async def _heard(self, response: httpx.Response) -> None:
        self._costs.limits.heard("graphql", response.headers)

    def _said_no(self, error: TransportServerError, token: str, call: Call) -> SluiceError:
        """An HTTP status of 400 or more, with the sentence and the headers that came with it."""
        if not isinstance(error.__cause__, httpx.HTTPStatusError):
            return failure(error.code or 500, str(error), {}, write=call.write)
        response = error.__cause__.response
        if response.status_code == 401 and forget(self._token, token):
            return outdated()
        said = failure(response.status_code, sentence(response.text), response.headers, write=call.write)
        return self._costs.limits.obeyed(said, response.headers)


def _trusted(api_url: str) -> ssl.SSLContext | bool:
    """Reading the certificates takes longer than most calls: once, for all connections that need them."""
    return _certificates() if api_url.startswith("https:") else False


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def graphql_url(api_url: str) -> str:
    """GitHub Enterprise Server has its REST under /api/v3 and GraphQL beside it."""
    return api_url.rstrip("/").removesuffix("/v3") + "/graphql"


def came_of(answer: Answer, alias: str) -> Written:
    """What came of one alias: the node it made or changed, wherever the payload holds it."""
    payload = answer.data.get(alias)
    error = answer.error_at(alias)
    if error or payload is None:
        return Written(ok=False, error=error or "GitHub answered nothing")
    node = payload
    while isinstance(node, dict) and "id" not in node:
        node = next(iter(node.values()), None)
    node = node or {}
    moved = maybe_time((node.get("status") or {}).get("updatedAt"))
    return Written(ok=True, id=node.get("id", ""), number=node.get("number"), at=moved)
