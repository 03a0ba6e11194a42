"""The main job with real coding agents: a card in Ready ends up Done, and a red gate is mended in the same session."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.tokens import by_model
from tests.agents.headless import KEY
from tests.agents.programs import program
from tests.agents.test_real_programs import truth
from tests.models.scenario import Billed, Edit, Read, Run, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.conftest import MakeWorld

pytestmark = pytest.mark.slow
RUNTIMES = {"claude": "claude", "codex": "codex", "gemini": "acp", "opencode": "acp", "copilot": "acp"}
MODELS = {"codex": "gpt-5.5", "gemini": "gemini-2.5-pro"}  # whose tools the endpoint knows
TEST = """import unittest
import widgets


class Name(unittest.TestCase):
    def test_name(self):
        self.assertEqual(widgets.name(), "widgets")
"""
TESTS = Run("python3 -B -m unittest -q test_widgets")
FIRST = [
    Turn([Read("widgets.py")], billed=Billed(900, 100, 50, 0, 30)),
    Turn([Edit("widgets.py", "    return 'widgts'\n", "    return 'widgetts'\n"), Write("test_name.py", TEST)]),
    Turn([TESTS]),
    Turn([Run("git add -A && git commit -qm 'Spell the name'")]),
    Turn(say="The name is spelled right."),
]
SECOND = [
    Turn([Edit("widgets.py", "    return 'widgetts'\n", "    return 'widgets'\n")], billed=Billed(70, 2_000, 0, 0, 40)),
    Turn(say="Now it is."),
]


def peer(name: str, url: str, **more: Any) -> dict[str, Any]:
    """As a user would name it in the settings."""
    return {
        "runtime": RUNTIMES[name],
        "command": program(name),
        "model": MODELS.get(name, ""),
        "api_key": KEY,
        "api_url": url,
        **more,
    }


@pytest.mark.parametrize("name", ["claude", "codex"])
async def test_a_red_gate_is_mended_in_the_same_session(name: str, make_world: MakeWorld, nearby: Models) -> None:
    """Worktree, edits, tests, a commit of its own, pull request, red check, mended, green, merged, closed out."""
    url = nearby.play(f"life-{name}", Scenario(FIRST + SECOND))
    world = await make_world(peers={"robin": peer(name, url)})
    item = await world.add_issue("Spell the name", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert (await world.pull(item))["commits"] == 2
    record = nearby.record(f"life-{name}")
    main = [asked for asked in record.asked if asked.branch == "main"]
    assert [asked.request.turn for asked in main] == list(range(7)), "one session"
    assert "test_name" in main[5].request.user[-1] and not record.strays

    spent = await world.service.ledger.spent()
    assert by_model(each.tokens for each in spent) == truth(record)
    assert {each.source.partition("-")[0] for each in spent} == {"gateway"}

    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert "return 'widgets'" in (await world.file("widgets.py") or "")
    assert world.worktrees() == [] and not list((world.folder / "data/homes").iterdir())
