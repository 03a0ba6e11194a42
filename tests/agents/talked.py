"""A run of a real program that is talked with, at a desk, as the launcher does it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.agents import Launcher
from bot.agents.launcher import Command, Exit
from bot.agents.permits import Permits
from bot.agents.runtimes import launches
from bot.agents.seat import Seat
from bot.core.events import Event, Kind
from bot.core.run import Limits, Peer, Runtime
from tests.agents.desk import Desk
from tests.agents.programs import program

NATIVE: Mapping[str, Runtime] = {"claude": "claude", "codex": "codex"}  # the others by ACP
NOWHERE = {"npm_config_registry": "http://127.0.0.1:9"}  # opencode asks it for nothing that it needs here
MODELS = {"codex": "gpt-5.5", "gemini": "gemini-2.5-pro", "opencode": "scripted-1", "copilot": "scripted-1"}


class Talked:
    """It enters the endpoint's network by itself."""

    def __init__(
        self,
        desk: Desk,
        name: str,
        brief: str,
        url: str,
        session: str = "",
        *,
        trusted: bool = False,
        permits: Permits | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.desk = desk
        words = tuple(program(name))
        peer = Peer("robin", NATIVE.get(name, "acp"), words, model=MODELS.get(name, ""))
        seat = Seat(
            peer, (*desk.models.inside, *words), desk.tree, desk.home, brief, session, url, desk.key,
            trusted=trusted, permits=permits or Permits(),
        )  # fmt: skip
        self.launch = launches(peer.runtime)(seat, self.events.append)
        self.driver = self.launch.driver

    async def through(self) -> Exit:
        limits = Limits(wall_seconds=45, stall_seconds=60)
        log = self.desk.folder / "log"
        command = Command(
            self.launch.argv,
            self.desk.tree,
            "k",
            log,
            limits,
            {**self.launch.env, **NOWHERE},
            talk=self.driver,
            home=self.desk.home,
        )
        return await Launcher(self.desk.folder / "root").run(command)

    async def until_a_tool_runs(self) -> None:
        while not self.heard("tool"):
            await asyncio.sleep(0.05)

    def heard(self, *kinds: Kind) -> list[Event]:
        return [each for each in self.events if each.kind in kinds]

    def targets(self) -> list[str]:
        """What was changed, by its name, and what was run."""
        return [Path(each.target).name for each in self.heard("changed", "tool")]
