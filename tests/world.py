"""A world for stories: a GitHub of its own on localhub, a Sluice that drains it, people who act through GitHub's API.

`settle()` lets everything happen that can happen without a person: webhooks, workflows, runs, looks. When nothing is
left but waiting, Sluice's clock is turned on to its next look instead of sleeping.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from bot.github.permissions import EVENTS, asked
from bot.ledger.tables import decisions
from bot.server import Server, server_of
from bot.service import Service
from bot.settings import Settings
from bot.wiring import build
from tests import ledgers
from tests.localhub.talk import BRIEFLY
from webhooks.app import create_app
from webhooks.face import Face

LAST_LOOKS = select(decisions.c.item, decisions.c.reason, decisions.c.last_at).where(
    decisions.c.id.in_(select(func.max(decisions.c.id)).group_by(decisions.c.item))
)
VAIN_LOOKS = 4  # after so many looks that came to nothing, only people can move things on
VAIN_SWEEPS = 2
FAST = {"coalesce_seconds": 0.05, "poll_seconds": 0.1, "engine_seconds": 0.5, "sweep_seconds": 3600}
FAST |= {"finish_seconds": 0.1, "meter_seconds": 0.2}
SWEPT = {"sweep_seconds": 60}  # without webhooks `settle` plays the sweeps, one for each turn of the clock
COLUMNS = ["Backlog", "Ready", "In Progress", "In Review", "Needs a person", "Done"]
PROJECT_FILES = {
    "README.md": "# widgets\n",
    "widgets.py": "def add(a, b):\n    return a + b\n\n\ndef name():\n    return 'widgts'\n",
    "test_widgets.py": "import unittest\nimport widgets\n\n\nclass Test(unittest.TestCase):\n"
    "    def test_add(self):\n        self.assertEqual(widgets.add(1, 2), 3)\n",
    ".github/workflows/ci.yml": "name: CI\non: [pull_request]\npermissions: {contents: read}\n"
    "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - uses: actions/checkout@v4\n      - run: python -m unittest -q\n",
}
POLICY = """mode = "live"
[merge]
by = "when-green"
[work]
rounds = 2
running = 5
waiting_pulls = 50
"""


@dataclass
class Thing:
    """An item of the story: its issue and its card."""

    number: int
    node_id: str
    card: str
    title: str


@dataclass
class World:
    hub: Any  # tests.localhub.talk.LocalHub
    folder: Path
    policy: str = POLICY
    files: dict[str, str] = field(default_factory=dict)
    webhooks: bool = True
    protection: dict[str, Any] = field(default_factory=lambda: {"required_checks": ["test"], "required_approvals": 1})
    merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")
    caps: int = 5
    capacity: int = 5
    built_in: list[str] = field(default_factory=lambda: ["closed_to_done", "merged_to_done"])
    database: str | None = None
    permissions: dict[str, str] = field(default_factory=dict)  # more for the App
    kept: dict[str, str] = field(default_factory=dict)  # the fields Sluice keeps for people, as settings name them
    more_boards: dict[str, Any] = field(default_factory=dict)  # settings by "owner/number"
    as_person: str = ""  # Sluice has that person's own token
    as_app: bool = False  # Sluice signs as the App itself, not with a token of its installation
    one_clock: bool = False  # `settle` turns GitHub's clock too: for stories in which much time goes by
    shipped_pace: bool = False  # as people run it, for the benchmarks
    heartbeat: bool = False  # a sign of life is left in the repository
    timeout: float = 20  # seconds Sluice waits for an answer
    peers: dict[str, Any] = field(default_factory=dict)  # settings by name, in place of the player's
    player: dict[str, Any] = field(default_factory=dict)  # more settings of the player
    spending: dict[str, Any] = field(default_factory=dict)  # caps in tokens and money

    def __post_init__(self) -> None:
        self.tag = secrets.token_hex(3)
        self.org = f"acme-{self.tag}"
        self.repo = f"{self.org}/widgets"
        self.tokens: dict[str, str] = {}
        self.turned = timedelta()
        self.things: dict[str, Thing] = {}  # issues by title
        self.port = 0  # of a Sluice in a process of its own
        self.plays: list[dict[str, Any]] = []
        self.service: Service | None = None
        self.address = ""  # where Sluice takes webhooks
        self.http = httpx.AsyncClient(base_url=self.hub.url, verify=False, timeout=60, limits=BRIEFLY)
        self._web: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    # --- building ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> World:
        await asyncio.to_thread(self._make_github)
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.http.aclose()

    def _make_github(self) -> None:
        for earlier in ("faults", "clock"):  # what an earlier story on this hub programmed and turned is its own
            self.hub.admin(earlier, method="DELETE")
        for person in ("ann", "bob", "tess", "eve"):
            self.tokens[person] = self.hub.admin("people", {"login": self.login(person)})["token"]
        members = {self.login(person): "admin" if person == "ann" else "member" for person in self.tokens}
        self.hub.admin("orgs", {"login": self.org, "members": members})  # members may write on the org's boards
        roles = {"ann": "admin", "bob": "write", "tess": "triage"}
        self.hub.admin(
            "repos",
            {
                "owner": self.org,
                "name": "widgets",
                "files": PROJECT_FILES | ({".github/sluice.toml": self.policy} if self.policy else {}) | self.files,
                "collaborators": {self.login(person): role for person, role in roles.items()},
                "protection": {"main": self.protection},
                "merge_methods": self.merge_methods,
                "labels": ["robots"],
            },
        )
        self.project = self.hub.admin(
            "projects",
            {
                "owner": self.org,
                "title": "Board",
                "status": COLUMNS,
                "built_in": self.built_in,
                "fields": [{"name": "Priority", "data_type": "NUMBER"}, *self._fields()],
                "repos": [self.repo],
            },
        )
        slug = f"sluice-{self.tag}"
        order = {"slug": slug, "owner": self.org, "secret": "hush", "events": list(EVENTS)}
        order["permissions"] = asked() | self.permissions
        order["key"] = self.as_app
        self.app = self.hub.admin("apps", order) | {"slug": slug}

    def login(self, person: str) -> str:
        return f"{person}-{self.tag}"

    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "github": {
                    "api_url": self.hub.url,
                    "git_url": self.hub.url,
                    "login": self.login(self.as_person) if self.as_person else self.app["login"],
                    "webhook_secret": "hush" if self.webhooks else None,
                    "timeout_seconds": self.timeout,
                    **self._identity(),
                },
                "boards": {f"{self.org}/{self.project['number']}": self._board()} | self.more_boards,
                "peers": self.peers or {"robo": self._player()},
                "caps": {"running": self.caps, **self.spending},
                "pace": {} if self.shipped_pace else FAST if self.webhooks else FAST | SWEPT,
                "data_dir": str(self.folder / "data"),
                "database": self.database,
                "heartbeat": {"repository": self.repo} if self.heartbeat else {},
                "unsandboxed": True,
            }
        )

    def _player(self) -> dict[str, Any]:
        return {"runtime": "scripted", "script": str(self.script), "capacity": self.capacity, **self.player}

    def _board(self) -> dict[str, Any]:
        return {"draft_repository": self.repo} | {f"{purpose}_field": name for purpose, name in self.kept.items()}

    def _fields(self) -> list[dict[str, str]]:
        numbers = ("attempts", "cost")
        kinds = {name: "NUMBER" if purpose in numbers else "TEXT" for purpose, name in self.kept.items()}
        return [{"name": name, "data_type": kind} for name, kind in kinds.items()]

    def _identity(self) -> dict[str, Any]:
        if self.as_person:
            return {"token": self.tokens[self.as_person]}
        if not self.as_app:
            return {"token": self.app["token"]}
        key = self.folder / "key.pem"
        key.write_text(self.app["private_key"])
        ids = ("app_id", "installation_id")
        return {"private_key_file": str(key), **{name: self.app[name] for name in ids}}

    @property
    def config(self) -> Path:
        return self.folder / "sluice.toml"

    def write_config(self, port: int = 0, **changed: Any) -> Path:
        """The settings as a file, for a Sluice in a process of its own."""
        told = self.settings().model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for name in ("token", "webhook_secret"):
            if getattr(self.settings().github, name):
                told["github"][name] = getattr(self.settings().github, name).get_secret_value()
        for key, board in self.settings().boards.items():
            if board.token:
                told["boards"][key]["token"] = board.token.get_secret_value()
        told["server"] = {"port": port}
        told["pace"] = FAST | {"sweep_seconds": 1}
        self.config.write_text("\n".join(_tables(told | changed)) + "\n")
        self._write_script()
        return self.config

    @property
    def script(self) -> Path:
        return self.folder / "plays.toml"

    async def start(self) -> None:
        """Start Sluice (again), as `sluice serve` does."""
        self._write_script()
        ledgers.lay(self.folder / "data")
        self.service = await build(self.settings(), now=lambda: datetime.now(UTC) + self.turned)
        await self.service.start(sweeping=self.shipped_pace)
        if self.webhooks:
            await self._serve_webhooks()
        await self.service.look()

    async def stop(self) -> None:
        if self._web and self._serving:
            self._web.should_exit = True
            await self._serving
            self._web = self._serving = None
        if self.service:
            await self.service.stop()
            self.service = None

    async def _serve_webhooks(self) -> None:
        assert self.service
        app = create_app(Face(self.service))
        self._web = server_of(app, "127.0.0.1", 0)
        self._serving = asyncio.create_task(self._web.serve())
        while not self._web.started:
            await asyncio.sleep(0.01)
        port = self._web.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/webhooks/github"
        await self.admin_patch(f"apps/{self.app['slug']}", {"webhook_url": self.address})

    async def admin_clock(self, seconds: float) -> None:
        """Turn GitHub's clock on, and Sluice's with it."""
        (await self.http.post("/_hub/clock", json={"advance_seconds": seconds})).raise_for_status()
        self.turned += timedelta(seconds=seconds)

    async def admin_patch(self, path: str, body: dict[str, Any]) -> None:
        (await self.http.patch(f"/_hub/{path}", json=body)).raise_for_status()

    def _write_script(self) -> None:
        lines = []
        for play in self.plays:
            lines.append("[[play]]")
            lines += [f"{key} = {_toml(value)}" for key, value in play.items()]
        text = "\n".join(lines) + "\n"
        tomllib.loads(text)
        self.script.write_text(text if lines else "play = []\n")
        json.dumps(self.plays)

    # --- people -----------------------------------------------------------------------------------------------------

    def play(self, title: str, *steps: dict[str, Any], round: int = 1, step: str = "") -> None:
        """What the agent does with the item of that title, in that round; `step`: of its plan."""
        self.plays.append({"item": title, "round": round, "step": step, "steps": list(steps)})
        self._write_script()

    async def rest(self, person: str, verb: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[person]}"}
        where = path.replace("{repo}", f"/repos/{self.repo}")
        answer = await self.http.request(verb, where, json=body, headers=headers)
        assert answer.status_code < 400, f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def graphql(self, person: str, query: str, **variables: Any) -> Any:
        answer = await self.rest(person, "POST", "/graphql", {"query": query, "variables": variables})
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def add_issue(
        self,
        title: str,
        column: str | None = "Ready",
        *,
        by: str = "ann",
        moved_by: str = "ann",
        body: str = "Please.",
        edits: bool = True,
    ) -> Thing:
        """An issue with a card; with `edits`, the agent's first round adds a file of its own."""
        if edits:
            self.play(title, {"write": f"notes/{_slug(title)}.txt", "text": title + "\n"}, {"say": f"Did: {title}"})
        issue = await self.rest(by, "POST", "{repo}/issues", {"title": title, "body": body})
        added = await self.graphql(
            "ann",
            "mutation($p: ID!, $c: ID!) {"
            " addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }",
            p=self.project["id"],
            c=issue["node_id"],
        )
        thing = Thing(issue["number"], issue["node_id"], added["addProjectV2ItemById"]["item"]["id"], title)
        self.things[title] = thing
        if column:
            await self.move(thing, column, by=moved_by)
        return thing

    async def add_bare_issue(self, title: str) -> Thing:
        """An issue without a card."""
        issue = await self.rest("ann", "POST", "{repo}/issues", {"title": title})
        return Thing(issue["number"], issue["node_id"], "", title)

    async def add_draft(self, title: str, column: str = "Ready", edits: bool = True) -> Thing:
        if edits:
            self.play(title, {"write": f"notes/{_slug(title)}.txt", "text": title + "\n"}, {"say": f"Did: {title}"})
        added = await self.graphql(
            "ann",
            "mutation($p: ID!, $t: String!) {"
            ' addProjectV2DraftIssue(input: {projectId: $p, title: $t, body: ""}) { projectItem { id } } }',
            p=self.project["id"],
            t=title,
        )
        thing = Thing(0, "", added["addProjectV2DraftIssue"]["projectItem"]["id"], title)
        await self.move(thing, column)
        return thing

    async def move(self, thing: Thing, column: str, by: str = "ann") -> None:
        await self.graphql(
            by,
            "mutation($p: ID!, $i: ID!, $f: ID!, $o: String!) { updateProjectV2ItemFieldValue(input: {projectId: $p,"
            " itemId: $i, fieldId: $f, value: {singleSelectOptionId: $o}}) { clientMutationId } }",
            p=self.project["id"],
            i=thing.card,
            f=self.project["status_field"],
            o=self.project["options"][column],
        )

    async def set_priority(self, thing: Thing, number: float) -> None:
        await self.graphql(
            "ann",
            "mutation($p: ID!, $i: ID!, $f: ID!, $n: Float!) { updateProjectV2ItemFieldValue(input: {projectId: $p,"
            " itemId: $i, fieldId: $f, value: {number: $n}}) { clientMutationId } }",
            p=self.project["id"],
            i=thing.card,
            f=self.project["fields"]["Priority"],
            n=number,
        )

    async def block(self, thing: Thing, blocker: Thing) -> None:
        await self.graphql(
            "ann",
            "mutation($i: ID!, $b: ID!) {"
            " addBlockedBy(input: {issueId: $i, blockingIssueId: $b}) { clientMutationId } }",
            i=thing.node_id,
            b=blocker.node_id,
        )

    async def comment(self, thing: Thing, text: str, by: str = "bob") -> None:
        await self.rest(by, "POST", f"{{repo}}/issues/{thing.number}/comments", {"body": text})

    async def comment_pull(self, thing: Thing, text: str, by: str = "bob") -> None:
        pull = await self.pull(thing)
        await self.rest(by, "POST", f"{{repo}}/issues/{pull['number']}/comments", {"body": text})

    async def approve(self, thing: Thing, by: str = "bob") -> None:
        await self._review(thing, by, "APPROVE", "")

    async def request_changes(self, thing: Thing, text: str, by: str = "bob") -> None:
        await self._review(thing, by, "REQUEST_CHANGES", text)

    async def _review(self, thing: Thing, by: str, event: str, body: str) -> None:
        pull = await self.pull(thing)
        review = {"event": event, "body": body, "commit_id": pull["head"]["sha"]}
        await self.rest(by, "POST", f"{{repo}}/pulls/{pull['number']}/reviews", review)

    async def merge(self, thing: Thing, by: str = "ann") -> None:
        pull = await self.pull(thing)
        await self.rest(by, "PUT", f"{{repo}}/pulls/{pull['number']}/merge", {"merge_method": "squash"})

    async def close(self, thing: Thing, by: str = "ann") -> None:
        await self.rest(by, "PATCH", f"{{repo}}/issues/{thing.number}", {"state": "closed"})

    async def edit(self, thing: Thing, by: str, **changes: str) -> None:
        await self.rest(by, "PATCH", f"{{repo}}/issues/{thing.number}", changes)

    async def write_file(self, path: str, text: str, branch: str = "main", by: str = "ann") -> None:
        """A commit by a person."""
        import base64

        where = "{repo}/contents/" + path
        headers = {"authorization": f"Bearer {self.tokens[by]}"}
        found = await self.http.get(f"/repos/{self.repo}/contents/{path}", params={"ref": branch}, headers=headers)
        sha = {"sha": found.json()["sha"]} if found.status_code == 200 else {}
        content = base64.b64encode(text.encode()).decode()
        await self.rest(by, "PUT", where, {"message": f"Change {path}", "content": content, "branch": branch, **sha})

    async def branch(self, name: str, by: str = "bob") -> None:
        """A branch at the base's head."""
        main = await self.rest(by, "GET", "{repo}/git/ref/heads/main")
        ref = {"ref": f"refs/heads/{name}", "sha": main["object"]["sha"]}
        await self.rest(by, "POST", "{repo}/git/refs", ref)

    # --- looking ----------------------------------------------------------------------------------------------------

    async def column(self, thing: Thing) -> str | None:
        found = await self.graphql(
            "ann",
            'query($i: ID!) { node(id: $i) { ... on ProjectV2Item { fieldValueByName(name: "Status") {'
            " ... on ProjectV2ItemFieldSingleSelectValue { name } } } } }",
            i=thing.card,
        )
        value = found["node"]["fieldValueByName"]
        return value["name"] if value else None

    async def issue(self, thing: Thing) -> Any:
        return await self.rest("ann", "GET", f"{{repo}}/issues/{thing.number}")

    async def pulls(self, thing: Thing) -> list[Any]:
        found = await self.rest("ann", "GET", "{repo}/pulls?state=all&per_page=100")
        return [pull for pull in found if pull["head"]["ref"].startswith(f"sluice/{thing.number}-")]

    async def pull(self, thing: Thing) -> Any:
        found = await self.pulls(thing)
        assert found, f"#{thing.number} has no pull request: {await self.reason(thing)}"
        return await self.rest("ann", "GET", f"{{repo}}/pulls/{found[0]['number']}")

    async def comments(self, thing: Thing, by_sluice: bool = True) -> list[str]:
        found = await self.rest("ann", "GET", f"{{repo}}/issues/{thing.number}/comments?per_page=100")
        return [c["body"] for c in found if (c["user"]["login"] == self.app["login"]) == by_sluice]

    async def file(self, path: str, branch: str = "main") -> str | None:
        headers = {"authorization": f"Bearer {self.tokens['ann']}", "accept": "application/vnd.github.raw"}
        found = await self.http.get(f"/repos/{self.repo}/contents/{path}", params={"ref": branch}, headers=headers)
        return found.text if found.status_code == 200 else None

    async def branches(self) -> list[str]:
        return [branch["name"] for branch in await self.rest("ann", "GET", "{repo}/branches?per_page=100")]

    async def refs(self, prefix: str = "") -> dict[str, str]:
        found = await self.rest("ann", "GET", f"{{repo}}/git/matching-refs/{prefix}")
        return {ref["ref"]: ref["object"]["sha"] for ref in found}

    def worktrees(self) -> list[Path]:
        root = self.folder / "data" / "worktrees"
        return sorted(path for path in root.glob("*/*") if path.is_dir()) if root.exists() else []

    async def reactions(self, thing: Thing) -> list[str]:
        """Those to people's comments."""
        found = await self.rest("ann", "GET", f"{{repo}}/issues/{thing.number}/comments?per_page=100")
        mine = [c for c in found if c["user"]["login"] != self.app["login"]]
        names = ("+1", "-1", "confused", "eyes")
        return [name for comment in mine for name in names for _ in range(comment["reactions"][name])]

    async def brief(self, run: str) -> str:
        """What the agent was told."""
        assert self.service
        found = await self.service.ledger.plan_of(run)
        assert found
        return found.brief

    def now(self) -> datetime:
        return datetime.now(UTC) + self.turned

    async def row(self, thing: Thing) -> Any:
        assert self.service
        rows = await self.service.ledger.items(done=True, gone=True)
        found = [row for row in rows if row.item.id == thing.card]
        assert found, f"Sluice does not know #{thing.number}"
        return found[0]

    async def known(self, thing: Thing) -> bool:
        assert self.service
        return await self.service.ledger.item_for_card(thing.card) is not None

    async def reason(self, thing: Thing) -> str:
        last = (await self.row(thing)).last
        return f"{last.stage}: {last.reason}" if last else "never looked at"

    async def stage(self, thing: Thing) -> str:
        last = (await self.row(thing)).last
        return last.stage if last else ""

    def counters(self) -> dict[str, int]:
        return httpx.get(f"{self.hub.url}/_hub/counters", params={"login": self.app["login"]}).json()

    # --- time -------------------------------------------------------------------------------------------------------

    async def settle(self, seconds: float = 100.0, patience: timedelta = timedelta(minutes=3)) -> None:
        """Until nothing more happens by itself; looks further away than `patience` are not waited for."""
        until = asyncio.get_running_loop().time() + seconds
        vain = 0
        news = await self._quiet()
        while vain < (VAIN_LOOKS if self.webhooks else VAIN_SWEEPS) and await self._turn_clock(patience):
            assert asyncio.get_running_loop().time() < until, "the world does not settle"
            before, news = news, await self._quiet()
            vain = vain + 1 if before == news else 0

    async def until_working(self, thing: Thing, file: str = "half.txt") -> None:
        """Until its agent has begun: the file its script writes first is there."""
        for _ in range(4000):
            if any((tree / file).exists() for tree in self.worktrees()):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"no agent works: {await self.reason(thing)}")

    async def until_says(self, thing: Thing, words: str) -> None:
        """Until that is in the reason why the item stands where it does."""
        for _ in range(1500):
            if await self.known(thing) and words in await self.reason(thing):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(await self.reason(thing))

    async def until_reacted(self, thing: Thing, reaction: str) -> None:
        """Until Sluice has answered a comment of somebody's with that."""
        for _ in range(1500):
            if reaction in await self.reactions(thing):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(await self.reason(thing))

    async def until_asleep(self) -> None:
        """Until no look is to come for a while, though an agent may be at work."""
        assert self.service
        for _ in range(1500):
            due = await self.service.ledger.next_due()
            soon = due is not None and due - self.now() < timedelta(seconds=30)
            if not soon and self.service.loop.idle and not await self.service.ledger.unhandled_deliveries():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("there is always something to look at")

    async def _quiet(self) -> tuple[object, ...]:
        """Webhooks delivered, workflows over, runs ended, looks made; then the news."""
        assert self.service
        pulse = await self._pulse()
        while True:
            before = pulse
            await self.http.post("/_hub/idle", json={"timeout": 30})
            if not self.webhooks:
                await self.service.look()
            await self.service.idle()
            pulse = await self._pulse()
            if before == pulse:
                return pulse[0]

    async def _pulse(self) -> tuple[tuple[object, ...], ...]:
        """What changes when a look came to something, and what changes with every look."""
        written = (await self.http.get("/_hub/log/length")).json()
        assert self.service
        async with self.service.ledger.read() as tx:
            looks = (await tx.execute(LAST_LOOKS)).all()
        return (written, *((row.item, row.reason) for row in looks)), tuple((row.item, row.last_at) for row in looks)

    async def _turn_clock(self, patience: timedelta) -> bool:
        """Turn Sluice's clock on to its next look, or to the next sweep, if one is to come soon."""
        assert self.service
        due = await self.service.ledger.next_due()
        if not self.webhooks:
            sweep = self.now() + timedelta(seconds=SWEPT["sweep_seconds"])
            due = min(due, sweep) if due else sweep
        if due is None or due - self.now() > patience:
            return False
        step = max(due - self.now(), timedelta()) + timedelta(seconds=0.1)
        if self.one_clock:
            await self.admin_clock(step.total_seconds())
        else:
            self.turned += step
        return True


def _slug(title: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in title.lower())


def _tables(data: dict[str, Any], where: str = "") -> list[str]:
    """TOML: plain keys first, then a table for each that holds more."""
    lines = [f"{key} = {_toml(value)}" for key, value in data.items() if not isinstance(value, dict)]
    for key, value in data.items():
        if isinstance(value, dict):
            name = f"{where}{json.dumps(key)}"
            lines += [f"[{name}]", *_tables(value, f"{name}.")]
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return json.dumps(value)
