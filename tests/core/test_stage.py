"""Where an item stands: one row for each stage, and which facts outrank which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from bot.core.item import Dependency, Face, Parked
from bot.core.snapshot import Snapshot
from bot.core.stage import COLUMN, MOVES, Stage, stage_of
from tests.core.facts import (
    GIVEN,
    NOW,
    PLAN,
    PLAN_OVER,
    STEPS_DONE,
    ago,
    built,
    claim,
    claimed,
    draft,
    gate_run,
    go_ahead,
    in_plan,
    in_review,
    issue,
    item,
    move,
    outcome,
    policy,
    pull,
    result,
    run,
    snapshot,
    step_run,
)

COMMANDS = {"policy": policy(commands=("make test",))}
MERGED: dict[str, Any] = {"state": "MERGED", "merged_at": ago(1)}
MINE = {"pull_number": 30, "pushed_head": "h1"}

ROWS: dict[str, tuple[Snapshot, str]] = {
    "in another column": (snapshot("Backlog"), "Outside"),
    "put in progress by hand": (snapshot("In Progress"), "Outside"),
    "a draft": (snapshot(issue=None, draft=draft()), "Draft"),
    "blocked": (snapshot(issue=issue(blocked_by=(Dependency("a/b#1", True),), blockers_total=1)), "Waiting"),
    "blocked by what cannot be read": (snapshot(issue=issue(blockers_total=2)), "Waiting"),
    "ready": (snapshot(), "Ready"),
    "commanded from another column": (snapshot("Backlog", item=item(go_ahead=go_ahead(by_command=True))), "Ready"),
    "claimed, no run": (snapshot(item=claimed()), "Claimed"),
    "run admitted": (snapshot(item=claimed(), runs=(run(state="admitted"),)), "Working"),
    "run under way": (snapshot(item=claimed(), runs=(run(state="running"),)), "Working"),
    "run failed": (snapshot(item=claimed(), runs=(built(outcome=outcome("failed")),)), "Claimed"),
    "run changed nothing": (snapshot(item=claimed(), runs=(run(work=result("b0")),)), "Claimed"),
    "markers left": (snapshot(item=claimed(), runs=(run(work=result("h1", unresolved=("a.py",))),)), "Claimed"),
    "result": (snapshot(item=claimed(), runs=(built(),)), "Built"),
    "result, command not run": (snapshot(item=claimed(), runs=(built(),), **COMMANDS), "Gating"),
    "result, command passed": (snapshot(item=claimed(), runs=(built(),), gate_runs=(gate_run(),), **COMMANDS), "Built"),
    "result, command passed on another head": (
        snapshot(item=claimed(), runs=(built(),), gate_runs=(gate_run(head="h0"),), **COMMANDS),
        "Gating",
    ),
    "pushed, no pull request": (snapshot(item=claimed(pushed_head="h1"), runs=(built(),)), "Built"),
    "pull request open": (in_review(), "InReview"),
    "a plan is carried out": (in_plan(*GIVEN), "Executing"),
    "a phase of a plan waits": (in_plan(*STEPS_DONE), "AwaitingApproval"),
    "a plan is over": (
        in_plan(*PLAN_OVER, runs=(step_run("1.1", "s1"), step_run("1.2", "s2"), step_run("2.1", "s3"))),
        "Built",
    ),
    "a plan is over and changed nothing": (
        in_plan(GIVEN[0], *PLAN_OVER[-3:], runs=(step_run("2.1", "s3"),), plan=replace(PLAN, phases=PLAN.phases[1:])),
        "Claimed",
    ),
    "pull request closed": (in_review(pull(state="CLOSED")), "InReview"),
    "an older pull request closed": (in_review(pull(state="CLOSED", head="h0"), branch_head="h1"), "Built"),
    "pull request merged": (in_review(pull(**MERGED)), "Merged"),
    "merged and issue closed": (in_review(pull(**MERGED), issue=issue(open=False)), "Merged"),
    "merged though parked": (
        snapshot("Needs a person", item=item(parked=Parked("x", NOW), **MINE), pull=pull(**MERGED)),
        "Merged",
    ),
    "merged before this claim": (
        in_review(pull(state="MERGED", merged_at=ago(30)), claimed(**MINE), runs=(run(state="running"),)),
        "Working",
    ),
    "issue closed": (in_review(issue=issue(open=False)), "Closed"),
    "card gone": (in_review(face=None), "Closed"),
    "card archived": (in_review(face=Face("In Review", True)), "Closed"),
    "parked": (snapshot("Needs a person", item=item(parked=Parked("x", NOW), spent="move-1")), "Parked"),
    "parked, in Ready by its old move": (snapshot(item=item(parked=Parked("x", NOW), spent="move-1")), "Parked"),
    "parked, moved to Ready": (snapshot(item=item(parked=Parked("x", NOW))), "Ready"),
    "done": (snapshot("Done", item=item(done="merged", spent="move-1")), "Done"),
    "done, issue reopened": (snapshot("Backlog", item=item(done="merged", spent="move-1")), "Done"),
    "done, moved to Ready": (snapshot(item=item(done="merged", **MINE), pull=pull(**MERGED)), "Ready"),
    "a second life": (snapshot("In Progress", item=claimed(done="merged"), runs=(run(state="running"),)), "Working"),
}


@pytest.mark.parametrize("name", ROWS)
def test_stage_of(name: str) -> None:
    """The stage follows from the facts alone."""
    s, stage = ROWS[name]
    assert type(stage_of(s)).__name__ == stage


def test_rows_cover_every_stage() -> None:
    """No stage is without a row."""
    assert {stage for _, stage in ROWS.values()} == {kind.__name__ for kind in get_args(Stage)}


def test_moves_name_every_stage() -> None:
    """The table of lawful moves knows every stage, and each can be left and reached."""
    kinds = set(get_args(Stage))
    assert set(MOVES) == kinds
    assert {to for targets in MOVES.values() for to in targets} == kinds
    assert set(COLUMN) <= kinds


def test_approved_result_is_the_claims_own() -> None:
    """A claim that takes up an approved result stands where that result stands."""
    mine = claimed(claim=claim(go_ahead(key="order:1", takes_up="h1")))
    assert type(stage_of(snapshot(item=mine, runs=(built(),)))).__name__ == "Built"


def test_card_moved_away_after_a_command_is_outside() -> None:
    """A command that was not yet acted upon is taken back by moving the card away."""
    commanded = item(go_ahead=go_ahead(by_command=True))
    s = snapshot("Backlog", item=commanded, moves=(move("Ready"), move("Backlog", "tess", 5)))
    assert type(stage_of(s)).__name__ == "Outside"
