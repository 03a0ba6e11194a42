"""The driver of agents that speak ACP, against an honest twin: a player of edit scripts that speaks it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.agents import Launcher
from bot.agents.acp import launch
from bot.agents.launcher import Command, Exit
from bot.agents.permits import Permits
from bot.agents.quirks import Quirks
from bot.agents.scripts import ACP_PLAYER
from bot.agents.seat import Ending, Launch, Seat
from bot.core.events import Event, Kind
from bot.core.permission import Permissions, Said, question_of
from bot.core.run import Limits, Peer

pytestmark = pytest.mark.slow
LIMITS = Limits(wall_seconds=30, stall_seconds=30)


class Desk:
    """One home and one tree; each run of the player is a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tree, self.home = folder, folder / "tree", folder / "home"
        self.tree.mkdir()
        self.home.mkdir()
        self.events: list[Event] = []
        self.permits = Permits()

    def launch(self, *steps: dict[str, Any], session: str = "", quirks: Quirks | None = None) -> Launch:
        script = self.home / "steps.json"
        script.write_text(json.dumps(steps))
        program = (sys.executable, "-I", "-S", str(ACP_PLAYER), str(script))
        return self.launch_program(program, session, quirks or Quirks())

    def launch_program(self, program: tuple[str, ...], session: str = "", quirks: Quirks | None = None) -> Launch:
        seat = Seat(Peer("robin", "acp"), program, self.tree, self.home, "Fix the typo.", session, permits=self.permits)
        return launch(seat, self.events.append, quirks or Quirks())

    async def through(self, launched: Launch) -> Exit:
        command = Command(
            launched.argv,
            self.tree,
            "k",
            self.folder / "log",
            LIMITS,
            launched.env,
            talk=launched.driver,
            home=self.home,
            writable=(self.tree,),
            readable=(ACP_PLAYER.parent,),
        )
        return await Launcher(self.folder / "root").run(command)

    async def until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            await asyncio.sleep(0.01)

    def heard(self, *kinds: Kind) -> list[tuple[str, str]]:
        return [(each.text, each.target) for each in self.events if each.kind in kinds]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_turn_from_the_brief_to_the_end(desk: Desk) -> None:
    """What it says in pieces is one message, tools are told once, permission is given, and its last word counts."""
    launched = desk.launch(
        {"say": "First I write the file."},
        {"write": "a.txt", "text": "a\n"},
        {"ask": "run the tests"},
        {"run": "cp a.txt b.txt"},
        {"say": "Both are there."},
    )
    ended = await desk.through(launched)
    assert (ended.ended, ended.code) == ("finished", 0), ended.tail
    assert (desk.tree / "b.txt").read_text() == "a\n"
    assert launched.driver.ending == Ending("finished", "Both are there.")
    assert [(each.kind, each.text, each.target) for each in desk.events] == [
        ("started", "player 1", ""),
        ("message", "First I write the file.", ""),
        ("changed", "write", "a.txt"),
        ("asked", "run the tests", ""),
        ("answered", "allowed", "run the tests"),
        ("tool", "run", "cp a.txt b.txt"),
        ("message", "Both are there.", ""),
        ("usage", "3 read, 1 written, as it says itself", ""),
        ("finished", "Both are there.", ""),
    ]


@pytest.mark.parametrize(
    ("policy", "step", "answer"),
    [
        ("edits", {"write": "a.txt", "text": "a"}, "allowed"),
        ("edits", {"write": "../home/a.txt", "text": "a"}, "refused"),
        ("edits", {"run": "touch b.txt"}, "refused"),
        ("edits", {"ask": "use a tool nobody knows"}, "refused"),
        ("ask", {"run": "touch b.txt"}, "a person is asked"),
        ("ask", {"run": "touch good.txt"}, "allowed"),
        ("ask", {"run": "touch bad.txt"}, "refused"),
    ],
)
async def test_requests_are_answered_by_the_policy(
    desk: Desk, policy: Permissions, step: dict[str, Any], answer: str
) -> None:
    """By what they are about, and for a command by what a person has said; what is not allowed is not done."""
    said = Said(yes=frozenset(["touch good.txt"]), no=frozenset(["touch bad.txt"]))
    desk.permits = Permits(policy, said, (desk.tree,))
    launched = desk.launch({"ask": True, **step}, {"say": "Done."})
    await desk.through(launched)
    assert [text for text, _ in desk.heard("answered")] == [answer]
    assert [each.name for each in desk.tree.iterdir()] == {"allowed": [_made(step)]}.get(answer, [])
    assert desk.permits.question == (question_of(step["run"]) if answer == "a person is asked" else "")
    ending = launched.driver.ending
    assert ending and (ending.how == "finished") is (answer == "allowed")


def _made(step: dict[str, Any]) -> str:
    return str(step.get("write") or step.get("run")).split()[-1]


async def test_it_is_interrupted(desk: Desk) -> None:
    """What it ran is over at once, and so is the program."""
    launched = desk.launch({"run": "sleep 60"})
    running = asyncio.create_task(desk.through(launched))
    await desk.until(lambda: bool(desk.heard("tool")))
    launched.driver.interrupt()
    ended = await running
    assert ended.seconds < 10 and launched.driver.ending == Ending("failed", "", "interrupted")


