"""Caps and holds where they are kept: what the one admission counts, and how agents come to wait."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.abandoned import free_abandoned
from bot.core.actions import NoteOrder, RunPlan
from bot.core.budget import Caps, Refusal
from bot.core.crew import Mate
from bot.core.plans.driving import run_for
from bot.core.plans.execution import StepState, begin
from bot.core.plans.plan import FOLDER, Phase, Plan, Step
from bot.core.policy import Work
from bot.core.prompts import Brief
from bot.core.run import Limits, Outcome, Peer
from bot.core.spend import Budget
from bot.core.tokens import Tokens
from bot.core.worktree import WorkSpec
from bot.drivers import held
from bot.headless.admission import Admission
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from bot.locks import take
from tests.contracts.ledger_world import FINISHED, NOW, PEER, add, at, plan, send_back, start

M = 1_000_000
SMALL = replace(PEER, limits=Limits(tokens=2 * M, cost_usd=2.0))


def price(tokens: Tokens) -> float | None:
    """A dollar for a million; of what is secret nobody knows."""
    return tokens.total / M if tokens.model != "secret" else None


async def spend(ledger: SqlLedger, run: str, dollars: float, seconds: float, model: str = "m") -> Budget:
    return await ledger.note_usage(run, "transcript", [Tokens(model, round(dollars * M))], at(seconds), price)


async def test_what_runs_at_work_may_use_is_held(ledger: SqlLedger) -> None:
    """Of a day's $5 two runs of $2 hold four: the third waits until one has ended and used less."""
    one, two, three = await add(ledger, 1, 2, 3)
    day = Caps(running=50, day=Budget(50 * M, 5.0))
    assert await start(ledger, one, caps=day, peer=SMALL) is None
    assert await start(ledger, two, caps=day, peer=SMALL) is None
    refusal = await start(ledger, three, caps=day, peer=SMALL)
    assert refusal and "$4.00 more is kept for agents at work" in refusal.reason and refusal.until is None
    await spend(ledger, plan(one).key, 0.5, 1)
    await ledger.end_run(plan(one).key, FINISHED, None, at(2))
    assert await start(ledger, three, caps=day, peer=SMALL, now=at(3)) is None
    assert [run.cap for run in await ledger.running()] == [Budget(2 * M, 2.0)] * 2


async def test_fifty_passes_at_once_keep_the_days_money(ledger: SqlLedger, database: str) -> None:
    """From two processes: of a day's $7 three runs of $2 are let in, and all others are told the figures."""
    other = await open_ledger(database)
    found = await add(ledger, *range(1, 51))
    day, sides = Caps(running=50, day=Budget(50 * M, 7.0)), [ledger, other] * 25
    asked = (start(side, item, caps=day, peer=SMALL) for side, item in zip(sides, found, strict=True))
    answers = await asyncio.gather(*asked)
    await other.close()
    assert answers.count(None) == len(await ledger.running()) == 3
    assert all("$6.00 more is kept" in answer.reason for answer in answers if answer)


async def test_an_items_cap_stays_over_its_go_aheads_and_people_add_to_it(ledger: SqlLedger) -> None:
    """Tokens bind where the price is unknown; `/sluice budget` is kept with the item."""
    [item] = await add(ledger, 1)
    tight = {"work": Work(running=50, tokens_per_item=3 * M), "peer": SMALL}
    assert await start(ledger, item, **tight) is None
    await spend(ledger, plan(item).key, 3.5, 1, "secret")
    await ledger.end_run(plan(item).key, FINISHED, None, at(2))
    again = plan(item, "review:1", go_ahead="move-2")
    refusal = await send_back(ledger, item, again, **tight)
    assert refusal and not refusal.full and "has used 3.5 M tokens of the 3 M" in refusal.reason
    await ledger.note_order(item, NoteOrder("c1", "budget", "mona", "+1M"), at(3))
    assert await send_back(ledger, item, again, **tight) is None
    [run] = await ledger.running()
    assert run.cap and run.cap.tokens == 500_000 and (await ledger.item(item)).more == Budget(M)


