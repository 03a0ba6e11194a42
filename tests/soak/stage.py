"""One small world of the soak: the people who act in it, and time that goes by.

People remember nothing: what each does next follows from what GitHub shows, so a world goes on in the next process as
if nothing had been. Their own calls never fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.errors import SluiceError
from bot.settings import Settings
from tests.localhub.talk import LocalHub
from tests.soak.schedule import Schedule, Task
from tests.world import COLUMNS, Thing, World

PATIENCE = timedelta(minutes=16)  # a look that is further off than this is not waited for
SOON = timedelta(seconds=0.5)
FLIES = 6  # how much faster time goes by for whoever waits longer than that
PACE = {"coalesce_seconds": 0.3, "poll_seconds": 0.15, "engine_seconds": 0.4}
STARTS = 20  # tries to start while GitHub fails
GLANCE = 0.05  # seconds between two looks at whether the agent works
LATE = 2.0  # seconds an agent works that somebody means to stop
CI = """name: CI
on: [pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: "! grep -rq broken notes"
"""
POLICY = """mode = "live"
[merge]
by = "when-green"
[work]
rounds = 2
running = {running}
waiting_pulls = 50
"""
KEPT = ("tag", "org", "repo", "tokens", "project", "app")
# GitHub's minute in a world that is hurried: what a client sends at once would overrun it
HURRIED = {"content_a_minute": 3, "graphql_points": 120, "rest_points": 60}


class Stage(World):
    """`World` with people who act by themselves, and with a second life."""

    def __init__(self, hub: LocalHub, folder: Path, schedule: Schedule) -> None:
        self.schedule = schedule
        rules = {"required_checks": ["test"], "required_approvals": 1, "strict": schedule.strict}
        super().__init__(
            hub,
            folder,
            policy=POLICY.format(running=schedule.running),
            files={".github/workflows/ci.yml": CI},
            protection=rules,
            caps=schedule.running,
            capacity=schedule.running,
            as_app=True,
            one_clock=True,
            timeout=2,
        )

    @property
    def passport(self) -> Path:
        """What the next life must know of this world."""
        return self.folder / "world.json"

    async def open(self) -> None:
        """Build the world, or enter it again; then start Sluice, while GitHub fails already."""
        if self.passport.exists():
            told = json.loads(self.passport.read_text())
            self.things = {title: Thing(**thing) for title, thing in told.pop("things").items()}
            vars(self).update(told)
            self.turned = self.hub.now() - datetime.now(self.hub.now().tzinfo)
        else:
            await asyncio.to_thread(self._make_github)
            await self._fill_board()
            things = {title: asdict(thing) for title, thing in self.things.items()}
            self.passport.write_text(json.dumps({key: getattr(self, key) for key in KEPT} | {"things": things}))
            self._break_github()
        await self._started()

    def _break_github(self) -> None:
        who = {"login": self.app["login"], "app": self.app["slug"]}
        self.hub.admin("faults/schedule", self.schedule.faults | who)
        if self.schedule.hurried:
            self.hub.admin("limits", {"login": self.app["login"], **HURRIED})

    async def _fill_board(self) -> None:
        """Everything in Backlog: nothing on the board concerns Sluice yet."""
        for task in self.schedule.tasks:
            await self.add_issue(task.title, column="Backlog", edits=False)
        for task in self.schedule.tasks:
            others = [other for other in self.schedule.tasks if other.merges and other != task]
            if task.kind == "after" and others:
                await self.block(self.thing(task), self.thing(others[0]))

    async def start(self) -> None:
        for task in self.schedule.tasks:
            for number in range(1, task.rounds + 3):  # a branch that is brought up to date may cost a round
                self.play(task.title, *_steps(task, number), round=number)
        await super().start()

    async def _started(self) -> None:
        """Whoever runs Sluice starts it again until GitHub lets it come up."""
        for left in reversed(range(STARTS)):
            try:
                await self.start()
                return
            except SluiceError:
                with contextlib.suppress(SluiceError):
                    await self.stop()
                if not left:
                    raise
                await self.admin_clock(60)

    def settings(self) -> Settings:
        """Hints come in bunches, and each look costs more than it brings."""
        found = super().settings()
        return found.model_copy(update={"pace": found.pace.model_copy(update=PACE)})

    def thing(self, task: Task) -> Thing:
        return self.things[task.title]

    # --- people -----------------------------------------------------------------------------------------------------

    async def act(self) -> bool:
        """Each does what is next, if anything; whether anybody did."""
        columns, pulls = await self.board(), await self.rest("ann", "GET", "{repo}/pulls?state=open&per_page=100")
        acted = [await self._act(task, columns[task.title], pulls) for task in self.schedule.tasks]
        return any(acted)

    async def _act(self, task: Task, column: str | None, pulls: list[Any]) -> bool:
        thing = self.thing(task)
        if column == "Backlog":
            await self.move(thing, "Ready")
            return True
        pull = next((each for each in pulls if each["head"]["ref"].startswith(f"sluice/{thing.number}-")), None)
        if pull is None or not pull["requested_reviewers"] or task.kind == "cancel":
            return False
        if task.kind == "shelve":
            return await self.say_once(thing, "/sluice cancel --close")
        first = task.kind == "changes" and not await self.rest("ann", "GET", f"{{repo}}/pulls/{pull['number']}/reviews")
        event, body = ("REQUEST_CHANGES", "Once more, please.") if first else ("APPROVE", "")
        review = {"event": event, "body": body, "commit_id": pull["head"]["sha"]}
        await self.rest("ann", "POST", f"{{repo}}/pulls/{pull['number']}/reviews", review)
        return True

    async def say_once(self, thing: Thing, command: str) -> bool:
        """Whether it had not been said before."""
        if command in await self.comments(thing, by_sluice=False):
            return False
        await self.comment(thing, command)
        return True

    @asynccontextmanager
    async def heckled(self) -> AsyncIterator[None]:
        """While the block runs, somebody stops the agent of the item that is to be cancelled."""
        tasks = [task for task in self.schedule.tasks if task.kind == "cancel"]
        hecklers = [asyncio.create_task(self._heckle(task)) for task in tasks]
        try:
            yield
        finally:
            for each in hecklers:
                each.cancel()
            await asyncio.gather(*hecklers, return_exceptions=True)

    async def _heckle(self, task: Task) -> None:
        while not any((tree / task.file).exists() for tree in self.worktrees()):
            await asyncio.sleep(GLANCE)
        await self.say_once(self.thing(task), "/sluice cancel")

    # --- looking ----------------------------------------------------------------------------------------------------

    async def board(self) -> dict[str, str | None]:
        """The column of each item by its title."""
        asked = (
            "query($i: [ID!]!) { nodes(ids: $i) { ... on ProjectV2Item { id fieldValueByName(name: "
            '"Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } } } } }'
        )
        found = await self.graphql("ann", asked, i=[thing.card for thing in self.things.values()])
        by_card = {node["id"]: (node["fieldValueByName"] or {}).get("name") for node in found["nodes"] if node}
        return {title: by_card.get(thing.card) for title, thing in self.things.items()}

    # --- time -------------------------------------------------------------------------------------------------------

    async def quiet(self) -> None:
        """Until nothing goes on; whoever waits for seconds need not, for the clocks are turned meanwhile."""
        quiet = asyncio.create_task(self._quiet())
        while not (await asyncio.wait({quiet}, timeout=SOON.total_seconds()))[0]:
            await self.admin_clock(FLIES * SOON.total_seconds())
        await quiet

    async def time_goes_by(self) -> None:
        """To Sluice's next look if one comes soon, else a minute; then the net: a sweep, and the log of deliveries."""
        assert self.service
        if not await self._turn_clock(PATIENCE):
            await self.admin_clock(60)
        self.service.scan_soon()
        with contextlib.suppress(SluiceError):
            await self.service.read_back()


def _steps(task: Task, round: int) -> list[dict[str, Any]]:
    """What the agent does; its log tells when it began and ended."""
    clock = {"run": "date +%s.%N"}
    if task.kind == "nothing":
        return [clock, {"say": "there is nothing to do"}, clock]
    text = "broken" if task.kind == "red" and round == 1 else f"round {round}"
    wait = [{"wait": LATE}] if task.kind == "cancel" else []
    return [clock, {"write": task.file, "text": f"{text}\n"}, *wait, {"say": f"Did round {round}."}, clock]


assert {"Backlog", "Ready", "Done", "Needs a person"} <= set(COLUMNS)
