"""Sluice's own writes, told from those of the person in whose name it writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.decide import decide
from bot.core.item import Face, Move
from bot.core.own import Deed, Marked, found_out, known_comments, known_moves
from bot.core.wishes import wish
from tests.core.facts import ago, claimed, move, snapshot

ANN = "ann"
STARTED = move("Ready", ANN, 30)
TAKEN = Deed(1, "MoveCard", "In Progress", True, at=ago(20))
SAID = Deed(2, "SayStatus", "**In progress.**", True, "IC_1")
UNHEARD = replace(TAKEN, settled=False, at=None)


def ours(moves: tuple[Move, ...], *deeds: Deed, me: str = ANN) -> list[bool]:
    return [each.ours for each in known_moves(moves, deeds, me)]


def test_a_recorded_move_is_recognised() -> None:
    """By its column and the instant GitHub told, to the second; the same person's other moves are theirs."""
    event = replace(move("In Progress", ANN, 20), at=ago(20) - timedelta(seconds=1))
    assert ours((STARTED, event, move("Ready", ANN, 10)), TAKEN) == [False, True, False]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(move("In Progress", ANN, 5), id="later"),
        pytest.param(move("Needs a person", ANN, 20), id="elsewhere"),
        pytest.param(move("In Progress", "bob", 20), id="somebody-else"),
        pytest.param(move("In Progress", ANN, 20, automated=True), id="automated"),
    ],
)
def test_what_was_not_recorded_is_a_persons(event: Move) -> None:
    """The name alone proves nothing."""
    assert ours((event,), TAKEN) == [False]


def test_a_record_stands_for_one_move() -> None:
    """A person who repeats Sluice's move within the minute is heard: the nearer event is Sluice's, the other theirs."""
    again = replace(move("In Progress", ANN, 20, key="again"), at=ago(20) + timedelta(seconds=40))
    away = replace(move("Ready", ANN, 20, key="away"), at=ago(20) + timedelta(seconds=20))
    assert ours((move("In Progress", ANN, 20), away, again), TAKEN) == [True, False, False]


def test_an_app_is_known_by_its_name() -> None:
    """Nobody else can act in it, whatever the ledger has lost."""
    assert ours((move("In Progress", "sluice[bot]"), STARTED), me="sluice[bot]") == [True, False]


@pytest.mark.parametrize(
    ("column", "at"),
    [pytest.param("In Progress", ago(20), id="happened"), pytest.param("Ready", None, id="did-not")],
)
def test_a_move_without_an_answer_is_looked_for(column: str, at: object) -> None:
    """The card tells whether it happened, and when; a later move of a person's to that column is not taken for it."""
    [deed] = found_out([UNHEARD], Face(column, False, since=ago(20)), (), ANN)
    assert deed.settled and deed.at == at
    assert ours((move("In Progress", ANN, 1),), deed) == [False]


def test_a_comment_without_an_answer_is_looked_for() -> None:
    """The mark and what was said find it; one that was never posted is told, too."""
    asked = Deed(3, "AskPerson", "m1", False)
    status = replace(SAID, settled=False, id="")
    remarks = (
        Marked("IC_0", "bob", "**In progress.**", ""),
        Marked("IC_1", ANN, "**In progress.**", ""),
        Marked("IC_2", ANN, "@ann this needs you", "m1"),
    )
    assert [deed.id for deed in found_out([status, asked], None, remarks, ANN)] == ["IC_1", "IC_2"]
    assert [deed.id for deed in found_out([status, asked], None, remarks[:1], ANN)] == ["", ""]


def test_a_copied_mark_makes_no_comment_sluices() -> None:
    """Somebody quotes the status comment, mark and all: theirs is not edited, and a command in it counts."""
    mine, copy = Marked("IC_1", ANN, "**In progress.**", ""), Marked("IC_9", ANN, "/sluice cancel", "")
    assert known_comments((mine, copy), [SAID], ANN) == [mine]


def test_who_runs_it_may_wish() -> None:
    """A move by the person whose token Sluice has stops the work; Sluice's own, in the same name, does not."""
    own, theirs = replace(move("In Progress", "wendy", 9), ours=True), move("Needs a person", "wendy", 2)
    started = move("Ready", key="move-1")
    quiet = snapshot("In Progress", item=claimed(), moves=(started, own))
    assert wish(quiet) is None
    stopped = snapshot("Needs a person", item=claimed(), moves=(started, own, theirs))
    assert wish(stopped) == theirs and "@wendy moved the card" in decide(stopped).reason