async def test_steps_side_by_side_share_what_is_left_of_the_item(ledger: SqlLedger) -> None:
    """The first holds $2 of its $3, the second the third dollar, and the next waits until one of them has ended."""
    [item] = await add(ledger, 1)
    tight = {"caps": Caps(running=50, item=Budget(50 * M, 3.0)), "peer": SMALL}
    first, second, third = (plan(item, f"step:{n}", step=f"1.{n}", own_tree=f"1.{n}") for n in (1, 2, 3))
    assert await start(ledger, item, **{**tight, "peer": replace(SMALL, limits=Limits(tokens=M))}) is None
    await ledger.end_run(plan(item).key, FINISHED, None, at(1))
    assert await send_back(ledger, item, first, **tight) is None
    assert await send_back(ledger, item, second, **tight) is None
    assert [run.cap and run.cap.cost_usd for run in await ledger.running()] == [2.0, 1.0]
    refusal = await send_back(ledger, item, third, **tight)
    assert refusal and refusal.soon and refusal.full and "agents at work may use all that is left" in refusal.reason
    await spend(ledger, first.key, 0.5, 2)
    await ledger.end_run(first.key, FINISHED, None, at(3))
    assert await send_back(ledger, item, third, **tight) is None
    assert [run.cap and run.cap.cost_usd for run in await ledger.running()] == [1.0, 1.5]


async def test_two_shells_and_a_service_share_the_slots_and_the_days_money(ledger: SqlLedger, database: str) -> None:
    """Steps of two tasks and items of a board ask at once: two slots are two, and of a day's $5 two runs hold four."""
    shells = [ledger, await open_ledger(database)]
    caps = Caps(running=2, day=Budget(50 * M, 5.0))
    tasks = [admission(shell, f"task-{n}", caps) for n, shell in enumerate(shells)]
    for task in tasks:
        await task.open()
    found = await add(ledger, *range(1, 11))
    asked = [start(ledger, item, caps=caps, peer=SMALL) for item in found]
    asked += [task.admit(unit, step_plan(task, unit), SMALL) for task in tasks for unit in steps(10)]
    answers = await asyncio.gather(*asked)
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(answers) - len(refused) == len(await ledger.running()) == 2 and all(each.soon for each in refused)
    for n, run in enumerate(await ledger.running()):
        await spend(ledger, run.key, 2.0, n)
        await ledger.end_run(run.key, FINISHED, None, at(2))
    (unit,) = steps(1, at=11)
    gone = await tasks[0].admit(unit, step_plan(tasks[0], unit), SMALL)
    await shells[1].close()
    assert isinstance(gone, Refusal) and not gone.soon and "has used $4.00 of $5.00" in gone.reason


async def test_what_a_killed_shell_left_holds_no_slot(ledger: SqlLedger, tmp_path: Path) -> None:
    """Once its lock is free its runs are over, for the service as for other shells. What has its lock, or never had one
    on this machine though a folder of that name is here too, is left alone."""
    folder = tmp_path / FOLDER
    for task in ("task-here", "task-gone"):
        with held(folder, task, 4242):
            pass
    here = {"task-here": tmp_path, "task-gone": tmp_path, "task-there": tmp_path, "task-far": tmp_path / "nowhere"}
    for task, top in here.items():
        (unit,), mine = steps(1), admission(ledger, task, Caps(running=50))
        await mine.open()
        await ledger.save_plan(Plan(task, "Rename it", (Phase(1, "Build", (unit.step,)),), NOW), str(top))
        assert not isinstance(await mine.admit(unit, step_plan(mine, unit), SMALL), Refusal)
    assert await start(ledger, (await add(ledger, 1))[0]) is None
    with held(folder, "task-here", 4242):
        assert await free_abandoned(ledger, at(4)) == 1
    assert [run.item for run in await ledger.running()] == ["task-here", "task-there", "task-far", "card-1"]


