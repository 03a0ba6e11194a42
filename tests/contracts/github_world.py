"""What the GitHub stories share: a real localhub, an organization with a board on it, and people who act by REST."""

from __future__ import annotations

import base64
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.core.board import Board
from bot.core.item import Claim, GoAhead, Item
from bot.github.auth import StaticToken, TokenSource
from bot.github.boards import Account
from bot.github.client import NO_ACCOUNTS, GitHubClient
from bot.github.limits import Limits

Json = dict[str, Any]
COLUMNS = ["Ready", "In Progress", "In Review", "Needs a person", "Done"]
PERMISSIONS = {
    **dict.fromkeys(("contents", "issues", "pull_requests", "checks", "actions", "organization_projects"), "write"),
    **dict.fromkeys(("metadata", "statuses"), "read"),
}
NAMES = itertools.count(1)
ADD_CARD = """mutation($board: ID!, $content: ID!) {
  addProjectV2ItemById(input: {projectId: $board, contentId: $content}) { item { id } }
}"""
ADD_DRAFT = """mutation($board: ID!, $title: String!, $body: String!) {
  addProjectV2DraftIssue(input: {projectId: $board, title: $title, body: $body}) { projectItem { id } }
}"""
SET_FIELD = """mutation($board: ID!, $card: ID!, $field: ID!, $value: ProjectV2FieldValue!) {
  updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $card, fieldId: $field, value: $value}) {
    projectV2Item { id }
  }
}"""
REMOVE = """mutation($board: ID!, $card: ID!) {
  deleteProjectV2Item(input: {projectId: $board, itemId: $card}) { deletedItemId }
}"""


