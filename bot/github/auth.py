"""Where tokens come from: a fixed one, or a GitHub App that mints its own."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from github import Auth, GithubException, GithubIntegration, UnknownObjectException
from github.GithubApp import GithubApp
from jwt import PyJWTError

from bot.errors import Refused, SettingsError
from bot.github.failures import failure, shut_out, unreachable
from bot.github.retrying import patiently

T = TypeVar("T")
TokenSource = Callable[[], Awaitable[str]]
Narrow = Mapping[str, str]  # permission -> level
API_VERSION = "2022-11-28"
MARGIN = timedelta(minutes=5)  # a token is replaced this long before it ends
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(minutes=55)  # however wrong this machine's clock is
ONCE = 60.0  # seconds within which a second token is not tried either


@dataclass(frozen=True)
class Pages:
    """Of an App, for people."""

    installing: str
    permissions: str


class StaticToken:
    """A person's token, or one that somebody else renews."""

    def __init__(self, value: str) -> None:
        self._value = value

    async def __call__(self) -> str:
        return self._value


class AppToken:
    """Installation tokens of a GitHub App, each used until shortly before its hour is over."""

    def __init__(
        self,
        api_url: str,
        app_id: int,
        private_key: str,
        installation: int | None = None,
        owner: str = "",
        *,
        repository: str = "",
        permissions: Narrow | None = None,
        minted: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Without an installation's id, the one on `owner` is looked up.

        `repository` (its name) and `permissions` narrow what the tokens are good for; `minted` is told of each.
        """
        self._integration = GithubIntegration(
            auth=Auth.AppAuth(app_id, private_key),
            base_url=api_url,
            seconds_between_requests=None,
            seconds_between_writes=None,
            retry=None,
            api_version=API_VERSION,
        )
        self._installation = installation
        self._found: int | None = None  # looked up
        self._owner = owner
        self._asked: dict[str, Any] = {"repositories": [repository]} if repository else {}
        self._asked |= {"permissions": dict(permissions)} if permissions else {}
        self._minted = minted
        self._token = ""
        self._until = self._renewed = -math.inf  # by the monotonic clock, which nobody sets
        self._lock = asyncio.Lock()  # so that several callers mint one token, not several

    async def __call__(self) -> str:
        async with self._lock:
            if time.monotonic() >= self._until:
                self._token, self._until = await asyncio.to_thread(self._mint)
                if self._minted:
                    await self._minted()
            return self._token

    def forget(self, stale: str) -> bool:
        """GitHub no longer takes this token: True when the next one is worth a try."""
        if stale != self._token:  # somebody else was quicker
            return True
        if time.monotonic() - self._renewed < ONCE:
            return False
        self._until, self._renewed = -math.inf, time.monotonic()
        return True

    async def login(self) -> str:
        """The name the App acts under."""
        app = await patiently(lambda: asyncio.to_thread(_answered, self._integration.get_app))
        return f"{app.slug}[bot]"

    async def pages(self) -> Pages:
        return await asyncio.to_thread(_answered, lambda: _pages(self._integration.get_app()))

    async def call(self, verb: str, path: str) -> tuple[Any, Mapping[str, str]]:
        """A call in the App's own name, for what no installation may ask: the answer and its headers."""
        requester = self._integration.requester
        headers, data = await asyncio.to_thread(_answered, lambda: requester.requestJsonAndCheck(verb, path))
        return data, headers

    def _mint(self) -> tuple[str, float]:
        try:
            made = self._made(self._installation or self._found or _answered(self._find_installation))
        except Refused as error:
            self._found = None  # installed again, it has another id
            where = "/".join((self._owner or "its owner", *self._asked.get("repositories", ())))
            raise shut_out(where, error) from error
        lasts = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC) - MARGIN
        return made["token"], time.monotonic() + min(max(lasts, SHORTEST), LONGEST).total_seconds()

    def _made(self, installation: int) -> Any:
        self._found = installation
        path = f"/app/installations/{installation}/access_tokens"
        _, made = _answered(lambda: self._integration.requester.requestJsonAndCheck("POST", path, input=self._asked))
        return made

    def _find_installation(self) -> int:
        """On an organization, else on a person."""
        try:
            return self._integration.get_org_installation(self._owner).id
        except UnknownObjectException:
            return self._integration.get_user_installation(self._owner).id


def _pages(app: GithubApp) -> Pages:
    web = app.html_url.removesuffix(f"/apps/{app.slug}")
    owner = app.raw_data["owner"]  # PyGithub has three kinds of it
    whose = f"organizations/{owner['login']}/" if owner.get("type") == "Organization" else ""
    return Pages(f"{app.html_url}/installations/new", f"{web}/{whose}settings/apps/{app.slug}/permissions")


def forget(source: TokenSource, stale: str) -> bool:
    """After a 401: whether there is another token to try."""
    return isinstance(source, AppToken) and source.forget(stale)


def _answered(ask: Callable[[], T]) -> T:
    """What GitHub says to the App itself, with its failures as ours."""
    try:
        return ask()
    except GithubException as error:
        raise failure(error.status, _said(error), error.headers or {}, write=False) from error
    except OSError as error:  # what requests raises
        raise unreachable(error, write=False) from error
    except (PyJWTError, ValueError) as error:
        raise SettingsError(f"the App's private key cannot be used: {error}") from error


def _said(error: GithubException) -> str:
    """GitHub's own sentence, which PyGithub keeps for itself when something is not found."""
    told = error.data.get("message") if isinstance(error.data, dict) else error.data
    return str(error.message or told or error)