async def test_interrupted_before_it_has_begun(desk: Desk) -> None:
    """No turn is begun, and nothing is done."""
    launched = desk.launch({"write": "a.txt", "text": "a\n"})
    launched.driver.interrupt()
    await desk.through(launched)
    assert launched.driver.ending == Ending("failed", "", "interrupted") and not (desk.tree / "a.txt").exists()


async def test_what_it_is_told_meanwhile_is_its_next_turn(desk: Desk) -> None:
    """It ends after that turn; before and after its work there is nobody to hear."""
    launched = desk.launch({"run": "while [ ! -e told ]; do sleep 0.01; done"})
    assert not launched.driver.tell("Too early.")
    running = asyncio.create_task(desk.through(launched))
    await desk.until(lambda: bool(desk.heard("tool")))
    assert launched.driver.tell("Use tabs.")
    (desk.tree / "told").touch()
    await running
    assert launched.driver.ending == Ending("finished", "I was told: Use tabs.")
    assert not launched.driver.tell("Too late.")


async def test_a_session_goes_on_in_another_process(desk: Desk) -> None:
    """By its id; one that is not known is a failure of its own, and no session."""
    first = desk.launch({"say": "Done."})
    await desk.through(first)
    second = desk.launch({"say": "Done again."}, session=first.driver.session)
    await desk.through(second)
    assert second.driver.session == first.driver.session == "play-1"
    assert second.driver.ending == Ending("finished", "Done again.")
    third = desk.launch({"say": "Never."}, session="play-9")
    await desk.through(third)
    assert third.driver.session == "" and third.driver.ending and third.driver.ending.how == "failed"


async def test_one_that_cannot_go_on_keeps_no_session(desk: Desk) -> None:
    """Though it says it can: whoever comes back is told everything anew."""
    launched = desk.launch({"say": "Done."}, quirks=Quirks(resumes=False))
    await desk.through(launched)
    assert launched.driver.session == "" and launched.driver.ending == Ending("finished", "Done.")


async def test_it_ends_without_a_word(desk: Desk) -> None:
    """There is no ending, and nobody waits for one."""
    launched = desk.launch({"say": "I go."}, {"exit": 3})
    ended = await desk.through(launched)
    assert (ended.ended, ended.code) == ("finished", 3) and launched.driver.ending is None


@pytest.mark.parametrize(
    "line",
    [
        "npm notice a new version",
        "[1, 2]",
        "{}",
        '{"jsonrpc": "2.0", "id": [1], "result": {}}',
        '{"jsonrpc": "2.0", "id": 2, "error": "no"}',
        '{"jsonrpc": "2.0", "id": "x", "method": "fs/write_text_file", "params": {"path": "/etc/passwd"}}',
        '{"jsonrpc": "2.0", "id": "y", "method": "session/request_permission", "params": {"options": 3}}',
        '{"jsonrpc": "2.0", "method": "session/update", "params": {"update": {"sessionUpdate": "telepathy"}}}',
        '{"jsonrpc": "2.0", "method": "session/update", "params": [1]}',
        '{"jsonrpc": "2.0", "method": "_news", "params": {}}',
        "[" * 100_000,
    ],
    ids=lambda line: line[:60],
)
async def test_rubbish_among_its_lines(desk: Desk, line: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is heard past, without a word in Sluice's own log, and the turn goes on."""
    launched = desk.launch({"print": line}, {"say": "Done."})
    await desk.through(launched)
    assert launched.driver.ending == Ending("finished", "Done.") and not caplog.records


async def test_an_answer_that_is_none(desk: Desk) -> None:
    """It says hello in another language: a failure of its class, in a sentence."""
    hello = 'read line; echo \'{"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "one"}}\'; cat'
    launched = desk.launch_program(("bash", "-c", hello))
    await desk.through(launched)
    assert launched.driver.ending and launched.driver.ending.failure == "protocol"


@pytest.mark.parametrize(
    "why, how, failure",
    [
        ("429 Too Many Requests", "limited", ""),
        ("You exceeded your current quota", "limited", ""),
        ("HTTP 401", "failed", "login"),
        ("Incorrect API key provided", "failed", "login"),
        ("The model is overloaded", "failed", "model"),
    ],
)
async def test_a_failure_has_its_class(desk: Desk, why: str, how: str, failure: str) -> None:
    """A limit waits, a login is for a person, and the rest is counted by what it is."""
    launched = desk.launch({"fail": why})
    await desk.through(launched)
    ending = launched.driver.ending
    assert ending and (ending.how, ending.failure, ending.summary) == (how, failure, why)


async def test_one_that_ends_its_turn_though_it_could_not_ask_its_model(desk: Desk) -> None:
    """Some say so in the midst of the model's words: by its quirks it is a failure all the same."""
    quirks = Quirks(notice="Info: ", error="Error: ")
    launched = desk.launch({"say": "Info: agn"}, {"say": "Error: 401"}, quirks=quirks)
    await desk.through(launched)
    assert launched.driver.ending == Ending("failed", "Error: 401", "login")
    assert desk.heard("notice") == [("Info: agn", "")] and not desk.heard("message")