async def test_what_a_killed_agents_process_left_holds_no_slot(ledger: SqlLedger, tmp_path: Path) -> None:
    """One of the crew, by the file that its process held; what its process has is left alone, and so is what no
    process had here."""
    locks = {name: tmp_path / name / "lock" for name in ("here-1", "gone-1", "there-1")}
    for name, lock in locks.items():
        await ledger.create_mate(Mate(name, name, "/shop", "local/shop", "ada", "main", NOW, "ann", lock=str(lock)))
        mine = admission(ledger, name, Caps(running=50))
        await mine.open()
        (unit,) = steps(1)
        assert not isinstance(await mine.admit(unit, step_plan(mine, unit), SMALL), Refusal)
    here, gone = take(locks["here-1"]), take(locks["gone-1"])
    assert here and gone
    gone.close()
    with here:
        assert await free_abandoned(ledger, at(4)) == 1
    assert [run.item for run in await ledger.running()] == ["here-1", "there-1"]


def admission(ledger: SqlLedger, task: str, caps: Caps) -> Admission:
    spec = WorkSpec("local/shop", task, f"sluice/{task}", "sha0")
    return Admission(ledger, spec, "Rename it", caps, None, Work(running=50), "ann", NOW, lambda: at(3))


def steps(many: int, at: int = 1) -> list[StepState]:
    return [StepState(Step(f"1.{n}", "builder", "Build it")) for n in range(at, at + many)]


def step_plan(task: Admission, unit: StepState) -> RunPlan:
    e = begin(Plan(task.spec.item, "Rename it", (Phase(1, "Build", (unit.step,)),), NOW))
    return run_for(e, unit, SMALL, "sha0", Brief("Build it."), task.go_ahead)


async def test_a_restart_is_no_second_run(ledger: SqlLedger) -> None:
    """What the same run used before is not counted beside what is held for it now."""
    [item] = await add(ledger, 1)
    day = {"caps": Caps(running=50, day=Budget(50 * M, 2.0)), "peer": SMALL}
    assert await start(ledger, item, **day) is None
    await spend(ledger, plan(item).key, 1.5, 1)
    await ledger.end_run(plan(item).key, Outcome("lost", "", 1.0, ""), None, at(2))
    assert await send_back(ledger, item, plan(item, restart=True), **day) is None


async def test_a_day_later_there_is_room(ledger: SqlLedger) -> None:
    """What was used is free again when it is a day old, as the refusal said."""
    one, two = await add(ledger, 1, 2)
    day = Caps(running=50, day=Budget(50 * M, 3.0))
    await start(ledger, one, caps=day, peer=SMALL)
    await spend(ledger, plan(one).key, 1.9, 60)
    await ledger.end_run(plan(one).key, FINISHED, None, at(61))
    refusal = await start(ledger, two, caps=day, peer=SMALL, now=at(100))
    assert refusal and refusal.until == at(60) + timedelta(hours=24)
    assert await start(ledger, two, caps=day, peer=SMALL, now=refusal.until) is None


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_the_day_holds(ledger: SqlLedger, seed: int) -> None:
    """Random admissions, spends and endings: never more than the cap and what runs used beyond their own."""
    dice, caps, beyond = random.Random(seed), Caps(running=50, day=Budget(50 * M, 6.0)), 0.0
    found = await add(ledger, *range(1, 16))
    for second in range(1, 50):
        running = await ledger.running()
        if dice.random() < 0.4 or not running:
            await start(ledger, dice.choice(found), caps=caps, peer=SMALL, now=at(second))
            continue
        run = dice.choice(running)
        used = (await ledger.used(run.key)).cost_usd or 0.0
        if used >= 2.0 or dice.random() < 0.4:
            beyond += max(0.0, used - 2.0)
            await ledger.end_run(run.key, FINISHED, None, at(second))
        else:
            await spend(ledger, run.key, used + dice.random(), second)
        spent = sum(each.cost_usd or 0.0 for each in await ledger.spent())
        over = sum([max(0.0, ((await ledger.used(r.key)).cost_usd or 0.0) - 2.0) for r in await ledger.running()])
        assert spent <= 6.0 + beyond + over + 1e-6


