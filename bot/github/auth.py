"""Where tokens come from: a fixed one, or a GitHub App that mints its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from github import Auth, GithubException, GithubIntegration, UnknownObjectException
from jwt import PyJWTError

from bot.errors import SettingsError
from bot.github.failures import failure, unreachable

T = TypeVar("T")
TokenSource = Callable[[], Awaitable[str]]
API_VERSION = "2022-11-28"
MARGIN = timedelta(minutes=5)  # a token is replaced this long before it ends


class StaticToken:
    """A person's token, or one that somebody else renews."""

    def __init__(self, value: str) -> None:
        self._value = value

    async def __call__(self) -> str:
        return self._value


class AppToken:
    """Installation tokens of a GitHub App, each used until shortly before its hour is over."""

    def __init__(
        self, api_url: str, app_id: int, private_key: str, installation: int | None = None, owner: str = ""
    ) -> None:
        """Without an installation's id, the one on `owner` is looked up."""
        self._integration = GithubIntegration(
            auth=Auth.AppAuth(app_id, private_key),
            base_url=api_url,
            seconds_between_requests=None,
            seconds_between_writes=None,
            retry=None,
            api_version=API_VERSION,
        )
        self._installation = installation
        self._owner = owner
        self._token = ""
        self._until = datetime.fromtimestamp(0, UTC)
        self._lock = asyncio.Lock()  # so that several callers mint one token, not several

    async def __call__(self) -> str:
        async with self._lock:
            if datetime.now(UTC) >= self._until - MARGIN:
                self._token, self._until = await asyncio.to_thread(self._mint)
            return self._token

    async def login(self) -> str:
        """The name the App acts under."""
        app = await asyncio.to_thread(_answered, self._integration.get_app)
        return f"{app.slug}[bot]"

    async def call(self, verb: str, path: str) -> tuple[Any, Mapping[str, str]]:
        """A call in the App's own name, for what no installation may ask: the answer and its headers."""
        requester = self._integration.requester
        headers, data = await asyncio.to_thread(_answered, lambda: requester.requestJsonAndCheck(verb, path))
        return data, headers

    def _mint(self) -> tuple[str, datetime]:
        if self._installation is None:
            self._installation = _answered(self._find_installation)
        installation = self._installation
        minted = _answered(lambda: self._integration.get_access_token(installation))
        return minted.token, minted.expires_at

    def _find_installation(self) -> int:
        """On an organization, else on a person."""
        try:
            return self._integration.get_org_installation(self._owner).id
        except UnknownObjectException:
            return self._integration.get_user_installation(self._owner).id


def _answered(ask: Callable[[], T]) -> T:
    """What GitHub says to the App itself, with its failures as ours."""
    try:
        return ask()
    except GithubException as error:
        raise failure(error.status, str(error.message or error), error.headers or {}, write=False) from error
    except OSError as error:  # what requests raises
        raise unreachable(error, write=False) from error
    except (PyJWTError, ValueError) as error:
        raise SettingsError(f"the App's private key cannot be used: {error}") from error
