"""Who comes first, who takes it, and whether one more run may be admitted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.board import Board, Columns, scan_whole
from bot.core.budget import Caps, Usage, admit
from bot.core.planned import peers_for
from bot.core.plans.execution import StepState
from bot.core.plans.plan import Step
from bot.core.policy import Work
from bot.core.queue import fall_backs, priority_of, rank, takers
from bot.core.review import owed
from bot.core.trust import Role, needed_for
from tests.core.facts import NOW, item, peer, snapshot

OPTIONS = {name: name for name in ("Backlog", "Ready", "In Progress", "In Review", "Needs a person", "Done")}


def test_priority_comes_before_board_order() -> None:
    """Numbers first, lower first; then the place on the board."""
    urgent, later, none_top, none = (
        item(id="a", priority=0.0, position=9),
        item(id="b", priority=2.0, position=1),
        item(id="c", position=0),
        item(id="d", position=3),
    )
    assert [i.id for i in sorted((none, later, none_top, urgent), key=rank)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        (None, None), ("", None), ("P1", 1.0), ("2", 2.0), ("1.5", 1.5), ("🔥 P0", 0.0), ("1.2.3", None), ("²", None),
        ("Urgent", 0.0), ("high", 2.0), ("Low", 5.0), ("whenever", None), ("...", None),
    ],
)  # fmt: skip
def test_priority_of(text: str | None, priority: float | None) -> None:
    """Whatever a board calls its priorities, a number or a known word orders them."""
    assert priority_of(text) == priority


def test_takers() -> None:
    """Repository and labels decide; one that names a label goes first; the one asked for goes alone."""
    anyone, docs, blog = peer("any"), peer("docs", labels=("docs",)), peer("blog", repositories=("acme/blog*",))
    able = takers((anyone, docs, blog), "ACME/Blog-2", ("docs",), {}, None)
    assert [p.name for p in able] == ["docs", "any", "blog"]
    assert [p.name for p in takers((anyone, docs, blog), "acme/shop", (), {}, None)] == ["any"]
    assert [p.name for p in takers((anyone, docs), "acme/shop", (), {}, "docs")] == []


def test_takers_by_field() -> None:
    """A field of the board decides too, whatever its capitals; a card that says nothing there is not taken."""
    web, anyone = peer("web", fields=(("Area", ("web", "shop")),)), peer("any")
    assert [p.name for p in takers((anyone, web), "acme/shop", (), {"area": "Shop", "Size": "L"}, None)] == [
        "web",
        "any",
    ]
    assert [p.name for p in takers((anyone, web), "acme/shop", (), {"Area": "docs"}, None)] == ["any"]
    assert [p.name for p in takers((anyone, web), "acme/shop", (), {}, None)] == ["any"]


def test_takers_by_role() -> None:
    """An ordinary item is a step of a builder; who names no role takes any, and nobody stands in for another role."""
    anyone, scout = peer("any", fallbacks=("scout", "builder")), peer("scout", role="scout")
    peers = (anyone, scout, peer("builder", role="builder"))
    assert [p.name for p in takers(peers, "acme/shop", (), {}, None)] == ["any", "builder"]
    assert [p.name for p in takers(peers, "acme/shop", (), {}, None, "scout")] == ["any", "scout"]
    assert [p.name for p in fall_backs(peers, "any", "acme/shop", (), {})] == ["builder"]


@pytest.mark.parametrize(
    ("agent", "role", "able"),
    [
        ("backend", "builder", ["anyone"]),
        ("backend", "scout", ["bee", "anyone"]),
        ("anyone", "scout", ["anyone"]),
        ("bee", "builder", ["anyone"]),
    ],
)
def test_who_takes_a_step(agent: str, role: str, able: list[str]) -> None:
    """Of those who take its role, the one it names, else those of that role alone before those of any."""
    s = snapshot(peers=(peer("anyone"), peer("bee", role="scout")))
    unit = StepState(Step("1.1", agent, "Look", role))
    assert [each.name for each in peers_for(s, unit)] == able


EMPTY = Usage()


@pytest.mark.parametrize(
    ("usage", "first", "refused", "full"),
    [
        pytest.param(EMPTY, True, "", True, id="free"),
        pytest.param(replace(EMPTY, for_go_ahead=6), False, "this item has used its 6 runs", False, id="item"),
        pytest.param(replace(EMPTY, today_here=50), True, "this repository has used its 50 runs", True, id="repo-day"),
        pytest.param(replace(EMPTY, today=100), True, "all 100 runs", True, id="day"),
        pytest.param(replace(EMPTY, waiting_pulls=3), True, "3 pull requests wait", True, id="pulls"),
        pytest.param(replace(EMPTY, waiting_pulls=3), False, "", True, id="pulls-hold-no-mending-back"),
        pytest.param(replace(EMPTY, running_by_peer={"claude": 1}), True, "claude is busy", True, id="agent"),
        pytest.param(replace(EMPTY, running_here=2), True, "2 agents already work in this", True, id="repo"),
        pytest.param(replace(EMPTY, running=2), True, "2 agents already work (", True, id="all"),
    ],
)
def test_admit(usage: Usage, first: bool, refused: str, full: bool) -> None:
    """Each limit refuses at its number and says whether waiting helps."""
    refusal = admit(usage, Caps(), Work(), peer(), first)
    assert (refusal is None) == (not refused)
    if refusal:
        assert refused in refusal.reason
        assert refusal.full is full


def test_columns_are_matched_without_case() -> None:
    """A board may write its columns as it likes."""
    columns = Columns()
    assert columns.meaning_of("in progress") == "in_progress"
    assert columns.meaning_of("Ice box") is None
    assert columns.meaning_of(None) is None
    assert columns.missing_from(("ready", "In progress", "Done")) == ("In Review", "Needs a person")


@pytest.mark.parametrize(
    ("changed", "whole"),
    [
        ({}, False),
        ({"size": 500}, True),
        ({"whole_at": None}, True),
        ({"whole_at": NOW - timedelta(minutes=60)}, True),
        ({"options": {"Ready": "1", "Done": "2"}}, True),
        ({"columns": Columns(ready='the "next" ones'), "options": {**OPTIONS, 'the "next" ones': "9"}}, True),
    ],
)
def test_a_large_board_is_read_whole_now_and_then(changed: dict[str, Any], whole: bool) -> None:
    """Else only the columns Sluice works with, by names that exist and can be asked for."""
    board = replace(Board("acme/1", "P", "F", OPTIONS, Columns(), size=501, whole_at=NOW), **changed)
    assert scan_whole(board, 500, timedelta(hours=1), NOW) is whole


def test_active_columns_are_spelt_as_the_board_spells_them() -> None:
    """GitHub is asked for what it calls them; Done and the board's other columns are not asked for."""
    board = Board("acme/1", "P", "F", {"READY": "1", "in progress": "2", "Ice box": "3", "Done": "4"}, Columns())
    assert board.active == ("READY", "in progress")


def test_roles() -> None:
    """The role's own name counts, else the permission it maps to; unknown names have none."""
    assert Role.named("maintain", "write") is Role.MAINTAIN
    assert Role.named("release crew", "write") is Role.WRITE
    assert Role.named("", "") is Role.NONE
    assert needed_for("merge") is Role.MAINTAIN
    assert needed_for("retry") is Role.WRITE
    assert needed_for("anything else") is Role.WRITE


@pytest.mark.parametrize(
    ("state", "reviewed", "debt"),
    [
        ("open", None, "review"), ("open", "h0", "re-review"), ("open", "h1", "none"),
        ("merged", "h0", "merged-since-review"), ("merged", "h1", "none"), ("merged", None, "none"),
        ("closed", "h0", "closed-since-review"),
    ],
)  # fmt: skip
def test_owed(state: str, reviewed: str | None, debt: str) -> None:
    """What is owed to a pull request follows from its state and the head that was reviewed."""
    assert owed(state, "h1", reviewed) == debt  # type: ignore[arg-type]
