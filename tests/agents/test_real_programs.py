"""Real coding agents work against the scripted endpoint: the same stories for each that is installed."""

from __future__ import annotations

import pytest

from tests.agents.headless import KEY, RECIPES, Desk
from tests.models.scenario import Refusal, Run, Scenario, Turn, Write

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("name", RECIPES)]


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


def test_a_wrong_key_is_an_error(desk: Desk, name: str) -> None:
    """Nothing is done, and the program's end says so."""
    asked = desk.models.play("shut", Scenario([Turn(refusals=[Refusal(401)] * 9)]))
    assert desk.run(name, "Write hello.txt.", asked).code != 0
    assert desk.models.record("shut").billed() == {}
