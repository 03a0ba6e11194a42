"""The main job with real coding agents: a card in Ready ends up Done, and a red gate is mended in the same session."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.tokens import by_model
from tests.agents.booby import FILES, sprung
from tests.agents.desk import KEY, truth
from tests.agents.programs import program
from tests.agents.talked import MODELS
from tests.models.scenario import Billed, Delegate, Edit, Read, Run, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice
from tests.stories.test_sigterm import serve, until

pytestmark = pytest.mark.slow
both = pytest.mark.parametrize("name", ["claude", "codex"])
RUNTIMES = {"claude": "claude", "codex": "codex", "gemini": "acp", "opencode": "acp", "copilot": "acp"}
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

# A program whose sessions cannot be gone on with starts anew, is told what came before, and reads the file again.
ANEW = Turn([Delegate("# The work came back", [Turn([Read("widgets.py")]), *SECOND])])
STARTS_ANEW = ("gemini",)


def peer(name: str, url: str, **more: Any) -> dict[str, Any]:
    """As a user would name it in the settings."""
    return {
        "runtime": RUNTIMES[name],
        "command": program(name),
        "model": MODELS.get(name, ""),
        "api_key": KEY,
        "api_url": url,
        "network": "model-only",  # nothing else is in reach of it: no packet can leave this machine
        **more,
    }


@pytest.mark.parametrize("name", RUNTIMES)
async def test_a_red_gate_is_mended_in_the_same_session(name: str, make_world: MakeWorld, nearby: Models) -> None:
    """Worktree, edits, tests, a commit of its own, pull request, red check, mended, green, merged, closed out. What the
    repository would have had the program start beside it is not started, and whose work each commit is stands in it."""
    url = nearby.play(f"life-{name}", Scenario([*FIRST, *SECOND, ANEW]))
    world = await make_world(peers={"robin": peer(name, url)}, files=FILES)
    item = await world.add_issue("Spell the name", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    pull = await world.pull(item)
    assert (pull["commits"], pull["changed_files"], sprung(world.folder / "data/homes")) == (2, 2, [])
    assert not list((world.folder / "data/homes").glob("*/*/home/.cache/copilot/*")), "235 MB are kept with each item"
    for at, commit in enumerate(await world.rest("ann", "GET", f"{{repo}}/pulls/{pull['number']}/commits"), 1):
        told = dict(line.split(": ", 1) for line in commit["commit"]["message"].splitlines() if ": " in line)
        [model] = {asked.request.model for asked in nearby.record(f"life-{name}").asked}
        assert told["Sluice-Run"] and (told["Sluice-Agent"], told["Sluice-Round"]) == ("robin", str(at))
        assert (told["Sluice-Runtime"], told["Sluice-Model"]) == (RUNTIMES[name], model)
    record = nearby.record(f"life-{name}")
    main = [asked for asked in record.asked if asked.branch != "aside"]
    anew = [*range(5), *range(3)]
    assert [asked.request.turn for asked in main] == (anew if name in STARTS_ANEW else list(range(7)))
    assert "test_name" in main[5].request.user[-1] and not record.strays

    assert all(KEY in " ".join(asked.headers.values()) for asked in record.asked), "the run's own key stays here"
    spent = await world.service.ledger.spent()
    assert by_model(each.tokens for each in spent) == truth(record)
    assert {each.source.partition("-")[0] for each in spent} == {"gateway"}

    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert "return 'widgets'" in (await world.file("widgets.py") or "")
    assert world.worktrees() == [] and not list((world.folder / "data/homes").iterdir())


HOLD = Run("touch held.txt; while [ ! -e done.txt ]; do sleep 0.1; done; rm done.txt")
HELD = [Turn([Read("widgets.py")]), Turn([Write("half.txt", "half\n")]), Turn([HOLD])]
# Whoever was cut off in a turn counts it in another way than we do: what mends may come once or twice.
MENDED = [Turn([Run("sed -i s/widgts/widgets/ widgets.py")])] * 2 + [Turn(say="Done after all.")] * 2


@both
async def test_a_killed_sluice_goes_on_with_the_session(name: str, make_world: MakeWorld, nearby: Models) -> None:
    """Killed with -9 in the middle of a command of the agent's: nothing of it lives on, and the next start goes on.
    What the agent was told meanwhile, and may have had no time to hear, it is told then, once and whole."""
    url = nearby.play(f"killed-{name}", Scenario(HELD + MENDED))
    world = await make_world()
    await world.stop()
    config = world.write_config(peers={"robin": peer(name, url)})
    item = await world.add_issue("Spell the name", edits=False)
    process = await serve(config)
    await until(lambda: any((tree / "held.txt").exists() for tree in world.worktrees()))
    await world.comment(item, "/sluice tell Mind the tests,\n\n- all of them", by="ann")
    await world.until_reacted(item, "+1")
    process.kill()
    await process.wait()
    await until(lambda: not _alive(world.folder / "data"))
    process = await serve(config)
    try:
        async with asyncio.timeout(120):
            while await world.column(item) != "In Review":
                await asyncio.sleep(0.1)
    finally:
        process.terminate()
        await process.wait()
    head = (await world.pull(item))["head"]["sha"]
    assert await world.file("half.txt", head) == "half\n"
    assert "return 'widgets'" in (await world.file("widgets.py", head) or "")
    assert went_on(nearby, f"killed-{name}")
    last = [asked for asked in nearby.record(f"killed-{name}").asked if asked.branch == "main"][-1]
    assert "\n".join(last.request.user).count("Mind the tests,\n\n- all of them") == 1
    [used] = (await sluice("usage", "--json", config=config)).json["usage"]
    [billed] = truth(nearby.record(f"killed-{name}"))
    assert (used["tokens"], used["runs"]) == (billed.total, 1), "counted twice, or lost"
    log = (await sluice("run", "show", f"#{item.number}", config=config)).out
    assert f"{billed.input_total:,} tokens read, {billed.output:,} written" in " ".join(log.split())


async def test_who_is_paused_goes_on_where_it_was(make_world: MakeWorld, nearby: Models) -> None:
    """A pause ends the agent and keeps its work; resumed, it is told so in the same session."""
    url = nearby.play("paused", Scenario(HELD + MENDED))
    world = await make_world(peers={"robin": peer("claude", url)})
    item = await world.add_issue("Spell the name", edits=False)
    await world.until_working(item)
    await until(lambda: _asked(nearby, "paused") == len(HELD))
    await world.comment(item, "/sluice pause", by="ann")
    await world.settle()
    assert not _alive(world.folder / "data") and "paused" in await world.reason(item)
    assert [(tree / "half.txt").read_text() for tree in world.worktrees()] == ["half\n"]
    await world.comment(item, "/sluice resume", by="ann")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert went_on(nearby, "paused")


def went_on(models: Models, name: str) -> bool:
    """The session was gone on with where it was, and nothing was asked twice."""
    turns = [asked.request.turn for asked in models.record(name).asked if asked.branch == "main"]
    return turns == sorted(set(turns)) and turns[: len(HELD)] == list(range(len(HELD)))


def _asked(models: Models, name: str) -> int:
    return sum(asked.branch == "main" for asked in models.record(name).asked)


def _alive(root: Path) -> list[int]:
    """What was started for this Sluice and is there still."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("SLUICE_ROOT") == str(root.resolve()) and process.status() != "zombie":
                found.append(process.pid)
    return found
