"""A world with an App that hears of everything, and the receiver of its webhooks, which trusts nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from shop import Shop
from talk import LocalHub

SECRET = "It's a Secret to Everybody"
EVENTS = [
    "projects_v2_item", "issues", "issue_comment", "pull_request", "pull_request_review", "push", "create", "delete",
    "pull_request_review_comment", "pull_request_review_thread", "check_run", "check_suite", "workflow_run",
    "sub_issues", "issue_dependencies", "status", "merge_group", "workflow_dispatch", "repository_dispatch",
]  # fmt: skip


@dataclass
class Receiver:
    """A webhook endpoint: it keeps what is signed and answers what it was told to answer."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    before_answer: threading.Event | None = None  # it answers only once this is set

    def take(self, headers: dict[str, str], body: bytes) -> int:
        for name, algorithm in (("x-hub-signature-256", "sha256"), ("x-hub-signature", "sha1")):
            expected = hmac.new(SECRET.encode(), body, getattr(hashlib, algorithm)).hexdigest()
            assert hmac.compare_digest(headers[name], f"{algorithm}={expected}")
        self.got.append((headers, json.loads(body)))
        if self.before_answer:
            self.before_answer.wait(5)
        return self.status

    @property
    def names(self) -> list[str]:
        """What arrived, like `issues.opened`."""
        return [".".join(filter(None, (head["x-github-event"], body.get("action")))) for head, body in self.got]

    def bodies(self, name: str) -> list[dict[str, Any]]:
        return [body for each, (_, body) in zip(self.names, self.got, strict=True) if each == name]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(found.take({name.lower(): value for name, value in self.headers.items()}, body))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@dataclass
class World:
    """A shop whose organization has an App with a webhook."""

    shop: Shop
    app: dict[str, Any]
    receiver: Receiver

    def __post_init__(self) -> None:
        self.hub, self.owner = self.shop.hub, self.shop.name.split("/")[0]

    @property
    def slug(self) -> str:
        return str(self.app["login"]).removesuffix("[bot]")

    def change(self, **order: Any) -> None:
        """Somebody changes the App or its installation."""
        self.hub.admin(f"apps/{self.slug}", order, "PATCH")

    def settle(self) -> None:
        self.hub.idle()


@pytest.fixture
def world(hub: LocalHub, tmp_path: Path, receiver: Receiver) -> World:
    shop = Shop(hub, tmp_path)
    order = {"slug": hub.name("bot"), "owner": shop.name.split("/")[0], "secret": SECRET, "events": EVENTS}
    made = World(shop, hub.admin("apps", {**order, "webhook_url": receiver.url}), receiver)
    made.settle()
    receiver.got.clear()  # what it is told of being installed is a story of its own
    return made
