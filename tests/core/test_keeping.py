"""The fields a board keeps for people: they say what is known, and are left alone when they say it already."""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import ShowField
from bot.core.board import Kept
from bot.core.item import Face
from bot.core.keeping import keep_fields
from bot.core.snapshot import Snapshot
from tests.core.facts import outcome, policy, pull, run, snapshot

ALL = Kept("Agent", "Attempts", "Cost", "Result")


def worked(**changed: object) -> Snapshot:
    over = replace(run(), outcome=replace(outcome(), cost_usd=0.5), attempts=1)
    return snapshot("In Review", **{"policy": policy(), "kept": ALL, "runs": (over,), "pull": pull(), **changed})


def test_they_say_who_worked_how_often_at_what_cost_with_what_result() -> None:
    """A restart counts as another attempt, as people count it."""
    s = worked()
    assert s.pull
    wanted = {"Agent": s.runs[0].peer, "Attempts": "2", "Cost": "0.5", "Result": s.pull.url}
    assert {each.field: each.value for each in keep_fields(s)} == wanted


def test_nothing_is_written_twice() -> None:
    """Only what differs is written; names count without regard to case, as on GitHub."""
    first = worked()
    said = {each.field.upper(): each.value for each in keep_fields(first)} | {"ATTEMPTS": "1"}
    assert keep_fields(worked(face=Face("In Review", False, said))) == (ShowField("Attempts", "2"),)


def test_what_is_not_known_is_not_said() -> None:
    """Without a cost, without a pull request, without a field for it: nothing; and nothing before an agent worked."""
    unknown = replace(worked(), pull=None, runs=(replace(run(), outcome=None),))
    assert {each.field: each.value for each in keep_fields(unknown)} == {"Agent": "claude", "Attempts": "1"}
    assert keep_fields(worked(kept=Kept(attempts="Tries"))) == (ShowField("Tries", "2"),)
    assert keep_fields(worked(runs=())) == ()


def test_nothing_is_written_where_all_stands_still() -> None:
    """In preview, when everything is paused, and on an archived card."""
    for still in (
        {"policy": policy(mode="preview")},
        {"paused_all_by": "mona"},
        {"face": Face("In Review", True)},
        {"face": None},
    ):
        assert keep_fields(worked(**still)) == ()
