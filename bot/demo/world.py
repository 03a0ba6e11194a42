"""The demo's world: localhub with an organization, a repository, a board and people, and Sluice against it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bot.demo.account import PATIENCE, Account
from bot.demo.files import DATA, KEY, PLAYS, player, plays, project_files, settings
from bot.demo.processes import Server, free_port
from bot.demo.scenario import SCENARIO, Task
from bot.errors import Unavailable
from bot.github.permissions import EVENTS, asked

ORG, REPO, BOT = "acme", "acme/widgets", "sluice[bot]"
SECRET = "the demo's webhook secret"
COLUMNS = ["Backlog", "Ready", "In Progress", "In Review", "Needs a person", "Done"]
READY_WITHIN = 60.0  # seconds for Sluice to come up
FAILED = "the demo failed to start: "

MOVE = """mutation($project: ID!, $item: ID!, $field: ID!, $option: String!) {
  updateProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $item, fieldId: $field, value: {singleSelectOptionId: $option}}
  ) { projectV2Item { id } } }"""
ADD = "mutation($p: ID!, $c: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }"
DRAFT = """mutation($p: ID!, $title: String!, $body: String!) {
  addProjectV2DraftIssue(input: {projectId: $p, title: $title, body: $body}) { projectItem { id } } }"""


@dataclass(frozen=True)
class Project:
    """The board, as those who write on it must know it."""

    id: str
    number: int
    status_field: str
    options: dict[str, str]


@dataclass
class World:
    """What the people, the table and the summary need to know."""

    folder: Path
    localhub: Server
    sluice: Server
    hub_url: str = ""
    sluice_url: str = ""
    people: dict[str, Account] = field(default_factory=dict)
    project: Project = Project("", 0, "", {})
    cards: dict[str, str] = field(default_factory=dict)  # title -> card id
    hired: Mapping[str, Any] | None = None  # a real agent's settings, in the player's place

    @property
    def config(self) -> Path:
        return self.folder / "sluice.toml"

    @property
    def data(self) -> Path:
        return self.folder / DATA

    def worktrees(self) -> int:
        """How many worktrees lie on the disk."""
        return sum(path.is_dir() for path in self.data.glob("worktrees/*/*"))

    def check_alive(self) -> None:
        for server in (self.localhub, self.sluice):
            if server.ended:
                raise Unavailable(server.trouble())

    async def struck(self) -> int:
        """How much has gone wrong on order."""
        return len((await self.people["ann"].get("/_hub/faults"))["struck"])

    async def move(self, who: str, title: str, column: str) -> None:
        """Somebody moves a card."""
        board = self.project
        option = board.options[column]
        await self.people[who].graphql(
            MOVE, project=board.id, item=self.cards[title], field=board.status_field, option=option
        )


@asynccontextmanager
async def opened(folder: Path, faults_seed: int | None, hired: Mapping[str, Any] | None = None) -> AsyncIterator[World]:
    """Both servers running and the board filled; both are ended whatever happens. With a seed GitHub fails Sluice."""
    world = World(folder, Server("localhub", folder), Server("sluice", folder), hired=hired)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(world.localhub.stop)
        said = await world.localhub.start("serve", "--port", "0", "--root", str(folder / "hub"), said=True)
        world.hub_url = said.rsplit(" ", 1)[-1]
        async with httpx.AsyncClient(base_url=world.hub_url, timeout=PATIENCE, trust_env=False) as http:
            await _seed(world, Seeder(http))
            if faults_seed is not None:
                await Seeder(http)("faults/schedule", seed=faults_seed, login=BOT, app="sluice")
        for account in world.people.values():
            stack.push_async_callback(account.close)
        stack.push_async_callback(world.sluice.stop)
        await world.sluice.start("serve", "--config", str(world.config))
        await _fill_board(world)  # while Sluice comes up: nothing on the board concerns it yet
        await _ready(world)
        yield world


class Seeder:
    """localhub's endpoints for building a world, which GitHub does not have."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(self, what: str, **order: Any) -> Any:
        response = await self._http.post(f"/_hub/{what}", json=order)
        if response.is_error:
            raise Unavailable(f"{FAILED}localhub refused {what}: {response.text}")
        return response.json()


