"""GitHub's log of webhook deliveries, which only the App itself may read, and asking for one again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import structlog
from requests.utils import parse_header_links

from bot.core.limits import Call, Importance
from bot.core.missed import Attempt
from bot.errors import Refused, Unavailable
from bot.github import costs
from bot.github.auth import AppToken
from bot.github.costs import Costs
from bot.github.times import time

log = structlog.get_logger(__name__)
LOG = "/app/hook/deliveries"
PER_PAGE = 100
PAGES = 200  # so many are read at most: beyond them the sweep is the net
# A scan sees every other change, and a pass reads what it means. Who moved a draft is told once; and a comment on a
# pull request whose item is over makes no card look newer.
TOLD_ONCE = (
    "projects_v2_item.edited",
    "issue_comment.created",
    "pull_request_review.submitted",
    "pull_request_review_comment.created",
)


class DeliveryLog:
    """In the App's own name, whose limits are no installation's."""

    def __init__(self, app: AppToken, costs: Costs) -> None:
        self._app = app
        self._costs = costs

    async def back_to(self, since: datetime) -> list[Attempt]:
        """Newest first. There is no filter by time, and that by status knows no time-outs."""
        found: list[Attempt] = []
        cursor = ""
        for _ in range(PAGES):
            entries, headers = await self._call("GET", f"{LOG}?per_page={PER_PAGE}{cursor}")
            found += [_attempt(entry) for entry in entries]
            cursor = _next(headers)
            if not cursor or found[-1].at <= since:
                return found
        log.warning("the log of deliveries is too long to be read to its end", read=len(found))
        return found

    async def newest(self) -> list[Attempt]:
        entries, _ = await self._call("GET", f"{LOG}?per_page=1")
        return [_attempt(entry) for entry in entries]

    async def ask_again(self, attempt: int) -> bool:
        """False: GitHub has forgotten it."""
        try:
            await self._call("POST", f"{LOG}/{attempt}/attempts")
        except Refused as refusal:
            if refusal.status not in (404, 422):
                raise
            return False
        return True

    async def close(self) -> None:
        await self._costs.limits.close()

    async def _call(self, verb: str, path: str) -> tuple[Any, Mapping[str, str]]:
        costs.item.set(None)
        async with self._costs.turn(Call("core", write=verb != "GET", importance=Importance.SWEEP)):
            await self._costs.rest()
            try:
                answer, headers = await self._app.call(verb, path)
            except Unavailable as error:
                raise self._costs.limits.obeyed(error, {}) from error
            self._costs.limits.heard("core", headers)
            return answer, headers


def _attempt(entry: Mapping[str, Any]) -> Attempt:
    name = ".".join(filter(None, (entry["event"], entry["action"])))
    return Attempt(
        id=entry["id"],
        guid=entry["guid"],
        at=time(entry["delivered_at"]),
        ok=entry["status"] == "OK" or 200 <= entry["status_code"] < 400,
        told_elsewhere=name not in TOLD_ONCE,
    )


def _next(headers: Mapping[str, str]) -> str:
    """The cursor alone, as a parameter: the address around it may be one this process is not to use."""
    links = parse_header_links(headers.get("link", "")) if headers.get("link") else []
    url = next((link["url"] for link in links if link.get("rel") == "next"), "")
    cursor = parse_qs(urlsplit(url).query).get("cursor", [""])[0]
    return f"&cursor={quote(cursor, safe='')}" if cursor else ""