async def test_one_item_finds_out_for_all_that_an_agent_is_limited(ledger: SqlLedger) -> None:
    """Until the reported reset nobody gets it; the run goes on then, and its attempt is not counted."""
    one, two = await add(ledger, 1, 2)
    await start(ledger, one)
    await ledger.end_run(plan(one).key, Outcome("limited", "", 1.0, "", until=at(600)), None, at(1))
    again = plan(one, restart=True)
    for refusal in (await start(ledger, two, now=at(2)), await send_back(ledger, one, again, now=at(2))):
        assert refusal and refusal.until == at(601) and "takes work again at 09:10 UTC" in refusal.reason
    assert await send_back(ledger, one, again, work=Work(running=50, runs_per_item=1), now=at(601)) is None
    assert (await ledger.tallies())[one].attempts == 1


async def test_pauses_grow_where_no_reset_is_told(ledger: SqlLedger) -> None:
    """Five minutes, ten, twenty, up to an hour; one that was let work is trusted again."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    now, waits = NOW, []
    for _ in range(6):
        await ledger.end_run(plan(item).key, Outcome("limited", "", 1.0, ""), None, now)
        until = (await ledger.holds(now))["ada"].until
        waits.append((until - now) / timedelta(minutes=1))
        now = until
        assert await send_back(ledger, item, plan(item, restart=True), now=now) is None
    assert waits == [5, 10, 20, 40, 60, 60]
    await ledger.end_run(plan(item).key, FINISHED, None, now)
    assert await ledger.holds(now) == {}


async def test_the_same_failure_stops_an_agent_until_somebody_says_otherwise(ledger: SqlLedger) -> None:
    """Over all items; whoever runs Sluice may let it go on, and what was before is forgotten."""
    *failing, last = await add(ledger, *range(1, 7))
    for second, item in enumerate(failing):
        assert await start(ledger, item) is None
        await ledger.end_run(plan(item).key, Outcome("failed", "", 1.0, "", failure="exit 1"), None, at(second))
    refusal = await start(ledger, last, now=at(10))
    assert refusal and refusal.what == "agent" and "(exit 1) 5 times" in refusal.reason
    assert list(await ledger.holds(at(10))) == ["ada"]
    await ledger.resume_peer("ada", at(11))
    assert await start(ledger, last, now=at(12)) is None


async def test_a_fall_back_gets_the_brief_and_the_claim(ledger: SqlLedger) -> None:
    """What the other agent was told is what it is told, and from then on the item is its."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.end_run(plan(item).key, Outcome("limited", "", 1.0, ""), None, at(1))
    over = plan(item, "instead", peer="bob", brief="", takes_over=plan(item).key)
    assert await send_back(ledger, item, over, peer=Peer("bob", "scripted", capacity=100), now=at(2)) is None
    claim = (await ledger.item(item)).claim
    assert claim and claim.peer == "bob"
    started = await ledger.start_run(over.key, at(3))
    assert started and started[1].brief == "Fix it."


async def test_an_estimate_is_the_median_of_what_was(ledger: SqlLedger) -> None:
    """None while an agent has no ended run whose use is known."""
    *before, last = await add(ledger, 1, 2, 3, 4)
    for item, dollars in zip(before, (1.0, 9.0, 2.0), strict=True):
        await start(ledger, item)
        await spend(ledger, plan(item).key, dollars, 1)
        await ledger.end_run(plan(item).key, FINISHED, None, at(2))
    await start(ledger, last)
    estimates = [(await ledger.recall(item, at(3))).runs[0].estimate for item in (*before, last)]
    assert estimates[0] is None and estimates[-1] == 2 * M
