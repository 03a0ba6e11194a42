"""A small world for the GraphQL stories: the Acme organization, its repository, its board, its people and its App."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from localhub import people, projects, pulls, repos
from localhub.graphql.execute import run
from localhub.hub import Hub
from localhub.model import PullRequest, Token
from localhub.permissions import caller_of

FILES = {"README.md": "# Demo\n", "src/app.py": "print('hello')\n"}
COLUMNS = ("Ready", "In Progress", "In Review", "Done")


class World:
    """Ann administers, Bob writes, Carol reads; the App `sluice` is installed."""

    def __init__(self, root: Path) -> None:
        self.hub = Hub(root, "http://127.0.0.1:8000")
        self.hub.pushed = pulls.on_push
        self.hub.listeners.append(lambda event: projects.built_in_workflows(self.hub, event))

    async def build(self) -> World:
        self.ann, self.bob, self.carol = (people.create_user(self.hub, login) for login in ("ann", "bob", "carol"))
        self.org = people.create_org(self.hub, "acme", {"ann": "admin", "bob": "member"})
        self.repo = await repos.create(self.hub, self.org, "demo", FILES)
        self.repo.collaborators["bob"] = "write"
        app = people.create_app(self.hub, "sluice", self.org, public_key="")
        self.app = people.installation_token(self.hub, app)
        self.board = projects.create(self.hub, self.ann.actor, self.org, "Roadmap", COLUMNS)
        self.status = projects.find_field(self.board, "Status")
        return self

    async def ask(self, query: str, by: Token | None = None, /, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors and all."""
        return await run(self.hub, caller_of(self.hub, by or self.app), query, variables)

    async def data(self, query: str, by: Token | None = None, /, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.ask(query, by, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def write(
        self, name: str, payload: str = "clientMutationId", by: Token | None = None, /, **given: Any
    ) -> Any:
        """The payload of one mutation that succeeds."""
        kind = name[0].upper() + name[1:]
        document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {payload} }} }}"
        return (await self.data(document, by, input=given))[name]

    async def read(self, node_id: str, kind: str, fields: str, by: Token | None = None) -> Any:
        """Fields of one node."""
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {fields} }} }} }}"
        return (await self.data(document, by, id=node_id))["node"]

    async def issue(self, title: str, body: str = "") -> str:
        given = {"repositoryId": self.repo.node_id, "title": title, "body": body}
        return str((await self.write("createIssue", "issue { id }", **given))["issue"]["id"])

    async def card(self, content: str) -> str:
        given = {"projectId": self.board.node_id, "contentId": content}
        return str((await self.write("addProjectV2ItemById", "item { id }", **given))["item"]["id"])

    async def put(self, card: str, column: str, by: Token | None = None) -> None:
        option = next(each.id for each in self.status.options if each.name == column)
        where = {"projectId": self.board.node_id, "itemId": card, "fieldId": self.status.node_id}
        value = {"singleSelectOptionId": option}
        await self.write("updateProjectV2ItemFieldValue", "projectV2Item { id }", by, **where, value=value)

    async def pull(self, branch: str, body: str = "", draft: bool = False) -> PullRequest:
        """A branch with one change, pushed by the App, and its pull request."""
        repo = self.repo.node_id
        head = await self.read(repo, "Repository", "defaultBranchRef { target { oid } }")
        oid = head["defaultBranchRef"]["target"]["oid"]
        await self.write("createRef", repositoryId=repo, name=f"refs/heads/{branch}", oid=oid)
        caller = caller_of(self.hub, self.app)
        await repos.commit_files(self.hub, caller, self.repo, branch, {f"{branch}.txt": "new\n"}, f"Add {branch}")
        given = {"headRefName": branch, "baseRefName": "main", "title": branch, "body": body, "draft": draft}
        made = await self.write("createPullRequest", "pullRequest { id }", repositoryId=repo, **given)
        pull = self.hub.nodes[made["pullRequest"]["id"]]
        assert isinstance(pull, PullRequest)
        return pull

    async def settle(self) -> None:
        """What GitHub computes in the background is done."""
        while self.hub.pending:
            await asyncio.gather(*self.hub.pending)
