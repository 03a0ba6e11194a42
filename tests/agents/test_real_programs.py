"""Real coding agents work against the scripted endpoint: the same stories for each that is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.agents.transcripts import billed
from bot.core.spend import cost_of
from bot.core.tokens import Tokens, since
from bot.prices import price_of
from tests.agents.headless import KEY, RECIPES, Desk
from tests.models.record import Record
from tests.models.scenario import Billed, Delegate, Edit, Read, Refusal, Run, Scenario, Turn, Write
from tests.models.serving import Models

pytestmark = pytest.mark.slow
every_program = pytest.mark.parametrize("name", RECIPES)
SLOW_TO_RETURN = ("gemini", "opencode")  # they wait for seconds, whatever they are told
FIRST, SECOND, THIRD = Billed(11, 120, 1_300, 0, 14_000, 150), Billed(2, 30, 400, 0, 5_000), Billed(600, 0, 0, 0, 70, 7)


@every_program
def test_it_works_and_its_transcript_tells_what_was_billed(desk: Desk, name: str) -> None:
    """Files are changed and written, a command runs, every request bears the key, and every token is told."""
    (desk.tree / "notes.txt").write_text("one\ntwo\nthree\n")
    turns = [
        Turn([Read("notes.txt")], billed=THIRD),
        Turn([Edit("notes.txt", "two\n", "2\n"), Write("hello.txt", "hello\n")], "A file.", FIRST),
        Turn([Run("tr a-z A-Z <hello.txt >loud.txt")], billed=SECOND),
        Turn(say="Both files are there.", billed=THIRD),
    ]
    ended = desk.run(name, "Write hello.txt and make it loud.", desk.models.play("plain", Scenario(turns)))
    assert ended.code == 0, ended.errors
    assert (desk.tree / "loud.txt").read_text() == "HELLO\n"
    assert (desk.tree / "notes.txt").read_text() == "one\n2\nthree\n"
    record = desk.models.record("plain")
    assert [each.request.turn for each in record.asked] == [0, 1, 2, 3]
    assert all(KEY in " ".join(each.headers.values()) for each in record.asked)
    assert "Write hello.txt and make it loud." in record.asked[0].request.opening
    assert billed(name, desk.home) == truth(record)


@every_program
def test_a_session_goes_on_though_the_model_is_busy(desk: Desk, name: str) -> None:
    """It is asked again until it answers, and only what the session added is new in the transcript."""
    turns = [Turn(say="Yes?", billed=FIRST)]
    begun = desk.run(name, "Wait for me.", desk.models.play("begun", Scenario(turns)))
    before = billed(name, desk.home)

    busy = [Refusal(429, after=1)] if name in SLOW_TO_RETURN else [Refusal(529), Refusal(429, after=1)]
    turns += [
        Turn([Write("a.txt", "a\n"), Write("b.txt", "b\n")], "Two.", SECOND, refusals=busy),
        Turn(billed=THIRD, say="Done."),
    ]
    resumed = desk.run(name, "Write two files.", desk.models.play("busy", Scenario(turns)), resume=begun.session)
    assert resumed.code == 0, resumed.errors
    assert (desk.tree / "b.txt").read_text() == "b\n"
    record = desk.models.record("busy")
    assert [each.status for each in record.asked] == [*(refusal.status for refusal in busy), 200, 200]
    assert since(before, billed(name, desk.home)) == truth(record)


@every_program
def test_a_wrong_key_is_an_error(desk: Desk, name: str) -> None:
    """Nothing is done, and the program's end says so."""
    asked = desk.models.play("shut", Scenario([Turn(refusals=[Refusal(401)] * 9)]))
    assert desk.run(name, "Write hello.txt.", asked).code != 0
    assert {each.status for each in desk.models.record("shut").asked} == {401}
    assert billed(name, desk.home) == ()


def test_claudes_sub_agents_are_billed(desk: Desk) -> None:
    """A sub-agent's tokens count, those kept in the cache for an hour apart."""
    helper = Delegate("Count the files.", [Turn([Run("ls | wc -l")], billed=FIRST), Turn(say="One.", billed=SECOND)])
    hour = Billed(1, 2, 30, 20, 4)
    asked = desk.models.play("helped", Scenario([Turn([helper], billed=hour), Turn(say="One file.", billed=THIRD)]))
    assert desk.run("claude", "How many files?", asked).code == 0
    record = desk.models.record("helped")
    assert [each.branch for each in record.asked] == ["main", helper.prompt, helper.prompt, "main"]
    assert billed("claude", desk.home) == truth(record)


def test_claude_and_the_list_of_prices_agree(desk: Desk) -> None:
    """What the program says that it cost is what its transcript costs by the list, to the last digit."""
    helper = Delegate("Count the files.", [Turn([Run("ls | wc -l")], billed=FIRST), Turn(say="One.", billed=SECOND)])
    turns = [Turn([helper], billed=Billed(1, 2, 30, 20, 4)), Turn(say="One file.", billed=THIRD)]
    ended = desk.run("claude", "How many files?", desk.models.play("priced", Scenario(turns)))
    said = [event["total_cost_usd"] for event in ended.events if event.get("type") == "result"]
    assert said[-1] == pytest.approx(cost_of(billed("claude", desk.home), price_of), rel=1e-9)


def test_a_stray_packet_is_counted(models: Models) -> None:
    """What is meant for elsewhere does not get out, and is seen: the other tests' silence means something."""
    if not models.inside:
        pytest.skip("no network namespace can be made here, so packets to elsewhere are not noticed")
    before = models.strays()
    call = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 443), 5)"]
    assert subprocess.run([*models.inside, *call], capture_output=True, check=False).returncode != 0
    assert models.strays() > before


def truth(record: Record) -> tuple[Tokens, ...]:
    """What the endpoint says it billed, counted as Sluice counts."""
    return tuple(
        Tokens(
            model,
            input_total=sum((each.input, each.cache_read, each.cache_write)),
            cache_read=each.cache_read,
            cache_write=each.cache_write,
            cache_write_1h=each.cache_write_1h,
            output=each.output,
        )
        for model, each in sorted(record.billed(asides=False).items())
    )
