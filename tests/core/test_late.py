"""Commands heard after a gap: they count for what their author saw, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.actions import Acknowledge, NoteOrder, Reply
from bot.core.decide import decide
from bot.core.late import Since, judged
from tests.core.facts import NOW, ago, in_review, order

SAME = Since("h1", "h1", ago(300), ago(200))
PUSHED = replace(SAME, head="h2")
EDITED = replace(SAME, text_edited=ago(10))
BUILT = replace(SAME, result=ago(10))


@pytest.mark.parametrize(
    ("verb", "since", "changed"),
    [
        ("merge", SAME, ""),
        ("approve", SAME, ""),
        ("merge", PUSHED, "other commits"),
        ("approve", PUSHED, "other commits"),
        ("reject", PUSHED, "other commits"),
        ("update", PUSHED, "other commits"),
        ("merge", replace(SAME, head_before=None), "other commits"),
        ("approve", replace(SAME, head=None), ""),
        ("approve", EDITED, "text was edited"),
        ("retry", EDITED, "text was edited"),
        ("merge", EDITED, ""),
        ("approve", BUILT, "newer result"),
        ("reject", BUILT, "newer result"),
        ("retry", BUILT, ""),
        *((verb, replace(PUSHED, text_edited=ago(1)), "") for verb in ("pause", "cancel", "status", "priority")),
    ],
)
def test_what_it_spoke_of(verb: str, since: Since, changed: str) -> None:
    """A word about a head, a result or a text needs them unchanged; to stop something it does not."""
    problem = judged(order(verb, minutes_ago=60), NOW, since).problem
    assert (changed in problem) if changed else problem == ""


def test_heard_at_once_it_counts() -> None:
    """Commits and a command that come within the same minutes are one person's doing, most often."""
    assert judged(order("merge", minutes_ago=4), NOW, PUSHED).problem == ""


def test_what_is_wrong_with_it_anyway_is_said_first() -> None:
    """One sentence, and the one that helps."""
    wrong = replace(order("merge", minutes_ago=60), problem="There is no such command.")
    assert judged(wrong, NOW, PUSHED) == wrong


def test_its_author_is_told_and_nothing_is_merged() -> None:
    """The answer is one reply; the word is bound to no head."""
    late: Any = judged(order("merge", minutes_ago=60), NOW, PUSHED)
    actions = decide(in_review(orders=(late,))).actions
    assert [type(action) for action in actions] == [Acknowledge, Reply, NoteOrder]
    assert isinstance(actions[1], Reply) and "heard late" in actions[1].body
    assert isinstance(actions[2], NoteOrder) and actions[2].approval is None
