"""A plan of an item after a crash between two effects of one look, and steps side by side of which one has trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.actions import (
    Claim,
    Dispatch,
    Fold,
    MoveCard,
    NoteOrder,
    NotePlan,
    Park,
    Reply,
    SendBack,
    StopRun,
)
from bot.core.budget import Usage
from bot.core.decide import decide
from bot.core.item import Parked
from bot.core.plans.execution import after
from bot.core.plans.happened import Answered, Dispatched, GateJudged, Recorded, SentBack
from bot.core.run import Peer
from bot.core.snapshot import Snapshot
from bot.core.standing import Hold
from tests.core.facts import (
    GIVEN,
    NOW,
    PHASE_OVER,
    STEPS_DONE,
    ago,
    gate_run,
    go_ahead,
    in_plan,
    item,
    order,
    outcome,
    peer,
    result,
    step_run,
)
from tests.core.test_executing import BOTH, WIDE, done, happened

SEEN = (f"plan:task-a-0001:{ago(6).isoformat()}",)


def noted(s: Snapshot) -> Snapshot:
    """With what was to happen to its plan, and nothing else of the look: the crash came then."""
    e = s.execution
    for note in done(s, NotePlan):
        for what in note.all:
            assert e
            e = after(e, what)
    return replace(s, execution=e)


@pytest.mark.parametrize("peers", [(peer(capacity=1),), (peer(capacity=5), peer("other", capacity=5))])
@pytest.mark.parametrize("base", ["b0", "b1"])
def test_who_was_given_a_step_before_a_crash_keeps_it(peers: tuple[Peer, ...], base: str) -> None:
    """Though its slot is the only one, another has more room, or the default branch has moved on."""
    s = in_plan(GIVEN[0], **{**WIDE, "peers": peers})
    key = done(s, SendBack)[0].run.key
    taken = Usage(running=1, running_here=1, running_by_peer={"claude": 1})
    s = replace(s, runs=(step_run("1.1", key, "admitted"),), usage=taken, base_head=base)
    [given] = happened(s, Dispatched)
    assert (given.step, given.agent, given.run) == ("1.1", "claude", key) and done(s, SendBack) == []
    assert [action.run for action in done(noted(s), Dispatch)] == [key]


def test_a_red_gate_and_what_goes_back_for_it_are_noted_together() -> None:
    """A crash between the two would leave a failed plan, for which a person is asked."""
    s = in_plan(*PHASE_OVER[:-1], gate_runs=(gate_run(state="failed"),), **WIDE)
    [note] = done(s, NotePlan)
    assert [type(what) for what in note.all] == [GateJudged, SentBack]


@pytest.mark.parametrize(
    ("verb", "args"), [("approve", ""), ("approve", "also rename the logo"), ("amend", "Write it"), ("reject", "no")]
)
def test_a_word_on_a_plan_is_obeyed_once(verb: str, args: str) -> None:
    """What was noted before a crash is only answered afterwards, and not as if it made no sense."""
    s = in_plan(*STEPS_DONE, orders=(replace(order(verb, args), saw=SEEN),), **WIDE)
    again = noted(s)
    assert again != s and done(again, NotePlan, Reply) == [] and done(again, NoteOrder)


def test_an_answer_counts_though_a_crash_came_behind_the_claim() -> None:
    """What lets the step go on is noted before, and again changes nothing."""
    asked = step_run("1.1", "s1", ended="asked")
    parked = item(parked=Parked("agent claude asks: `Which colour?`", ago(2), True), go_ahead=go_ahead())
    s = in_plan(*GIVEN, runs=(asked,), item=parked, orders=(order("answer", "red"),), **WIDE)
    assert done(noted(s), Claim) and happened(noted(s), SentBack) == happened(s, SentBack)
    assert [back.asked for back in happened(s, SentBack)] == [True]
    [claim] = done(s, Claim)
    taken = replace(noted(s), item=replace(parked, parked=None, claim=claim))
    assert done(taken, NotePlan, Reply, Park) == [] and done(taken, NoteOrder)


def test_an_end_is_seen_to_beside_one_that_waits() -> None:
    """A step whose repository cannot be reached now holds up neither the result nor the beginning of another."""
    away = step_run("1.1", "s1", ended="unreached", ended_at=NOW)
    assert done(in_plan(*BOTH, runs=(away, step_run("1.2", "s2")), **WIDE), Fold)
    s = in_plan(*BOTH, runs=(away, step_run("1.2", "s2", "admitted")), **WIDE)
    again = decide(s).look_again_at
    assert done(s, Dispatch) and again and (again - NOW).seconds == 15


def test_a_step_that_cannot_go_on_ends_no_other() -> None:
    """The machine has failed it as often as may be: a person is asked when the others have ended."""
    broken = step_run("1.1", "s1", ended="lost", attempts=9)
    s = in_plan(*BOTH, runs=(broken, step_run("1.2", "s2", "running")), **WIDE)
    assert done(s, StopRun, Park) == [] and "step 1.1 waits until the others have ended" in decide(s).reason
    assert "step 1.2 by agent claude" in decide(s).reason and "step 1.1 by agent" not in decide(s).reason
    assert done(in_plan(*GIVEN, runs=(broken,), **WIDE), Park)


def test_what_others_did_is_taken_in_before_a_person_is_asked() -> None:
    """Or the plan that people are shown meanwhile has a step at work that ended."""
    asked = step_run("1.1", "s1", ended="asked")
    s = in_plan(*BOTH, runs=(asked, step_run("1.2", "s2")), **WIDE)
    assert done(s, Fold) and not done(s, Park)
    e = after(s.execution, done(s, Fold)[0].recorded) if s.execution else None
    assert done(replace(s, execution=e), Park)


def test_a_limited_step_waits_beside_one_at_work() -> None:
    """It is looked at again when its provider takes work."""
    limited = step_run("1.1", "s1", outcome=outcome("limited"))
    usage = Usage(holds={"claude": Hold("waits for its provider", ago(-3), limited=True)})
    s = in_plan(*BOTH, runs=(limited, step_run("1.2", "s2", "running")), usage=usage, **WIDE)
    assert decide(s).look_again_at == ago(-3) and "waits for its provider" in decide(s).reason


def test_more_budget_starts_an_item_whose_other_step_ended_last() -> None:
    """One of two side by side was stopped at its cap: that is what the item stands still for."""
    runs = (step_run("1.1", "s1", ended="overspent"), step_run("1.2", "s2"))
    other = Recorded(ago(5), "1.2", "complete", "claude", run="s2", work=result("h1", "b.md"))
    s = in_plan(*BOTH, other, runs=runs, **WIDE)
    [park] = done(s, Park)
    parked = item(parked=Parked(park.reason, ago(2), True), go_ahead=go_ahead())
    more = replace(s, item=parked, orders=(order("budget", "+5"),))
    assert [card.column for card in done(more, MoveCard)] == ["Ready"] and done(more, NoteOrder)[0].starts


def test_a_step_goes_on_when_it_is_given_more_while_another_works() -> None:
    """By itself, and once for each time that somebody gives more after it began."""
    runs = (step_run("1.1", "s1", ended="overspent"), step_run("1.2", "s2", "running"))
    s = in_plan(*BOTH, runs=runs, **WIDE)
    assert done(s, NotePlan) == [] and "waits until the others have ended" in decide(s).reason
    earlier = replace(s, item=replace(s.item, more_at=runs[0].admitted_at - timedelta(minutes=1)))
    assert done(earlier, NotePlan) == []
    more = replace(s, item=replace(s.item, more_at=NOW))
    [back] = happened(more, SentBack)
    assert (back.step, back.causes, back.asked) == ("1.1", ("more:s1",), True)
    assert [run.run.step for run in done(noted(more), SendBack)] == ["1.1"]


@pytest.mark.parametrize(
    "why",
    [
        SentBack(ago(7), "1.2", "it met another's", conflict=True),
        happened(in_plan(*STEPS_DONE, orders=(order("reject", "no"),), **WIDE), SentBack)[0],
        SentBack(ago(7), "1.2", "answered", asked=True),
    ],
)
def test_only_failures_use_up_rounds_of_the_gate(why: SentBack) -> None:
    """Halves that met, an answered question and a person's wish leave it all its rounds."""
    again = why, Dispatched(ago(7), "1.2", "claude", "s2", True)
    s = in_plan(*STEPS_DONE[:-1], *again * 5, STEPS_DONE[-1], Answered(ago(5), 1, "approve", "mona"), **WIDE)
    assert happened(replace(s, gate_runs=(gate_run(state="failed"),)), SentBack)
