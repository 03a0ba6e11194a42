"""Real programs, talked with while they work: the same stories for each that is installed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from skills_ref import read_properties

from bot.agents import skills
from bot.agents.launcher import Exit
from bot.agents.permits import Permits
from bot.agents.sandbox import bubblewrap_works
from bot.agents.seat import Ending
from bot.agents.transcripts import billed
from bot.core.permission import Said, question_of
from bot.core.spend import cost_of
from bot.prices import price_of
from tests.agents.desk import Desk, truth
from tests.agents.gatekeeper import door
from tests.agents.programs import FOUND
from tests.agents.talked import Talked
from tests.models.scenario import Billed, Delegate, Edit, Read, Refusal, Run, Scenario, Turn, Write
from tests.models.serving import Models

pytestmark = pytest.mark.slow
FIRST, SECOND, THIRD = Billed(11, 120, 1_300, 0, 14_000, 150), Billed(2, 30, 400, 0, 5_000), Billed(600, 0, 0, 0, 70, 7)
SKILLS = sorted(skills.folder().iterdir())
STEERED = ("claude", "codex")
WAIT = Run("while [ ! -e told ]; do sleep 0.05; done")
ANEW = "gemini"  # it cannot go on with a session, so each is its first
every_program = pytest.mark.parametrize("name", FOUND)
# opencode takes six seconds of a processor for each start: two stories of its own must do, one here and a whole life
every_quick_program = pytest.mark.parametrize("name", [name for name in FOUND if name != "opencode"])


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
    """What it says, what it changes and runs, how it ended, and what it was billed to the token; it knows the skills in
    its home, bears its key, and asks a busy model again."""
    skills.lay(desk.home)
    (desk.tree / "notes.txt").write_text("one\ntwo\nthree\n")
    busy = [Refusal(529), Refusal(429, after=1)] if name in STEERED else []
    turns = [
        Turn([Read("notes.txt")], billed=THIRD),
        Turn([Edit("notes.txt", "two\n", "2\n"), Write("hello.txt", "hello\n")], "A file.", FIRST, refusals=busy),
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
    assert (desk.tree / "notes.txt").read_text() == "one\n2\nthree\n"
    assert {"notes.txt", "hello.txt"} < set(talked.targets()) and "tr a-z A-Z" in talked.targets()[-1]
    record = desk.models.record("talk")
    assert billed(name, desk.home) == truth(record) and not record.strays
    assert all(desk.key in " ".join(each.headers.values()) for each in record.asked)
    assert [each.name for each in SKILLS if read_properties(each).description[:60] not in str(record)] == []


async def test_what_a_person_says_meanwhile_reaches_codex(desk: Desk) -> None:
    """While a tool runs it is told something, and the model hears it with the tool's result."""
    turns = [Turn([WAIT]), Turn(say="As you like.")]
    talked = Talked(desk, "codex", "Wait.", desk.models.play("steered", Scenario(turns)))
    running = await told_while_a_tool_runs(talked)
    ended = await running
    assert ended.code == 0, ended.tail
    assert "Use tabs, please." in str(desk.models.record("steered").asked[-1].request)


async def test_claude_hears_what_is_said_until_its_last_word(desk: Desk) -> None:
    """With the result of the tool that runs; told when no tool follows any more, it answers in a turn of its own."""
    turns = [Turn([WAIT]), Turn(say="Done.", delay=2), Turn(say="Four wide it is.")]
    talked = Talked(desk, "claude", "Do it.", desk.models.play("late", Scenario(turns)))
    running = await told_while_a_tool_runs(talked)
    while len(desk.models.record("late").asked) < 2:
        await asyncio.sleep(0.05)
    assert talked.driver.tell("Four wide, please.")
    ended = await running
    assert ended.code == 0, ended.tail
    second, third = desk.models.record("late").asked[1:3]
    assert "Use tabs, please." in str(second.request) and "Four wide, please." not in str(second.request)
    assert "Four wide, please." in str(third.request)


async def told_while_a_tool_runs(talked: Talked) -> asyncio.Task[Exit]:
    running = asyncio.create_task(talked.through())
    await talked.until_a_tool_runs()
    assert talked.driver.tell("Use tabs, please.")
    (talked.desk.tree / "told").write_text("")
    return running


async def test_claudes_sub_agents_are_waited_for_and_on_the_list(desk: Desk) -> None:
    """One works behind its back: it is not cut off, what it asks is answered, and the last word counts. All tokens
    count, those kept in the cache for an hour apart, and the money it tells of agrees to the last digit."""
    counts = Delegate("Count the files.", [Turn([Run("ls | wc -l")], billed=FIRST), Turn(say="One.", billed=SECOND)])
    notes = Delegate("Note it.", [Turn([Write("../note.txt", "so\n")]), Turn(say="Noted.")], background=True)
    kept = Billed(1, 2, 30, 20, 4)
    turns = [Turn([counts], billed=kept), Turn([notes], billed=THIRD), Turn(say="I wait."), Turn(say="It is noted.")]
    talked = Talked(desk, "claude", "Have them noted.", desk.models.play("helped", Scenario(turns)))
    ended = await talked.through()
    assert ended.code == 0, ended.tail
    assert talked.driver.ending == Ending("finished", "It is noted.")
    assert (desk.folder / "note.txt").exists() and talked.heard("asked")
    assert [each.kind for each in talked.events if each.kind in ("started", "finished")] == ["started", "finished"]
    record = desk.models.record("helped")
    assert "Co-Authored-By" not in record.said()
    assert "AskUserQuestion" not in record.asked[0].request.tools
    assert [each.branch for each in record.asked[:4]] == ["main", counts.prompt, counts.prompt, "main"]
    assert billed("claude", desk.home) == truth(record)
    told = [json.loads(line) for line in (desk.folder / "log").read_text().splitlines() if '"total_cost_usd"' in line]
    assert told[-1]["total_cost_usd"] == pytest.approx(cost_of(billed("claude", desk.home), price_of), rel=1e-9)


