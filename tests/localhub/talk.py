"""How a test talks to a running localhub: the `hub` fixture gives one of these."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

Json = dict[str, Any]
BRIEFLY = httpx.Limits(keepalive_expiry=2)  # localhub closes what is idle for five seconds


@dataclass
class LocalHub:
    """A running server, and short ways to talk to it."""

    url: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, timeout=30, limits=BRIEFLY))
    numbers: Iterator[int] = field(default_factory=itertools.count)
    socket: Path | None = None  # where it listens, too

    def admin(self, path: str, json: Any = None, method: str | None = None) -> Any:
        """Build or observe the world through /_hub: POST with a body, GET without, or the given method."""
        verb = method or ("GET" if json is None else "POST")
        response = self.client.request(verb, f"{self.url}/_hub/{path.strip('/')}", json=json)
        assert response.is_success, f"{path}: {response.status_code} {response.text}"
        return response.json()

    def rest(self, token: str | None) -> httpx.Client:
        """A client of the REST API in somebody's name."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, verify=False, timeout=30)

    def graphql(self, token: str, query: str, **variables: Any) -> Json:
        """The whole answer, with `errors` beside `data`."""
        sent = {"query": query, "variables": variables}
        response = self.client.post(f"{self.url}/graphql", json=sent, headers={"authorization": f"Bearer {token}"})
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def clone_url(self, full_name: str, token: str) -> str:
        """Where git clones from and pushes to, with the token in it."""
        return f"http://x-access-token:{token}@{urlsplit(self.url).netloc}/{full_name}.git"

    def now(self) -> datetime:
        """The hub's time, which a test may have turned."""
        return datetime.fromisoformat(self.admin("clock", {"advance_seconds": 0})["now"])

    def idle(self) -> None:
        """Wait until deliveries, workflow runs and background work are over."""
        assert self.admin("idle", {"timeout": 60})["idle"]

    def name(self, stem: str) -> str:
        """A login or repository name nobody has yet."""
        return f"{stem}{next(self.numbers)}"

    def person(self, stem: str = "person") -> Json:
        made: Json = self.admin("people", {"login": self.name(stem)})
        return made

    def org(self, *members: str, **roles: str) -> str:
        login = self.name("org")
        self.admin("orgs", {"login": login, "members": dict.fromkeys(members, "member") | roles})
        return login

    def repo(self, owner: str, **order: Any) -> Json:
        made: Json = self.admin("repos", {"owner": owner, "name": self.name("repo"), **order})
        return made