class Person:
    """Somebody who acts on GitHub with their own token."""

    def __init__(self, url: str, login: str, token: str) -> None:
        self.login, self.token = login, token
        headers = {"authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=url, headers=headers, verify=False, timeout=30)

    def rest(self, verb: str, path: str, **body: Any) -> Any:
        response = self.client.request(verb, path, json=body or None)
        assert response.is_success, f"{verb} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def graphql(self, query: str, **variables: Any) -> Json:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data


class GitHubWorld:
    """Mona administers, Hubert writes, Olga reads; Sluice is an App."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.number = next(NAMES)
        self.admin_client = httpx.Client(base_url=f"{url}/_hub", verify=False, timeout=30)
        self.mona, self.hubert, self.olga = (self._person(login) for login in ("mona", "hubert", "olga"))
        self.org = f"acme{self.number}"
        self.admin("orgs", login=self.org, members={self.mona.login: "admin", self.hubert.login: "member"})
        self.repo = f"{self.org}/shop"
        self.costs: Counter[tuple[str | None, str]] = Counter()

    async def build(self, files: dict[str, str] | None = None, **repo: Any) -> GitHubWorld:
        for earlier in ("faults", "clock"):  # what an earlier test on this hub programmed and turned is its own
            self.admin(earlier, method="DELETE")
        people = {self.mona.login: "admin", self.hubert.login: "write", self.olga.login: "read"}
        files = {"README.md": "# Shop\n", **(files or {})}
        self.admin("repos", owner=self.org, name="shop", files=files, collaborators=people, **repo)
        fields = [{"name": "Priority", "data_type": "NUMBER"}]
        board = self.admin("projects", owner=self.org, title="Work", status=COLUMNS, repos=[self.repo], fields=fields)
        self.key = f"{self.org}/{board['number']}"
        self.fields, self.options = board["fields"], board["options"]
        slug = f"sluice{self.number}"
        self.app = self.admin("apps", slug=slug, owner=self.org, permissions=PERMISSIONS, repositories=[self.repo])
        self.github = self.client(StaticToken(self.app["token"]))
        self.board: Board = await self.github.board(self.key)
        return self

    def client(
        self,
        token: TokenSource,
        timeout: float = 20,
        limits: Limits | None = None,
        accounts: Mapping[str, Account] = NO_ACCOUNTS,
    ) -> GitHubClient:
        return GitHubClient(self.url, token, self.app["login"], self._book, timeout, limits=limits, accounts=accounts)

    async def _book(self, item: str | None, kind: str, amount: int) -> None:
        self.costs[item, kind] += amount

    def admin(self, path: str, method: str = "POST", **body: Any) -> Any:
        response = self.admin_client.request(method, f"/{path}", json=body or None)
        assert response.is_success, f"{path}: {response.text}"
        return response.json()

    def add_issue(self, title: str, body: str = "", column: str | None = None) -> Item:
        """An issue of Mona's with a card."""
        issue = self.mona.rest("POST", f"/repos/{self.repo}/issues", title=title, body=body)
        made = self.mona.graphql(ADD_CARD, board=self.board.project_id, content=issue["node_id"])
        item = Item(id=made["addProjectV2ItemById"]["item"]["id"], board=self.key, repo="", number=issue["number"])
        if column:
            self.move(item, column)
        return item

    def add_draft(self, title: str, body: str) -> Item:
        made = self.mona.graphql(ADD_DRAFT, board=self.board.project_id, title=title, body=body)
        return Item(id=made["addProjectV2DraftIssue"]["projectItem"]["id"], board=self.key, repo="", number=None)

    def move(self, item: Item, column: str, by: Person | None = None) -> None:
        self.set_field(item, "Status", {"singleSelectOptionId": self.options[column]}, by)

    def set_field(self, item: Item, field: str, value: Json, by: Person | None = None) -> None:
        place = {"board": self.board.project_id, "card": item.id, "field": self.fields[field]}
        (by or self.mona).graphql(SET_FIELD, **place, value=value)

    def remove_card(self, item: Item) -> None:
        self.mona.graphql(REMOVE, board=self.board.project_id, card=item.id)

    def commit(self, branch: str, path: str, text: str, by: Person | None = None) -> str:
        """A commit on a branch, which is made where it is missing; Hubert's unless said otherwise. Its SHA."""
        author = by or self.hubert
        refs = f"/repos/{self.repo}/git"
        main = author.rest("GET", f"{refs}/ref/heads/main")["object"]["sha"]
        if author.client.get(f"{refs}/ref/heads/{branch}").status_code == 404:
            author.rest("POST", f"{refs}/refs", ref=f"refs/heads/{branch}", sha=main)
        content = base64.b64encode(text.encode()).decode()
        made = author.rest(
            "PUT", f"/repos/{self.repo}/contents/{path}", branch=branch, message=f"Add {path}", content=content
        )
        return str(made["commit"]["sha"])

    def comment(self, number: int, body: str, by: Person | None = None) -> Json:
        made: Json = (by or self.mona).rest("POST", f"/repos/{self.repo}/issues/{number}/comments", body=body)
        return made

    def hook(self, url: str, secret: str, events: list[str]) -> Json:
        """A second App that only listens: its webhooks go to this address."""
        slug = f"ear{self.number}"
        facts = {"slug": slug, "owner": self.org, "permissions": PERMISSIONS, "repositories": [self.repo]}
        made: Json = self.admin("apps", **facts, webhook_url=url, secret=secret, events=events)
        return made | {"slug": slug}

    def idle(self) -> None:
        assert self.admin("idle", timeout=60)["idle"]

    def _person(self, stem: str) -> Person:
        made = self.admin("people", login=f"{stem}{self.number}")
        return Person(self.url, made["login"], made["token"])


def claimed(item: Item, branch: str, **more: Any) -> Item:
    """The item as the ledger has it once Sluice works on it."""

    at = datetime(2026, 5, 4, tzinfo=UTC)
    claim = Claim(peer="amy", branch=branch, base="main", at=at, go_ahead=GoAhead("k", "mona", at, "t", "b"))
    return replace(item, claim=claim, **more)


@pytest.fixture
async def world(localhub_url: str) -> AsyncIterator[GitHubWorld]:
    made = await GitHubWorld(localhub_url).build()
    yield made
    await made.github.close()
    made.admin("faults", method="DELETE")
