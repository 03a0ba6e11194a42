"""Real programs work through the gateway: it counts as they do, keeps the key, and ends who has used what they may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.agents import Agents, Launcher
from bot.agents.sandbox import bubblewrap_works
from bot.core.run import Assignment, Limits, Outcome, Peer
from bot.gateway import Gateway, Meter, Upstream
from tests.agents.desk import KEY
from tests.agents.programs import program
from tests.models.scenario import Billed, Refusal, Run, Scenario, Turn, Write
from tests.models.serving import Models

pytestmark = pytest.mark.slow
FIRST, SECOND = Billed(11, 120, 1_300, 0, 14_000, 150), Billed(600, 0, 0, 0, 70, 7)
MODELS = {"codex": "gpt-5.5"}
DOOR = "sk-sluice-"
Network = Literal["open", "model-only"]


class Desks:
    """Runs as the engine has them made, against an endpoint on this machine."""

    def __init__(self, folder: Path, models: Models) -> None:
        self.models, self.tree = models, folder / "tree"
        self.tree.mkdir()
        self.gateway = Gateway({}, Meter(), lambda: datetime.now(UTC))
        root = folder / "sluice"
        self.agents = Agents(Launcher(root), root, doors=self.gateway)

    async def run(self, name: str, scenario: Scenario, limits: Limits, network: Network = "open") -> Outcome:
        self.gateway.upstreams["robin"] = Upstream(self.models.play(f"door-{name}", scenario), KEY)
        runtime = "claude" if name == "claude" else "codex"
        peer = Peer("robin", runtime, tuple(program(name)), limits=limits, model=MODELS.get(name, ""), network=network)
        given = Assignment(f"run-{name}", peer, 7, "Write", 1, "Write hello.txt.", str(self.tree), item="item")
        return await self.agents.run(given)


@pytest.fixture
async def desks(tmp_path: Path, nearby: Models) -> AsyncIterator[Desks]:
    made = Desks(tmp_path, nearby)
    yield made
    await made.agents.close()


@pytest.mark.parametrize("name", ["claude", "codex"])
async def test_a_budget_ends_a_run_in_mid_flight(desks: Desks, name: str) -> None:
    """The turn ends as soon as it is used up, with a sleeping command and all; its work lies in the tree."""
    turns = [Turn([Write("hello.txt", "hello\n")], "A file.", FIRST), Turn([Run("sleep 600")], billed=FIRST)]
    outcome = await desks.run(name, Scenario(turns), Limits(60, 60, tokens=20_000))
    assert outcome.ended == "overspent" and outcome.seconds < 30, outcome
    assert (desks.tree / "hello.txt").exists()
    assert sum(each.total for each in outcome.used) == 2 * 15_431
    assert len(desks.models.record(f"door-{name}").asked) == 2


async def test_nothing_but_the_gateway_is_in_reach(desks: Desks) -> None:
    """With `network = "model-only"` the agent works, and finds neither the real key nor a way past the gateway."""
    if not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    port = desks.models.url.rpartition(":")[2]
    look = f"cat /proc/[0-9]*/environ >seen.txt; (exec 3<>/dev/tcp/127.0.0.1/{port}) || echo shut >shut.txt"
    outcome = await desks.run("claude", Scenario([Turn([Run(look)]), Turn(say="Done.")]), Limits(60, 60), "model-only")
    assert outcome.ended == "finished", outcome
    seen = (desks.tree / "seen.txt").read_text(errors="replace")
    assert DOOR in seen and KEY not in seen
    assert (desks.tree / "shut.txt").exists()


@pytest.mark.parametrize("name", ["claude", "codex"])
async def test_a_provider_that_says_when_is_heard(desks: Desks, name: str) -> None:
    """However the program words it: the run is limited, until the moment the provider named."""
    busy = Turn(say="never", refusals=[Refusal(429, after=3_000)] * 20)
    before = datetime.now(UTC)
    outcome = await asyncio.wait_for(desks.run(name, Scenario([busy]), Limits(60, 60)), 60)
    assert outcome.ended == "limited" and outcome.until, outcome
    assert timedelta(seconds=2_990) < outcome.until - before < timedelta(seconds=3_060)
