"""Whose name Sluice acts in: a person's by a token, or a GitHub App's by its key; and which token is good for what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.errors import Refused
from bot.github.auth import AppToken, StaticToken, TokenSource
from bot.github.client import scopes_of, shown_to, viewer_login

SHUT = (401, 403, 404)
FOR_GIT = {"contents": "write"}  # without `workflows`: GitHub itself then refuses a push that changes a workflow


class Identity(Protocol):
    @property
    def shared(self) -> bool: ...  # one token is good for every owner
    async def login(self) -> str: ...
    def api(self, owner: str) -> TokenSource: ...
    def git(self, repo: str) -> TokenSource: ...
    def itself(self) -> AppToken | None: ...  # the App, which no installation speaks for
    async def within(self, repo: str) -> bool: ...  # it may work there
    async def scopes(self) -> frozenset[str] | None: ...  # of a classic token


class PersonalToken:
    """One token for everything: it cannot be narrowed from here."""

    shared = True

    def __init__(self, api_url: str, token: str) -> None:
        self._api_url = api_url
        self._token = StaticToken(token)

    async def login(self) -> str:
        return await viewer_login(self._api_url, self._token)

    def api(self, _owner: str) -> TokenSource:
        return self._token

    def git(self, _repo: str) -> TokenSource:
        return self._token

    def itself(self) -> None:
        return None

    async def within(self, repo: str) -> bool:
        return await shown_to(self._api_url, self._token, repo)

    async def scopes(self) -> frozenset[str] | None:
        return await scopes_of(self._api_url, self._token)


class App:
    """A token for each owner's installation, and for git one that can do no more than push to that one repository."""

    def __init__(
        self,
        api_url: str,
        app_id: int,
        private_key: str,
        installation: int | None,
        minted: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Without an installation's id, the one on each owner is looked up."""
        self._api_url, self._app_id, self._key = api_url, app_id, private_key
        self._installation, self._minted = installation, minted
        self._git: dict[str, TokenSource] = {}

    @property
    def shared(self) -> bool:
        return self._installation is not None

    async def login(self) -> str:
        return await self.itself().login()

    def api(self, owner: str) -> TokenSource:
        return self._token(owner)

    def git(self, repo: str) -> TokenSource:
        owner, _, name = repo.partition("/")
        if repo not in self._git:
            self._git[repo] = self._token(owner, name)
        return self._git[repo]

    def itself(self) -> AppToken:
        return self._token("")

    async def within(self, repo: str) -> bool:
        """Asked in the App's own name: of a public repository any installation is shown everything."""
        try:
            installation, _ = await self.itself().call("GET", f"/repos/{repo}/installation")
        except Refused as error:
            if error.status in SHUT:
                return False
            raise
        return not installation.get("suspended_at")

    async def scopes(self) -> None:
        return None

    def _token(self, owner: str, repository: str = "") -> AppToken:
        narrow = FOR_GIT if repository else None
        return AppToken(
            self._api_url,
            self._app_id,
            self._key,
            self._installation,
            owner,
            repository=repository,
            permissions=narrow,
            minted=self._minted,
        )
