"""What there is around an identity, before any settings name it: installations, boards and repositories."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.errors import UserError
from bot.github.auth import AppToken, TokenSource
from bot.github.costs import Costs
from bot.github.graphql import GraphQL
from bot.github.rest import Rest

PATIENCE = 20.0  # seconds


@dataclass(frozen=True)
class Installed:
    """Where an App is installed."""

    id: int
    owner: str
    personal: bool
    permissions: Mapping[str, str]
    page: str  # where its owner changes it


@dataclass(frozen=True)
class Listed:
    """A board somebody may choose."""

    key: str
    title: str


class Surroundings:
    def __init__(self, api_url: str, token: TokenSource) -> None:
        async def unbooked(_item: str | None, _kind: str, _amount: int) -> None:
            """There is no ledger yet."""

        self._graphql = GraphQL(api_url, token, Costs(unbooked), PATIENCE)
        self._rest = Rest(api_url, token, Costs(unbooked), PATIENCE)

    async def boards(self, owner: str) -> list[Listed]:
        """The open ones, newest first."""
        answer = await self._graphql.ask("BoardsOf", {"owner": owner})
        found = [each for kind in ("organization", "user") if (each := answer.data.get(kind))]
        if not found:
            raise UserError(f"GitHub shows this token no organization and nobody called {owner}: check the name")
        nodes = [node for each in found for node in (each.get("projectsV2") or {}).get("nodes") or [] if node]
        return [Listed(f"{owner}/{node['number']}", node["title"]) for node in nodes if not node["closed"]]

    async def repositories(self) -> list[str]:
        """Those an installation reaches; the first hundred."""
        reply = await self._rest.get("/installation/repositories?per_page=100")
        return [repo["full_name"] for repo in reply.data["repositories"] if not repo["archived"]]

    async def close(self) -> None:
        await self._graphql.close()


@asynccontextmanager
async def surroundings(api_url: str, token: TokenSource) -> AsyncIterator[Surroundings]:
    around = Surroundings(api_url, token)
    try:
        yield around
    finally:
        await around.close()


async def installations(app: AppToken) -> list[Installed]:
    answer, _ = await app.call("GET", "/app/installations?per_page=100")
    return [
        Installed(
            each["id"],
            each["account"]["login"],
            each["target_type"] != "Organization",
            each["permissions"],
            each["html_url"],
        )
        for each in answer
    ]
