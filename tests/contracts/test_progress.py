"""Stalled or slow: what counts as progress, and what a long command is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.agents import Launcher
from bot.agents.launcher import Command, Exit
from bot.agents.pulse import Pulse
from bot.agents.talk import Mouth
from bot.core.events import event
from bot.core.run import Limits

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


class Hears:
    """A program that is talked with: each line that says so is an event; all else it prints is none."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse

    def begin(self, mouth: Mouth) -> None:
        """It is told nothing."""

    async def over(self) -> None:
        """Nothing is left to tidy up."""

    def hear(self, line: bytes) -> None:
        if line in (b"message", b"tool"):
            self._pulse.hear(event("tool" if line == b"tool" else "message"))


async def through(tree: Path, line: str, talked: bool = False, pulse: Pulse | None = None, **limits: float) -> Exit:
    bound = Limits(**{"wall_seconds": 20, "stall_seconds": 0.6, "long_seconds": 20, **limits})  # type: ignore[arg-type]
    pulse = pulse or Pulse(heard=talked)
    talk = Hears(pulse) if talked else None
    command = Command(
        ("bash", "-c", line), tree, "k", tree.parent / "log", bound, talk=talk, pulse=pulse, writable=(tree,)
    )
    return await Launcher(tree.parent / "root").run(command)


async def test_a_slow_but_healthy_agent_is_not_ended(tree: Path) -> None:
    """It says something now and then, for much longer than the limit in all."""
    ended = await through(tree, "for i in 1 2 3 4 5 6; do sleep 0.3; echo still here; done")
    assert (ended.ended, ended.code) == ("finished", 0)


async def test_a_busy_child_is_progress_though_silent(tree: Path) -> None:
    """What keeps a processor busy is at work, as long as a long command may take and no longer."""
    burn = "timeout {} bash -c 'while :; do :; done'; true"
    assert (await through(tree, burn.format(1.5))).ended == "finished"
    assert (await through(tree, burn.format(10), long_seconds=1.5)).ended == "stalled"


async def test_a_command_it_said_it_runs_may_be_silent(tree: Path) -> None:
    """A tool that waits uses no processor: while it lives, the agent is not stalled; without its word it is."""
    assert (await through(tree, "echo tool; sleep 1.6; echo message", talked=True)).ended == "finished"
    assert (await through(tree, "echo message; sleep 5", talked=True)).ended == "stalled"


async def test_a_tool_that_is_over_is_no_excuse(tree: Path) -> None:
    """The agent that hangs after its command is stalled like any other."""
    line = "sleep 30 & sleep 1.2; echo tool; sleep 0.1; wait"
    assert (await through(tree, line, talked=True, stall_seconds=1.5)).ended == "stalled"


async def test_keeping_a_line_open_is_no_progress(tree: Path) -> None:
    """Of a program that is talked with only what means something counts."""
    line = "for i in 1 2 3 4 5 6 7 8 9; do echo ping; sleep 0.2; done"
    assert (await through(tree, line, talked=True)).ended == "stalled"
    assert (await through(tree, line)).ended == "finished"


async def test_one_that_is_told_to_end_has_a_moment_for_it(tree: Path) -> None:
    """It is ended when that is over; one that ends in time ends by itself."""
    late, in_time = Pulse(), Pulse()
    late.end("overspent", 0.3)
    in_time.end("overspent", 5)
    assert (await through(tree, "sleep 10", pulse=late)).ended == "overspent"
    assert (await through(tree, "sleep 0.2", pulse=in_time)).ended == "finished"
