"""A seeded schedule of faults for a whole run, as `sluice demo --faults SEED` orders it.

Whether the n-th request of one sort fails, and how, follows from the seed, the sort and n alone: however the sorts come
to be interleaved, the same seed brings the same faults. A run can always end: there are at most `most` faults, no sort
fails more than `in_a_row` times before it is let through, and only such kinds occur as a client can sit out.
"""

from __future__ import annotations

import re
from collections import Counter
from random import Random

from pydantic import BaseModel, ConfigDict

from localhub.faults import Asked, Fault, Kind
from localhub.mishaps import Mishap
from localhub.model import App, Delivery

KINDS: tuple[Kind, ...] = ("status", "status_after", "reset", "reset_after", "secondary", "delay")
STATUSES = (500, 502, 503)
MISHAPS = ("drop", "lose", "double", "delay", "reorder")
OPERATION = re.compile(rb"(query|mutation)\s+(\w+)")
REPO = re.compile(r"^/repos/[^/]+/[^/]+|^/(?!repos/|orgs/|users/|app/)[^/]+/[^/]+(?=/info/|/git-)")
GIT = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
NUMBER = re.compile(r"\b(?:\d+|[0-9a-f]{40})\b")


class ScheduleOrder(BaseModel):
    """`login` and `app` say whose requests and webhooks fail; without them it is everybody's."""

    model_config = ConfigDict(extra="forbid")
    seed: int
    rate: float = 0.05  # of requests
    webhooks: float = 0.1  # of deliveries
    most: int = 40
    in_a_row: int = 2
    seconds: float = 0.3  # how late what is late comes
    wait: float = 1  # seconds to wait that a secondary limit names
    login: str | None = None
    app: str | None = None
    kinds: list[Kind] = list(KINDS)


class Schedule:
    """The order, and what has come of it so far."""

    def __init__(self, order: ScheduleOrder) -> None:
        self.order = order
        self.left = order.most
        self.met: Counter[str] = Counter()  # by sort
        self.row: Counter[str] = Counter()  # strikes without a success between them

    def for_request(self, asked: Asked) -> Fault | None:
        if self.order.login not in (None, asked.login):
            return None
        luck = self._strikes(sort_of(asked), self.order.rate)
        if luck is None:
            return None
        kind = luck.choice(self._kinds(asked))
        seconds = self.order.wait if kind == "secondary" else self.order.seconds
        return Fault(kind=kind, status=luck.choice(STATUSES), seconds=seconds)

    def for_delivery(self, app: App, delivery: Delivery) -> Mishap | None:
        if self.order.app not in (None, app.slug):
            return None
        luck = self._strikes(f"webhook {delivery.event} {delivery.action}", self.order.webhooks)
        if luck is None:
            return None
        return Mishap.model_validate({"kind": luck.choice(MISHAPS), "seconds": self.order.seconds})

    def _kinds(self, asked: Asked) -> list[Kind]:
        """git waits a minute for an answer that never comes: too long for any run."""
        git = asked.path.endswith(GIT)
        return [kind for kind in self.order.kinds if not (git and kind.startswith("timeout"))]

    def _strikes(self, sort: str, rate: float) -> Random | None:
        """The luck that decides what happens, if anything does."""
        self.met[sort] += 1
        luck = Random(f"{self.order.seed} {sort} {self.met[sort]}")
        if not self.left or self.row[sort] >= self.order.in_a_row or luck.random() >= rate:
            self.row[sort] = 0
            return None
        self.left -= 1
        self.row[sort] += 1
        return luck


def sort_of(asked: Asked) -> str:
    """What a request is, whatever repository and number it is about."""
    operation = OPERATION.search(asked.body) if asked.path.endswith("/graphql") else None
    path = NUMBER.sub("*", REPO.sub("*", asked.path))
    return f"{asked.method} {path}" + (f" {operation[2].decode()}" if operation else "")
