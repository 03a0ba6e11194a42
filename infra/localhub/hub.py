"""The whole world of one localhub: its records, its clock, its ids, its listeners and its background work."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from localhub.boardindex import BoardIndex
from localhub.meter import Meter
from localhub.model import Actor, App, Delivery, Project, Repo, Token

NO_SHA = "0" * 40  # what git calls the other end of a created or deleted ref


@dataclass(frozen=True)
class Event:
    """Something that happened: what webhooks and Actions listen to. `objects` holds the records it is about."""

    name: str
    action: str | None
    actor: Actor
    repo: Repo | None
    org: Actor | None
    objects: dict[str, Any]
    at: datetime
    app: App | None


@dataclass(frozen=True)
class Mutation:
    """One line of the log of writes."""

    at: datetime
    actor: str
    verb: str
    target: str


@dataclass(eq=False)
class Hub:
    """Everything is in memory but git; one event loop owns it, so nothing is locked."""

    root: Path
    base_url: str = "http://127.0.0.1"
    actors: dict[str, Actor] = field(default_factory=dict)  # by lower login
    tokens: dict[str, Token] = field(default_factory=dict)
    apps: list[App] = field(default_factory=list)
    repos: dict[str, Repo] = field(default_factory=dict)  # by lower full name
    former: dict[str, Repo] = field(default_factory=dict)  # by a name they had before
    projects: list[Project] = field(default_factory=list)
    nodes: dict[str, Any] = field(default_factory=dict)  # node id -> record
    log: list[Mutation] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    pending: set[asyncio.Task[Any]] = field(default_factory=set)
    pushed: Callable[..., Awaitable[None]] | None = None  # githttp's on_push(hub, repo, ref, before, after, caller)
    redeliver: Callable[[App, Delivery], None] | None = None  # webhooks.Deliverer.again
    faults: list[Any] = field(default_factory=list)  # faults.Fault: what is ordered to go wrong with requests
    mishaps: list[Any] = field(default_factory=list)  # mishaps.Mishap: and with webhooks
    schedule: Any = None  # faultschedule.Schedule: and by a seed
    struck: list[dict[str, str | None]] = field(default_factory=list)  # what of it happened
    manifests: dict[str, Any] = field(default_factory=dict)  # manifests.Proposal by code
    async_merges: dict[str, Any] = field(default_factory=dict)  # asyncmerge.AsyncMerge by uuid
    index: BoardIndex = field(default_factory=BoardIndex)
    ahead: timedelta = timedelta(0)  # how far a test has moved the clock
    last_id: int = 1000
    secret: str = field(default_factory=lambda: secrets.token_hex(32))  # signs installation tokens

    def __post_init__(self) -> None:
        self.meter = Meter(self.now)

    def now(self) -> datetime:
        return self.true_now() + self.ahead

    def true_now(self) -> datetime:
        """What the clock of everybody else says."""
        return datetime.now(UTC)

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def register(self, prefix: str, record: Any) -> str:
        """Give `record` a node id that looks like GitHub's (`I_kwDO...`), and keep it findable by that id."""
        number = getattr(record, "id", None)
        raw = (number if isinstance(number, int) and number else self.new_id()).to_bytes(9, "big")
        node_id = f"{prefix}_kwDO{base64.urlsafe_b64encode(raw).decode()}"
        record.node_id = node_id
        self.nodes[node_id] = record
        return node_id

    def forget(self, record: Any) -> None:
        self.nodes.pop(record.node_id, None)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start background work that `/_hub/idle` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)
        return task

    def emit(
        self,
        name: str,
        action: str | None,
        actor: Actor,
        *,
        repo: Repo | None = None,
        org: Actor | None = None,
        app: App | None = None,
        **objects: Any,
    ) -> Event:
        """Tell every listener. A repository's organization is filled in."""
        if org is None and repo is not None and repo.owner.kind == "Organization":
            org = repo.owner
        event = Event(name, action, actor, repo, org, objects, self.now(), app)
        for listener in self.listeners:
            listener(event)
        return event

    def record(self, actor: Actor, verb: str, target: str) -> None:
        """Write one line of the log of writes."""
        self.log.append(Mutation(self.now(), actor.login, verb, target))

    def actor(self, login: str) -> Actor | None:
        return self.actors.get(login.lower())

    def repo(self, full_name: str) -> Repo | None:
        """GraphQL follows renames; before all else, renames.py sends away whoever asks under a former name."""
        return self.repos.get(full_name.lower()) or self.former.get(full_name.lower())

    async def moved(self, repo: Repo, ref: str, before: str | None, after: str | None, caller: Any) -> None:
        """A ref was moved by a merge or over REST: what follows is what follows a push."""
        if self.pushed is not None:
            await self.pushed(self, repo, ref, before or NO_SHA, after or NO_SHA, caller)

    def app_of(self, actor: Actor) -> App | None:
        """The App a bot belongs to."""
        return next((app for app in self.apps if app.actor is actor), None)
