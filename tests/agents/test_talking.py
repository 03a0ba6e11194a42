"""Real programs, talked with while they work: the same stories for each that is installed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.agents.sandbox import bubblewrap_works
from bot.agents.seat import Ending
from bot.agents.transcripts import billed
from tests.agents.headless import RECIPES, Desk
from tests.agents.talked import Talked
from tests.agents.test_real_programs import FIRST, SECOND, THIRD, truth
from tests.models.scenario import Delegate, Refusal, Run, Scenario, Turn, Write

pytestmark = pytest.mark.slow
STEERED = ("claude", "codex")
ANEW = "gemini"  # it cannot go on with a session, so each is its first
every_program = pytest.mark.parametrize("name", RECIPES)
every_quick_program = pytest.mark.parametrize("name", [name for name in RECIPES if name != "opencode"])


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The endpoint's network is entered with rights nobody has inside of it."""
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap_works.cache_clear()
    bubblewrap_works()
    monkeypatch.undo()
    yield
    bubblewrap_works.cache_clear()


@every_program
async def test_it_works_and_every_step_is_heard(desk: Desk, name: str) -> None:
    """What it says, what it changes and runs, how it ended, and what it was billed to the token."""
    turns = [
        Turn([Write("hello.txt", "hello\n")], "A file.", FIRST),
        Turn([Run("tr a-z A-Z <hello.txt >loud.txt")], billed=SECOND),
        Turn(say="It is loud.", billed=THIRD),
    ]
    talked = Talked(desk, name, "Write hello.txt and make it loud.", desk.models.play("talk", Scenario(turns)))
    ended = await talked.through()
    assert (ended.ended, ended.code) == ("finished", 0), ended.tail
    assert (desk.tree / "loud.txt").read_text() == "HELLO\n"
    assert talked.driver.ending == Ending("finished", "It is loud.")
    assert [each.text.rstrip() for each in talked.heard("message")] == ["A file.", "It is loud."]
    assert [each.kind for each in talked.events][:: len(talked.events) - 1] == ["started", "finished"]
    changed, ran = talked.targets()
    assert changed == "hello.txt" and "tr a-z A-Z" in ran
    assert billed(name, desk.home) == truth(desk.models.record("talk"))


@pytest.mark.parametrize("name", STEERED)
async def test_what_a_person_says_meanwhile_reaches_the_model(desk: Desk, name: str) -> None:
    """While a tool runs it is told something, and the model hears it with the tool's result."""
    turns = [Turn([Run("while [ ! -e told ]; do sleep 0.05; done")]), Turn(say="As you like.")]
    talked = Talked(desk, name, "Wait.", desk.models.play("steered", Scenario(turns)))
    running = asyncio.create_task(talked.through())
    await talked.until_a_tool_runs()
    assert talked.driver.tell("Use tabs, please.")
    (desk.tree / "told").write_text("")
    ended = await running
    assert ended.code == 0, ended.tail
    assert "Use tabs, please." in str(desk.models.record("steered").asked[-1].request)


async def test_claude_hears_what_is_said_while_it_speaks_its_last_word(desk: Desk) -> None:
    """Told when no tool follows any more, it answers in a turn of its own before it ends."""
    turns = [Turn([Run("true")]), Turn(say="Done.", delay=2), Turn(say="Tabs it is.")]
    talked = Talked(desk, "claude", "Do it.", desk.models.play("late", Scenario(turns)))
    running = asyncio.create_task(talked.through())
    while len(desk.models.record("late").asked) < 2:
        await asyncio.sleep(0.05)
    assert talked.driver.tell("Use tabs, please.")
    await running
    assert "Use tabs, please." in desk.models.record("late").said()


async def test_claudes_sub_agents_are_waited_for(desk: Desk) -> None:
    """One works behind its back: it is not cut off, what it asks is answered, and the last word counts."""
    helper = Delegate("Note it.", [Turn([Write("../note.txt", "so\n")]), Turn(say="Noted.")], background=True)
    turns = [Turn([helper]), Turn(say="I wait."), Turn(say="It is noted.")]
    talked = Talked(desk, "claude", "Have it noted.", desk.models.play("helped", Scenario(turns)))
    ended = await talked.through()
    assert ended.code == 0, ended.tail
    assert talked.driver.ending == Ending("finished", "It is noted.")
    assert (desk.folder / "note.txt").exists() and talked.heard("asked")
    assert [each.kind for each in talked.events if each.kind in ("started", "finished")] == ["started", "finished"]
    record = desk.models.record("helped")
    assert "Co-Authored-By" not in record.said()
    assert "AskUserQuestion" not in record.asked[0].request.tools