async def _seed(world: World, hub: Seeder) -> None:
    """People, organization, repository, board and Apps; then the two files that Sluice reads."""
    for login, name in (("ann", "Ann Admin"), ("bob", "Bob Writer"), ("eve", "Eve Outsider")):
        person = await hub("people", login=login, name=name)
        world.people[login] = Account(login, person["token"], world.hub_url)
    await hub("orgs", login=ORG, members={"ann": "admin", "bob": "member"})
    rules = {"required_checks": ["test"], "required_approvals": 1, "dismiss_stale": True}
    owner, name = REPO.split("/")
    collaborators = {"ann": "admin", "bob": "write"}
    await hub(
        "repos", owner=owner, name=name, files=project_files(), collaborators=collaborators, protection={"main": rules}
    )
    board = await hub("projects", owner=ORG, title="Workshop", status=COLUMNS, repos=[REPO])
    world.project = Project(board["id"], board["number"], board["status_field"], board["options"])
    port = free_port()
    world.sluice_url = f"http://127.0.0.1:{port}"
    hook = f"{world.sluice_url}/webhooks/github"
    app = await hub(
        "apps", slug="sluice", owner=ORG, webhook_url=hook, secret=SECRET, events=EVENTS, permissions=asked()
    )
    # the bot that many organizations have: it puts every new issue on the board
    intake = await hub(
        "apps", slug="intake", owner=ORG, repositories=[], permissions={"organization_projects": "write"}
    )
    world.people["intake"] = Account(intake["login"], intake["token"], world.hub_url)
    (world.folder / KEY).write_text(app["private_key"])
    (world.folder / PLAYS).write_text(plays(SCENARIO))
    key = f"{ORG}/{board['number']}"
    peer = world.hired or player(world.folder)
    world.config.touch(0o600)  # a key may be in it
    world.config.write_text(settings(world.folder, world.hub_url, app, SECRET, key, REPO, port, peer))


async def _fill_board(world: World) -> None:
    """Everything stands in Backlog at first, put there by the people themselves."""
    issues: dict[str, Any] = {}
    for task in SCENARIO:
        if task.kind == "issue":
            order = {"title": task.title, "body": task.body, "labels": [task.label] if task.label else []}
            issues[task.title] = await world.people[task.author].post(f"/repos/{REPO}/issues", order)
        world.cards[task.title] = await _add_card(world, task, issues)
        if task.author == "ann":
            await world.move("ann", task.title, "Backlog")
    for task in SCENARIO:
        if task.blocked_by:
            path = f"/repos/{REPO}/issues/{issues[task.title]['number']}/dependencies/blocked_by"
            await world.people["ann"].post(path, {"issue_id": issues[task.blocked_by]["id"]})


async def _add_card(world: World, task: Task, issues: dict[str, Any]) -> str:
    board = world.project.id
    if task.kind == "draft":
        made = await world.people["ann"].graphql(DRAFT, p=board, title=task.title, body=task.body)
        return str(made["addProjectV2DraftIssue"]["projectItem"]["id"])
    hand = world.people["ann" if task.author == "ann" else "intake"]
    made = await hand.graphql(ADD, p=board, c=issues[task.title]["node_id"])
    return str(made["addProjectV2ItemById"]["item"]["id"])


async def _ready(world: World) -> None:
    """Until Sluice says so itself."""
    try:
        async with asyncio.timeout(READY_WITHIN), httpx.AsyncClient(trust_env=False) as http:
            while not await _answers(http, f"{world.sluice_url}/readyz"):
                world.check_alive()
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Unavailable(f"{FAILED}sluice serve was not ready in time; see {world.sluice.log}") from None


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx.TransportError:
        return False
