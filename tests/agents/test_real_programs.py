"""Real coding agents work against the scripted endpoint: the same stories for each that is installed."""

from __future__ import annotations

import pytest

from bot.agents.transcripts import billed
from bot.core.tokens import Tokens, since
from tests.agents.headless import KEY, RECIPES, Desk
from tests.models.record import Record
from tests.models.scenario import Billed, Delegate, Refusal, Run, Scenario, Turn, Write

pytestmark = pytest.mark.slow
every_program = pytest.mark.parametrize("name", RECIPES)
FIRST, SECOND, THIRD = Billed(11, 120, 1_300, 0, 14_000, 150), Billed(2, 30, 400, 0, 5_000), Billed(600, 0, 0, 0, 70, 7)


@every_program
def test_it_edits_and_runs_and_ends(desk: Desk, name: str) -> None:
    """A file is written, a command runs on it, and every request bears the key."""
    asked = desk.models.play("plain", Scenario([
        Turn([Write("hello.txt", "hello\n")]),
        Turn([Run("tr a-z A-Z <hello.txt >loud.txt")]),
        Turn(say="Both files are there."),
    ]))  # fmt: skip
    ended = desk.run(name, "Write hello.txt and make it loud.", asked)
    assert ended.code == 0, ended.errors
    assert (desk.tree / "loud.txt").read_text() == "HELLO\n"
    record = desk.models.record("plain")
    assert [each.request.turn for each in record.asked if each.branch == "main"] == [0, 1, 2]
    assert all(KEY in " ".join(each.headers.values()) for each in record.asked)
    assert "Write hello.txt and make it loud." in record.asked[0].request.opening


@every_program
def test_a_busy_model_is_asked_again(desk: Desk, name: str) -> None:
    """Overload and a rate limit are waited for, and the work comes to its end."""
    asked = desk.models.play("busy", Scenario([
        Turn([Write("hello.txt", "hello\n")], refusals=[Refusal(529), Refusal(429, after=1)]),
        Turn(say="Written."),
    ]))  # fmt: skip
    ended = desk.run(name, "Write hello.txt.", asked)
    assert ended.code == 0, ended.errors
    assert (desk.tree / "hello.txt").read_text() == "hello\n"
    assert [each.status for each in desk.models.record("busy").asked] == [529, 429, 200, 200]


@every_program
def test_a_wrong_key_is_an_error(desk: Desk, name: str) -> None:
    """Nothing is done, and the program's end says so."""
    asked = desk.models.play("shut", Scenario([Turn(refusals=[Refusal(401)] * 9)]))
    assert desk.run(name, "Write hello.txt.", asked).code != 0
    assert desk.models.record("shut").billed() == {}


@every_program
def test_its_transcript_tells_what_was_billed(desk: Desk, name: str) -> None:
    """To the token, cache and reasoning included, and again after the session was gone on with."""
    turns = [
        Turn([Write("a.txt", "a\n"), Write("b.txt", "b\n")], "Two files.", FIRST),
        Turn(say="Done.", billed=SECOND),
    ]
    begun = desk.run(name, "Write two files.", desk.models.play("told", Scenario(turns)))
    before = billed(name, desk.home)
    assert before == truth(desk.models.record("told"))

    more = Scenario([*turns, Turn(say="Nothing more to do.", billed=THIRD)])
    resumed = desk.run(name, "Anything else?", desk.models.play("told", more), resume=begun.session)
    assert resumed.code == 0, resumed.errors
    assert since(before, billed(name, desk.home)) == truth(desk.models.record("told"))


def test_claudes_sub_agents_are_billed(desk: Desk) -> None:
    """A sub-agent's tokens count, those kept in the cache for an hour apart."""
    helper = Delegate("Count the files.", [Turn([Run("ls | wc -l")], billed=FIRST), Turn(say="One.", billed=SECOND)])
    hour = Billed(1, 2, 30, 20, 4)
    asked = desk.models.play("helped", Scenario([Turn([helper], billed=hour), Turn(say="One file.", billed=THIRD)]))
    assert desk.run("claude", "How many files?", asked).code == 0
    record = desk.models.record("helped")
    assert [each.branch for each in record.asked] == ["main", helper.prompt, helper.prompt, "main"]
    assert billed("claude", desk.home) == truth(record)


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
