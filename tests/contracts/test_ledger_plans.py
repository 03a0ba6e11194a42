"""Plans in the ledger: kept as they were made, and one door for all that happens to them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from bot.core.events import event
from bot.core.gates.verdict import GateRun
from bot.core.plans.direct import End
from bot.core.plans.happened import Amended, Cancelled, Dispatched, GateJudged, Happened, Recorded, Started
from bot.core.plans.overlap import Busy
from bot.core.plans.plan import Gate, Phase, Plan, Step
from bot.core.run import Outcome
from bot.core.spend import unpriced
from bot.core.tokens import Tokens
from bot.core.worktree import FileChange, Work
from bot.errors import UserError
from bot.ledger.ledger import SqlLedger
from tests.contracts.ledger_world import FINISHED, NOW, REPO, add, at, plan, send_back, start

T0 = datetime(2026, 1, 1, tzinfo=UTC)
BUILD, CHECK = Step("1.1", "builder", "build it"), Step("2.1", "reviewer", "look at it", changes=False)
PLAN = Plan("task-a-0001", "do it", (Phase(1, "Build", (BUILD,), gate=Gate(("true",))), Phase(2, "Look", (CHECK,))), T0)
DONE: tuple[Happened, ...] = (
    Started(T0, "mona"),
    Dispatched(T0, "1.1", "builder", delivered=("docs/a.md",)),
    Recorded(T0, "1.1", "complete", "builder", "built", ("a.py",), used=(Tokens("m", 10, output=5),)),
    GateJudged(T0, 1, passed=True),
)


async def test_a_plan_and_what_happened_are_read_back_as_they_were(ledger: SqlLedger) -> None:
    """All of it, in order, on both databases."""
    assert await ledger.save_plan(PLAN, "/repo")
    assert not await ledger.save_plan(PLAN, "/other")
    assert (await ledger.happen("task-a-0001", *DONE))[1] == ""
    task = await ledger.task("task-a-0001")
    assert task and task.plan == PLAN and task.happened == DONE and task.repo == "/repo"
    assert task.execution.current and task.execution.current.phase.number == 2
    assert [each.plan.task_id for each in await ledger.tasks("/repo")] == ["task-a-0001"]


async def test_what_is_refused_leaves_nothing_behind(ledger: SqlLedger) -> None:
    """Of several things at once none happens if one may not."""
    await ledger.save_plan(PLAN, "/repo")
    _, why = await ledger.happen("task-a-0001", Started(T0, "mona"), GateJudged(T0, 1, passed=True))
    assert why == "the gate of phase 1 is not due: its steps are not complete"
    task = await ledger.task("task-a-0001")
    assert task and task.happened == ()
    with pytest.raises(UserError, match="there is no task task-b"):
        await ledger.happen("task-b", Started(T0, "mona"))


async def test_a_plan_is_edited_only_before_anything_happened(ledger: SqlLedger) -> None:
    """Afterwards it is amended."""
    await ledger.save_plan(PLAN, "/repo")
    edited = replace(PLAN, summary="do it well")
    assert await ledger.edit_plan(edited)
    await ledger.happen("task-a-0001", Started(T0, "mona"))
    assert not await ledger.edit_plan(PLAN) and not await ledger.edit_plan(replace(PLAN, task_id="task-b-0001"))
    task = await ledger.task("task-a-0001")
    assert task and task.plan == edited


async def test_the_same_twice_happens_once(ledger: SqlLedger) -> None:
    """Whoever asks again after a crash changes nothing."""
    await ledger.save_plan(PLAN, "/repo")
    for _ in range(2):
        assert (await ledger.happen("task-a-0001", *DONE[:2]))[1] == ""
    task = await ledger.task("task-a-0001")
    assert task and task.happened == DONE[:2]


async def test_what_was_started_is_learnt_from(ledger: SqlLedger) -> None:
    """Of one repository or of all, the newest first; what nobody began is no experience."""
    for number, repo in enumerate(("/repo", "/other", "/repo")):
        made = replace(PLAN, task_id=f"task-a-{number:04}", created_at=T0 + timedelta(days=number))
        await ledger.save_plan(made, repo)
        if number:
            await ledger.happen(made.task_id, *DONE)
    assert [each.task_id for each in await ledger.pasts(unpriced)] == ["task-a-0002", "task-a-0001"]
    [mine] = await ledger.pasts(unpriced, "/repo")
    assert (mine.tokens, mine.gates, mine.outcome) == (15, (True,), "running")


async def test_an_item_without_a_plan_is_learnt_from_as_one_step(ledger: SqlLedger) -> None:
    """Its runs are attempts, its gates are judged by head, and what says nothing of its agent is no failure."""
    mine, other, idle = await add(ledger, 1, 2, 3)
    await ledger.save_plan(PLAN, REPO, other)
    await start(ledger, other)
    assert await ledger.account(idle) is None
    await start(ledger, mine)
    work = Work("sha1", "sha0", 1, (FileChange("a.py", 1, 0),))
    away, done = Outcome("unreached", "", 2.0, ""), replace(FINISHED, used=(Tokens("m", 10, output=5),))
    for number, (outcome, left, passed) in enumerate(((away, None, None), (done, work, False), (done, work, True))):
        run = plan(mine, f"cause:{number}") if number else plan(mine)
        if number:
            assert await send_back(ledger, mine, run) is None
        await ledger.end_run(run.key, outcome, left, at(10 * number + 5))
        if passed is not None:
            key = await ledger.admit_gate(mine, "command:make test", f"sha{number}", "make test", at(10 * number + 6))
            await ledger.end_gate(
                key, GateRun("command:make test", f"sha{number}", _state(passed)), at(10 * number + 7)
            )
    about = await ledger.account(mine, End(at(60), "merged"))
    await ledger.finish(mine, "merged", "", at(60))
    [seen] = await ledger.pasts(unpriced)
    assert (seen.task_id, seen.outcome, seen.playbook, seen.tokens) == ("item-acme-shop-1", "complete", "direct", 30)
    assert (len(seen.tries), seen.gates, seen.first_gates, seen.sent_back) == (2, (False, True), (False,), 1)
    account = await ledger.account(mine)
    assert account and account.execution.completed and account.execution.completed.at == at(60)
    assert account == about, "it is filed before its end is written down"


def _state(passed: bool) -> Literal["passed", "failed"]:
    return "passed" if passed else "failed"


async def test_what_a_person_closed_is_an_account_that_ends(ledger: SqlLedger) -> None:
    """Though its plan was not over."""
    (mine,) = await add(ledger, 1)
    await ledger.save_plan(PLAN, REPO, mine)
    await ledger.happen(PLAN.task_id, *DONE)
    about = await ledger.account(mine, End(NOW, "closed"))
    await ledger.finish(mine, "closed", "", NOW)
    account = await ledger.account(mine)
    assert account and account.happened == (*DONE, Cancelled(NOW, "a person", "the item was closed"))
    assert account == about, "it is filed before its end is written down"


async def test_of_ten_who_take_a_step_at_once_one_has_it(ledger: SqlLedger) -> None:
    """The others are told who."""
    await ledger.save_plan(PLAN, "/repo")
    await ledger.happen("task-a-0001", Started(T0, "mona"))
    taken = await asyncio.gather(*(ledger.happen("task-a-0001", Dispatched(T0, "1.1", f"agent{n}")) for n in range(10)))
    refusals = [why for _, why in taken if why]
    assert len(refusals) == 9 and all("is in the hands of agent" in why for why in refusals)


async def test_what_is_handed_on_is_kept_by_path(ledger: SqlLedger) -> None:
    """The newest counts; and an amendment never changes what is done."""
    await ledger.save_plan(PLAN, "/repo")
    await ledger.keep_artifacts("task-a-0001", "1.1", {".sluice/detailed-plan.md": "old"}, T0)
    await ledger.keep_artifacts("task-a-0001", "1.1", {".sluice/detailed-plan.md": "new"}, T0)
    assert await ledger.artifacts("task-a-0001") == {".sluice/detailed-plan.md": "new"}
    await ledger.happen("task-a-0001", *DONE)
    more = Step("1.2", "builder", "more")
    _, why = await ledger.happen("task-a-0001", Amended(T0, "a1", "more", "mona", steps=(more,)))
    assert why == "phase 1 is over; what is done is never rewritten"


async def test_two_that_hand_on_the_same_path_are_each_known(ledger: SqlLedger) -> None:
    """Whoever was quicker has left it too, and has not failed; whoever reads it gets the newest."""
    (mine,) = await add(ledger, 1)
    await ledger.save_plan(PLAN, REPO, mine)
    for second, step in enumerate(("1.2", "1.1")):
        await ledger.keep_artifacts("task-a-0001", step, {"report.md": step}, T0 + timedelta(seconds=second))
    assert (await ledger.recall(mine, NOW)).artifacts == {("report.md", "1.1"), ("report.md", "1.2")}
    assert await ledger.artifacts("task-a-0001") == {"report.md": "1.1"}


async def test_what_a_phase_has_handed_on_is_there_for_whoever_approves_it(ledger: SqlLedger) -> None:
    """While a person is waited for, and of that phase alone."""
    (mine,) = await add(ledger, 1)
    first, *others = PLAN.phases
    await ledger.save_plan(replace(PLAN, phases=(replace(first, approval="look"), *others)), REPO, mine)
    await ledger.keep_artifacts("task-a-0001", "1.1", {"report.md": "shop.py:1"}, T0)
    await ledger.keep_artifacts("task-a-0001", "2.1", {"later.md": "no"}, T0)
    assert (await ledger.recall(mine, NOW)).to_approve == {}
    done = [each for each in DONE if isinstance(each, Started | Dispatched | Recorded)]
    _, why = await ledger.happen("task-a-0001", *done)
    assert why == "" and (await ledger.recall(mine, NOW)).to_approve == {"report.md": "shop.py:1"}


async def test_what_agents_of_other_items_change_is_known(ledger: SqlLedger) -> None:
    """By what their runs have told, from wherever their worktree lies, and by the plan of the step they are at."""
    mine, other = await add(ledger, 1, 2)
    await ledger.save_plan(PLAN, REPO, mine)
    await start(ledger, other)
    (run,) = await ledger.running()
    told = event("changed", "Edit", "/data/worktrees/acme__shop/2-fix/src/shop.py")
    await ledger.note_events(run.key, [(T0, told), (T0, event("tool", "Read", "README.md"))])
    assert (await ledger.recall(mine, NOW)).busy == (Busy("#2", ("src/shop.py",)),)
    assert (await ledger.recall(other, NOW)).busy == ()
