"""Checks on a head: all pages of them as GitHub shows them, and the check runs that Sluice makes itself."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.context import Written
from bot.core.actions import ShowCheck
from bot.core.limits import Importance
from bot.errors import Refused
from bot.github.graphql import GraphQL
from bot.github.rest import Rest

Node = Mapping[str, Any]
PAGES = 10  # of a hundred; where there are more, nothing merges by itself
KEPT = 500  # check runs remembered
UNASKED = 3600.0  # seconds a repository is left alone that refused one


async def read_all(graphql: GraphQL, pull_request: Node | None) -> None:
    """Complete the checks of the pull request's head in place."""
    rollup = ((pull_request or {}).get("statusCheckRollup") or {}).get("contexts")
    if pull_request is None or rollup is None or pull_request["state"] != "OPEN":
        return
    for _ in range(PAGES - 1):
        page = rollup["pageInfo"]
        if not page["hasNextPage"]:
            return
        asked = {"subject": pull_request["id"], "number": pull_request["number"], "after": page["endCursor"]}
        answer = await graphql.ask("MoreChecks", asked)
        more = (((answer.data.get("node") or {}).get("statusCheckRollup")) or {}).get("contexts")
        if more is None:  # the head has moved: the page says that there is more, and nothing is taken for passed
            return
        rollup["nodes"] += more["nodes"]
        rollup["pageInfo"] = more["pageInfo"]


class Checks:
    """The check runs Sluice makes. Only an App may; that it may not is an answer, and is not asked for an hour."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._made: dict[tuple[str, str, str], int] = {}
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._refused: dict[str, tuple[float, str]] = {}

    async def show(self, repo: str, check: ShowCheck, look: bool) -> Written:
        """Make it, or change the one that is there: passes of several items may say the same at once."""
        at, why = self._refused.get(repo, (0.0, ""))
        if why and time.monotonic() - at < UNASKED:
            return Written(ok=False, error=why)
        try:
            async with self._turns[repo, check.name]:
                return await self._show(repo, check, look)
        except Refused as error:
            if error.status == 403:
                self._refused[repo] = (time.monotonic(), str(error))
            return Written(ok=False, error=str(error))

    async def _show(self, repo: str, check: ShowCheck, look: bool) -> Written:
        place = (repo, check.head, check.name)
        known = check.known or self._made.get(place) or (await self._there(*place) if look else None)
        verb, path = ("PATCH", f"/check-runs/{known}") if known else ("POST", "/check-runs")
        body = _body(check) if known else {**_body(check), "head_sha": check.head}
        reply = await self._rest.send(verb, f"/repos/{repo}{path}", body, matters=Importance.WORDS)
        if len(self._made) >= KEPT:
            self._made.pop(next(iter(self._made)))
        self._made[place] = reply.data["id"]
        return Written(ok=True, id=str(reply.data["id"]))

    async def _there(self, repo: str, head: str, name: str) -> int | None:
        reply = await self._rest.get(f"/repos/{repo}/commits/{head}/check-runs?check_name={quote(name, safe='')}")
        return next((int(run["id"]) for run in reply.data["check_runs"]), None)


def _body(check: ShowCheck) -> dict[str, Any]:
    ended = {"status": "completed", "conclusion": check.conclusion} if check.conclusion else {"status": "in_progress"}
    output = {"title": check.title, "summary": check.summary, **({"text": check.text} if check.text else {})}
    link = {"details_url": check.url} if check.url else {}
    return {"name": check.name, "external_id": check.key, "output": output, **link, **ended}