@every_quick_program
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


@every_quick_program
async def test_a_wrong_key_is_a_failed_login(desk: Desk, name: str) -> None:
    """Nothing is done, and the failure's class says whose business it is."""
    shut = Scenario([Turn(refusals=[Refusal(401, why="Incorrect API key provided.")] * 20)])
    talked = Talked(desk, name, "Write hello.txt.", desk.models.play("shut", shut))
    await talked.through()
    assert talked.driver.ending and (talked.driver.ending.how, talked.driver.ending.failure) == ("failed", "login")


@pytest.mark.parametrize("name", ["gemini", "copilot"])
async def test_who_may_ask_no_more_ends_at_once(desk: Desk, name: str) -> None:
    """Each takes the answer for final: it asks once more, and not again; the others' runs are stopped."""
    turns = [Turn([Write("hello.txt", "hello\n")], "A file.", FIRST), Turn(say="never")]
    with door(desk.models, desk.models.play("final", Scenario(turns)), desk.key, tokens=10_000) as gate:
        talked = Talked(replace(desk, key=gate.key), name, "Write hello.txt.", gate.url)
        await talked.through()
    assert talked.driver.ending and talked.driver.ending.how != "finished" and (desk.tree / "hello.txt").exists()
    assert (gate.calls, gate.refused) == (1, 1)


@every_quick_program
async def test_a_session_it_does_not_know_is_told_from_one_it_knows(desk: Desk, name: str) -> None:
    """So that whoever wants to go on with it can start anew."""
    unknown = "01a21775-b23b-7df1-9db1-f69a1c86ddeb"
    talked = Talked(desk, name, "Go on.", desk.models.play("none", Scenario([])), unknown)
    await talked.through()
    assert talked.driver.session == ""


@pytest.mark.parametrize("name", STEERED)
async def test_a_command_waits_for_a_persons_word(desk: Desk, name: str) -> None:
    """By `ask` it changes files, and its turn ends with the command it would run; in the same session it then does."""
    make = Run("""python3 -c "open('made.txt', 'w')" """.strip())
    outside = Write("../home/hello.txt", "hello\n")
    turns = [Turn([Write("hello.txt", "hello\n")]), Turn([outside]), *[Turn([make])] * 3, *[Turn(say="Made.")] * 2]
    url, permits = desk.models.play("asks", Scenario(turns)), Permits("ask", roots=(desk.tree,))
    talked = Talked(desk, name, "Make it.", url, permits=permits)
    await talked.through()
    command = talked.heard("asked")[-1].target
    assert "made.txt" in command and permits.question == question_of(command)
    assert [each.text for each in talked.heard("answered")][-2:] == ["refused", "a person is asked"]
    assert (desk.tree / "hello.txt").exists() and not (desk.tree / "made.txt").exists()
    assert not (desk.home / "hello.txt").exists()

    granted = Permits("ask", Said(yes=frozenset([command])), (desk.tree,))
    again = Talked(desk, name, "Yes.", url, talked.driver.session, permits=granted)
    await again.through()
    assert again.driver.ending == Ending("finished", "Made.") and (desk.tree / "made.txt").exists()


async def test_what_a_repository_starts_where_its_policy_says_so(desk: Desk) -> None:
    """Hooks and servers that the repository's configuration of Claude Code names run; unasked, as every whole life
    shows, they do not."""
    hook = [{"hooks": [{"type": "command", "command": f"touch {desk.tree}/hooked"}]}]
    (desk.tree / ".claude").mkdir()
    (desk.tree / ".claude/settings.json").write_text(json.dumps({"hooks": {"SessionStart": hook}}))
    server = {"command": "touch", "args": [f"{desk.tree}/served"]}
    (desk.tree / ".mcp.json").write_text(json.dumps({"mcpServers": {"one": server}}))
    url = desk.models.play("trusted", Scenario([Turn([Run("sleep 0.5")]), Turn(say="Done.")]))
    ended = await Talked(desk, "claude", "Work.", url, trusted=True).through()
    assert ended.code == 0, ended.tail
    assert [(desk.tree / name).exists() for name in ("hooked", "served")] == [True, True]


def test_a_stray_packet_is_counted(models: Models) -> None:
    """What is meant for elsewhere does not get out, and is seen: the other tests' silence means something."""
    if not models.inside:
        pytest.skip("no network namespace can be made here, so packets to elsewhere are not noticed")
    before = models.strays()
    call = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 443), 5)"]
    assert subprocess.run([*models.inside, *call], capture_output=True, check=False).returncode != 0
    assert models.strays() > before