@every_program
async def test_it_is_interrupted_and_goes_on_in_another_process(desk: Desk, name: str) -> None:
    """The command it ran is over at once; the session goes on where it was."""
    talked = Talked(desk, name, "Wait.", desk.models.play("long", Scenario([Turn([Run("sleep 600")])])))
    running = asyncio.create_task(talked.through())
    await talked.until_a_tool_runs()
    talked.driver.interrupt()
    ended = await running
    assert ended.seconds < 30 and talked.driver.ending and talked.driver.ending.failure == "interrupted"
    url = desk.models.play("on", Scenario([Turn(say="Going on.")] * 4))
    again = Talked(desk, name, "Go on.", url, talked.driver.session)
    await again.through()
    assert again.driver.ending == Ending("finished", "Going on.")
    assert again.driver.session == talked.driver.session or name == ANEW


@every_quick_program
async def test_a_model_that_says_to_wait_is_no_failure(desk: Desk, name: str) -> None:
    """Too many calls: the run is limited, not failed, and where the program tells that it tries again, it is heard."""
    busy = Scenario([Turn(refusals=[Refusal(429, after=1, why="Rate limit reached for requests.")] * 20)])
    talked = Talked(desk, name, "Write hello.txt.", desk.models.play("busy", busy))
    await talked.through()
    assert talked.driver.ending and talked.driver.ending.how == "limited"
    assert talked.heard("notice") or name not in STEERED


async def test_codex_tells_when_a_subscription_has_something_left_again(desk: Desk) -> None:
    """All of it is used up: the run waits until the provider says, and the model is not asked again before."""
    gone = Scenario([Turn(refusals=[Refusal(429, after=7_200, used_up=True)] * 20)])
    talked = Talked(desk, "codex", "Write hello.txt.", desk.models.play("gone", gone))
    before = datetime.now(UTC)
    await talked.through()
    ending = talked.driver.ending
    assert ending and ending.how == "limited" and ending.until
    assert abs(ending.until - before - timedelta(hours=2)) < timedelta(minutes=1)
    assert len(desk.models.record("gone").asked) == 1


@every_program
async def test_a_wrong_key_is_a_failed_login(desk: Desk, name: str) -> None:
    """Nothing is done, and the failure's class says whose business it is."""
    shut = Scenario([Turn(refusals=[Refusal(401, why="Incorrect API key provided.")] * 20)])
    talked = Talked(desk, name, "Write hello.txt.", desk.models.play("shut", shut))
    await talked.through()
    assert talked.driver.ending and (talked.driver.ending.how, talked.driver.ending.failure) == ("failed", "login")


@every_quick_program
async def test_a_session_it_does_not_know_is_told_from_one_it_knows(desk: Desk, name: str) -> None:
    """So that whoever wants to go on with it can start anew."""
    unknown = "01a21775-b23b-7df1-9db1-f69a1c86ddeb"
    talked = Talked(desk, name, "Go on.", desk.models.play("none", Scenario([])), unknown)
    await talked.through()
    assert talked.driver.session == ""


@pytest.mark.parametrize("trusted", [False, True], ids=["as shipped", "trusted by the policy"])
async def test_what_a_repository_would_have_started_is_not(desk: Desk, trusted: bool) -> None:
    """Hooks and servers that the repository's configuration of Claude Code names run only where the policy says so."""
    hook = [{"hooks": [{"type": "command", "command": f"touch {desk.tree}/hooked"}]}]
    (desk.tree / ".claude").mkdir()
    (desk.tree / ".claude/settings.json").write_text(json.dumps({"hooks": {"SessionStart": hook}}))
    server = {"command": "touch", "args": [f"{desk.tree}/served"]}
    (desk.tree / ".mcp.json").write_text(json.dumps({"mcpServers": {"one": server}}))
    url = desk.models.play("hostile", Scenario([Turn([Run("sleep 0.5")]), Turn(say="Done.")]))
    ended = await Talked(desk, "claude", "Work.", url, trusted=trusted).through()
    assert ended.code == 0, ended.tail
    assert [(desk.tree / name).exists() for name in ("hooked", "served")] == [trusted, trusted]
