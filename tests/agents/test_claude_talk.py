"""The real Claude Code, talked with while it works."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.agents import Launcher, claude
from bot.agents.launcher import Command, Exit
from bot.agents.sandbox import bubblewrap_works
from bot.agents.seat import Ending, Seat
from bot.core.events import Event
from bot.core.run import Limits, Peer
from tests.agents.headless import KEY, Desk
from tests.agents.programs import program
from tests.models.scenario import Run, Scenario, Turn, Write

pytestmark = pytest.mark.slow


class Talked:
    """One run of it, at a desk; it enters the endpoint's network by itself."""

    def __init__(self, desk: Desk, brief: str, url: str, session: str = "") -> None:
        self.events: list[Event] = []
        self.desk = desk
        inside = (*desk.models.inside, *program("claude"))
        seat = Seat(Peer("robin", "claude"), inside, desk.tree, desk.home, brief, session, url, KEY)
        self.launch = claude.launch(seat, self.events.append)
        self.driver = self.launch.driver

    async def through(self) -> Exit:
        limits = Limits(wall_seconds=60, stall_seconds=60)
        log = self.desk.folder / "log"
        command = Command(
            self.launch.argv, self.desk.tree, "k", log, limits, self.launch.env, talk=self.driver, home=self.desk.home
        )
        return await Launcher(self.desk.folder / "root").run(command)

    async def until_a_tool_runs(self) -> None:
        while not any(each.kind == "tool" for each in self.events):
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint's network is entered with rights nobody has inside of it."""
    path = "/nonexistent"
    monkeypatch.setenv("PATH", path)
    bubblewrap_works.cache_clear()
    bubblewrap_works()
    monkeypatch.undo()


async def test_it_works_and_every_step_is_heard(desk: Desk) -> None:
    """From the first line to the last: what it says, which tools it uses on what, and how it ended."""
    turns = [Turn([Write("hello.txt", "hello\n")], "A file."), Turn([Run("ls")]), Turn(say="It is there.")]
    talked = Talked(desk, "Write hello.txt.", desk.models.play("talk", Scenario(turns)))
    ended = await talked.through()
    assert (ended.ended, ended.code) == ("finished", 0), ended.tail
    assert (desk.tree / "hello.txt").read_text() == "hello\n"
    assert talked.driver.ending == Ending("finished", "It is there.")
    kinds = [each.kind for each in talked.events]
    assert kinds[0] == "started" and kinds[-1] == "finished"
    assert [(e.text, Path(e.target).name) for e in talked.events if e.kind in ("changed", "tool")] == [
        ("Write", "hello.txt"), ("Bash", "ls"),
    ]  # fmt: skip


async def test_what_a_person_says_meanwhile_reaches_the_model(desk: Desk) -> None:
    """While a tool runs it is told something, and the model hears it with the tool's result."""
    turns = [Turn([Run("while [ ! -e told ]; do sleep 0.05; done")]), Turn(say="As you like.")]
    talked = Talked(desk, "Wait.", desk.models.play("steered", Scenario(turns)))
    running = asyncio.create_task(talked.through())
    await talked.until_a_tool_runs()
    assert talked.driver.tell("Use tabs, please.")
    (desk.tree / "told").write_text("")
    ended = await running
    assert ended.code == 0, ended.tail
    assert "Use tabs, please." in str(desk.models.record("steered").asked[-1].request)


async def test_it_is_interrupted_and_goes_on_in_another_process(desk: Desk) -> None:
    """The command it ran is over at once; the session goes on where it was."""
    talked = Talked(desk, "Wait.", desk.models.play("long", Scenario([Turn([Run("sleep 600")])])))
    running = asyncio.create_task(talked.through())
    await talked.until_a_tool_runs()
    talked.driver.interrupt()
    ended = await running
    assert ended.seconds < 30 and talked.driver.ending and talked.driver.ending.how == "failed"
    url = desk.models.play("on", Scenario([Turn(), Turn(), Turn(say="Going on.")]))
    again = Talked(desk, "Go on.", url, talked.driver.session)
    await again.through()
    assert again.driver.ending == Ending("finished", "Going on.")
