"""What a command was about: a word counts for what its author can have seen, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.actions import Acknowledge, NoteOrder, Reply
from bot.core.decide import decide
from bot.core.late import Since, as_result, judged, on_pull, since, standing
from tests.core.facts import NOW, ago, built, claimed, in_review, order, pull, run

H1, H2 = on_pull("h1"), on_pull("h2")
SAME = Since((H1,), (H1,), result_at=ago(200))
PUSHED = replace(SAME, now=(H2,))
BUILT = replace(SAME, result_at=ago(10))


@pytest.mark.parametrize(
    ("facts", "saw"),
    [
        (SAME, (H1,)),
        (PUSHED, ()),
        (replace(PUSHED, before=()), ()),
        (replace(PUSHED, pushed=H2, pushed_at=ago(2)), (H2,)),
        (replace(PUSHED, pushed=H2, pushed_at=ago(1)), ()),
        (replace(PUSHED, pushed=H1, pushed_at=ago(2)), ()),
        (Since((as_result("h2"),), (H2, as_result("h2"))), (as_result("h2"),)),
    ],
    ids=["unchanged", "a-commit", "never-seen", "pushed-before", "pushed-since", "another-since", "result-now-pushed"],
)
def test_what_its_author_can_have_seen(facts: Since, saw: tuple[str, ...]) -> None:
    """What the last look had found, and what Sluice had pushed before; never what this look finds first."""
    assert judged(order("approve"), NOW, facts).saw == saw


def test_what_stands_for_people_to_see() -> None:
    """The head of an open pull request, and the newest result; compared with what the last look noted."""
    assert standing(pull(), (built("h9"),)) == (H1, as_result("h9"))
    assert standing(pull(state="CLOSED"), (run(state="running"),)) == ()
    facts = since(claimed(stood=(H1,), pushed_head="h1", pushed_at=ago(3)), pull(head="h2"), ())
    assert (facts.before, facts.now, facts.pushed) == ((H1,), (H2,), H1)


@pytest.mark.parametrize(
    ("verb", "facts", "changed"),
    [
        ("reject", SAME, ""),
        ("reject", PUSHED, "other commits"),
        ("update", PUSHED, "other commits"),
        ("retry", PUSHED, "other commits"),
        ("update", replace(SAME, before=()), "other commits"),
        ("reject", BUILT, "newer result"),
        ("retry", BUILT, ""),
        *((verb, PUSHED, "") for verb in ("pause", "cancel", "status", "priority")),
    ],
)
def test_heard_late_it_needs_what_it_spoke_of_unchanged(verb: str, facts: Since, changed: str) -> None:
    """To stop something it does not."""
    problem = judged(order(verb, minutes_ago=60), NOW, facts).problem
    assert (changed in problem) if changed else problem == ""


def test_heard_at_once_it_counts() -> None:
    """Commits and a command to go on that come within the same minutes are one person's doing, most often."""
    assert judged(order("reject", minutes_ago=4), NOW, PUSHED).problem == ""


def test_what_is_wrong_with_it_anyway_is_said_first() -> None:
    """One sentence, and the one that helps."""
    wrong = replace(order("reject", minutes_ago=60), problem="There is no such command.")
    assert judged(wrong, NOW, PUSHED).problem == wrong.problem


def test_its_author_is_told_and_nothing_is_done() -> None:
    """The answer is one reply."""
    late: Any = judged(order("update", minutes_ago=60), NOW, PUSHED)
    actions = decide(in_review(orders=(late,))).actions
    assert [type(action) for action in actions] == [Acknowledge, Reply, NoteOrder]
    assert isinstance(actions[1], Reply) and "heard late" in actions[1].body
