"""Somebody's account on GitHub: REST and GraphQL calls with a token of their own."""

from __future__ import annotations

from typing import Any

import httpx

from bot.errors import Refused, Unavailable

PATIENCE = 30.0  # seconds; a busy machine is slow, not broken


class Account:
    """Every refusal is raised: in a demo nothing should go wrong silently."""

    def __init__(self, login: str, token: str, url: str) -> None:
        self.login, self.token = login, token
        # trust_env off: a proxy set for the internet must not carry calls to this very machine
        headers = {"authorization": f"Bearer {token}", "user-agent": f"demo-{login}"}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE, trust_env=False)

    async def get(self, path: str, **params: str) -> Any:
        return await self._ask("GET", path, params=params)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await self._ask("POST", path, json=body)

    async def graphql(self, document: str, **variables: Any) -> Any:
        answer = await self._ask("POST", "/graphql", json={"query": document, "variables": variables})
        if answer.get("errors"):
            raise Refused(f"GitHub told {self.login}: {answer['errors'][0]['message']}")
        return answer["data"]

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **what: Any) -> Any:
        try:
            response = await self._http.request(method, path, **what)
        except httpx.TransportError as error:
            raise Unavailable(f"the demo's GitHub did not answer {method} {path}: {error!r}") from error
        if response.is_error:
            raise Refused(f"GitHub told {self.login}, who tried {method} {path}: {response.text}", response.status_code)
        return response.json()
