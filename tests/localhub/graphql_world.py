"""A small world for the GraphQL stories: the Acme organization, its repository, its board, its people and its App."""

from __future__ import annotations

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

    async def issue(self, title: str, body: str = "") -> str:
        made = await self.data(
            "mutation($repo: ID!, $title: String!, $body: String)"
            "{ createIssue(input: {repositoryId: $repo, title: $title, body: $body}) { issue { id } } }",
            repo=self.repo.node_id, title=title, body=body,
        )  # fmt: skip
        return str(made["createIssue"]["issue"]["id"])

    async def card(self, content: str) -> str:
        made = await self.data(
            "mutation($board: ID!, $content: ID!)"
            "{ addProjectV2ItemById(input: {projectId: $board, contentId: $content}) { item { id } } }",
            board=self.board.node_id, content=content,
        )  # fmt: skip
        return str(made["addProjectV2ItemById"]["item"]["id"])

    async def put(self, card: str, column: str, by: Token | None = None) -> None:
        option = next(each.id for each in self.status.options if each.name == column)
        await self.data(
            "mutation($board: ID!, $item: ID!, $field: ID!, $option: String!) { updateProjectV2ItemFieldValue("
            "input: {projectId: $board, itemId: $item, fieldId: $field, value: {singleSelectOptionId: $option}})"
            "{ projectV2Item { id } } }",
            by, board=self.board.node_id, item=card, field=self.status.node_id, option=option,
        )  # fmt: skip

    async def pull(self, branch: str, body: str = "", draft: bool = False) -> PullRequest:
        """A branch with one change, pushed by the App, and its pull request."""
        head = await self.data(
            "query($id: ID!) { node(id: $id) { ... on Repository { defaultBranchRef { target { oid } } } } }",
            id=self.repo.node_id,
        )
        oid = head["node"]["defaultBranchRef"]["target"]["oid"]
        await self.data(
            "mutation($repo: ID!, $name: String!, $oid: GitObjectID!)"
            "{ createRef(input: {repositoryId: $repo, name: $name, oid: $oid}) { ref { id } } }",
            repo=self.repo.node_id, name=f"refs/heads/{branch}", oid=oid,
        )  # fmt: skip
        caller = caller_of(self.hub, self.app)
        await repos.commit_files(self.hub, caller, self.repo, branch, {f"{branch}.txt": "new\n"}, f"Add {branch}")
        made = await self.data(
            "mutation($repo: ID!, $head: String!, $body: String, $draft: Boolean) { createPullRequest(input: "
            '{repositoryId: $repo, baseRefName: "main", headRefName: $head, title: $head, body: $body, draft: $draft})'
            "{ pullRequest { id } } }",
            repo=self.repo.node_id, head=branch, body=body, draft=draft,
        )  # fmt: skip
        pull = self.hub.nodes[made["createPullRequest"]["pullRequest"]["id"]]
        assert isinstance(pull, PullRequest)
        return pull
