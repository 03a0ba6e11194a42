"""Admission: the one place that lets a run in, asked by many at once."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.actions import Decision
from bot.core.budget import Caps
from bot.core.policy import Work
from bot.core.review import ReviewRow, State
from bot.core.run import Outcome, Peer
from bot.core.worktree import FileChange
from bot.core.worktree import Work as Result
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from tests.contracts.ledger_world import (
    FINISHED,
    NOW,
    PEER,
    REPO,
    add,
    at,
    card,
    claim,
    go_ahead,
    plan,
    send_back,
    start,
)


async def test_fifty_passes_never_make_three(ledger: SqlLedger) -> None:
    """Fifty passes at once, with a limit of two, admit two runs; one that ends makes room for one."""
    found = await add(ledger, *range(1, 51))
    answers = await asyncio.gather(*(start(ledger, item, caps=Caps(running=2)) for item in found))
    assert answers.count(None) == 2
    assert {answer.what for answer in answers if answer} == {"slot"}
    assert len(await ledger.running()) == 2

    await ledger.end_run((await ledger.running())[0].key, FINISHED, None, at(1))
    waiting = [item for item, answer in zip(found, answers, strict=True) if answer]
    again = await asyncio.gather(*(start(ledger, item, caps=Caps(running=2)) for item in waiting))
    assert again.count(None) == 1


async def test_two_processes_share_the_limit(ledger: SqlLedger, database: str) -> None:
    """What one process admits counts for the other."""
    other = await open_ledger(database)
    found = await add(ledger, *range(1, 21))
    sides = [ledger, other] * 10
    limit = Caps(running=3)
    answers = await asyncio.gather(*(start(side, item, caps=limit) for side, item in zip(sides, found, strict=True)))
    await other.close()
    assert answers.count(None) == 3
    assert ledger.instance == other.instance


async def test_of_two_cards_of_an_issue_one_has_it(ledger: SqlLedger) -> None:
    """Both boards' cards ask at once; one is let in, and the other is told on which board it is."""
    [here] = await add(ledger, 1)
    await ledger.upsert_cards("acme/2", [card(1, id="other")], NOW)
    answers = await asyncio.gather(start(ledger, here), start(ledger, "other"))
    [refusal] = [answer for answer in answers if answer]
    assert refusal.what == "dependency" and "its card on board acme/" in refusal.reason
    has_it, waits = (here, "other") if answers[0] is None else ("other", here)
    twin = (await ledger.recall(waits, NOW)).twin
    assert twin and twin.claimed and twin.board == (await ledger.item(has_it)).board
    assert (await ledger.recall(has_it, NOW)).twin is None
    await ledger.release(has_it)
    assert (await ledger.recall(waits, NOW)).twin is None


async def test_claim_uses_the_go_ahead_up(ledger: SqlLedger) -> None:
    """A claimed item is nobody else's, and its go-ahead is spent."""
    [item] = await add(ledger, 1)
    await ledger.accept_go_ahead(item, go_ahead())
    await ledger.park(item, "it was hard", False, NOW)
    assert await start(ledger, item) is None

    mine = (await ledger.recall(item, NOW)).item
    assert mine.claim and mine.claim.go_ahead == go_ahead() and mine.claim.at == NOW
    assert (mine.spent, mine.go_ahead, mine.parked) == ("move-1", None, None)
    refusal = await start(ledger, item, "go:2")
    assert refusal and refusal.reason == "already claimed" and not refusal.full


async def test_command_spends_no_move(ledger: SqlLedger) -> None:
    """A go-ahead by command leaves the last spent Status event what it was: old moves stay spent."""
    [item] = await add(ledger, 1)
    await ledger.spend_move(item, "move-7")
    run = plan(item)
    assert await ledger.admit(item, claim(run, go_ahead("order:3", True)), run, Caps(), Work(), PEER, NOW) is None
    assert (await ledger.item(item)).spent == "move-7"


async def test_no_run_without_new_evidence(ledger: SqlLedger) -> None:
    """The same causes on the same head make no second run, even long after; new causes do."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.end_run(plan(item).key, FINISHED, None, at(5))
    refusal = await send_back(ledger, item, plan(item, round=2))
    assert refusal and not refusal.full and "nothing new" in refusal.reason
    assert await send_back(ledger, item, plan(item, "review:9", round=2)) is None


async def test_interrupted_run_goes_on_twice(ledger: SqlLedger) -> None:
    """The machine's failures cost no new run, but three attempts are enough."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    first, again = plan(item), plan(item, brief="", restart=True)
    refusal = await send_back(ledger, item, again)
    assert refusal and refusal.reason == "this run is still under way"
    for attempts in (1, 2):
        await ledger.end_run(first.key, FINISHED, None, at(1))
        assert await send_back(ledger, item, again, work=Work(runs_per_item=1)) is None
        [run] = await ledger.running()
        assert (run.attempts, run.state, run.outcome) == (attempts, "admitted", None)
    assert await ledger.start_run(f"{first.key}.1", at(2)) is None  # a late copy of the attempt before
    started = await ledger.start_run(f"{first.key}.2", at(2))
    assert started and started[1].brief == "Fix it."
    await ledger.end_run(first.key, FINISHED, None, at(3))
    assert await send_back(ledger, item, again)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"peer": Peer("ada", "scripted", capacity=1)}, "agent ada is busy"),
        ({"work": Work(running=1)}, "1 agents already work in this repository"),
        ({"caps": Caps(runs_per_day=1)}, "all 1 runs of the last 24 hours"),
        ({"work": Work(runs_per_day=1)}, "this repository has used its 1 runs"),
        ({"peer": None}, "agent ada is not set up"),
    ],
)
async def test_limits_are_counted_again(ledger: SqlLedger, limits: dict[str, object], reason: str) -> None:
    """The transaction counts for itself; what the pass saw before does not matter."""
    one, two = await add(ledger, 1, 2)
    await start(ledger, one)
    refusal = await start(ledger, two, **limits)
    assert refusal and reason in refusal.reason
    assert (await ledger.item(two)).claim is None


async def test_usage_is_of_the_last_day(ledger: SqlLedger) -> None:
    """A day later the quota is free again; the item's own runs are counted by go-ahead."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    usage = (await ledger.recall(item, at(60))).usage
    assert (usage.running, usage.running_here, usage.running_by_peer) == (1, 1, {"ada": 1})
    assert (usage.today, usage.today_here, usage.for_go_ahead) == (1, 1, 1)
    later = (await ledger.recall(item, at(86401))).usage
    assert (later.today, later.for_go_ahead, later.running) == (0, 1, 1)


async def test_waiting_pulls_hold_new_work_back(ledger: SqlLedger) -> None:
    """Three pull requests that wait for people: nothing new starts there, but what is under way goes on."""
    waiting, fresh = (await add(ledger, 1, 2, 3)), (await add(ledger, 1, 2, 3, 4))[3]
    for number, item in enumerate(waiting, start=10):
        await ledger.note_pull(item, number)
        await ledger.note_review(_seen(item, number, "open"))
        await ledger.record(item, Decision("InReview", "waits for review", waits_for="person"), NOW, True)
    refusal = await start(ledger, fresh)
    assert refusal and refusal.what == "quota" and "3 pull requests" in refusal.reason
    await ledger.finish(waiting[0], "merged", "", NOW)
    assert await start(ledger, fresh) is None


async def test_closed_pulls_hold_nothing_back(ledger: SqlLedger) -> None:
    """Items that wait for a person with a pull request that is closed: new work starts."""
    *waiting, fresh = await add(ledger, 1, 2, 3, 4)
    for number, item in enumerate(waiting, start=10):
        await ledger.note_pull(item, number)
        await ledger.note_review(_seen(item, number, "open"))
        await ledger.record(item, Decision("Parked", "cancelled by @mona", waits_for="person"), NOW, True)
    assert await start(ledger, fresh)
    await ledger.note_review(_seen(waiting[0], 10, "closed"))
    assert await start(ledger, fresh) is None


def _seen(item: str, number: int, state: State) -> ReviewRow:
    return ReviewRow(f"https://x/{number}", REPO, number, item, "sha1", state, "mona", NOW)


async def test_withdrawn_admission_leaves_no_trace(ledger: SqlLedger) -> None:
    """Refused elsewhere, the item has its go-ahead back and the run may be admitted again."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.withdraw(item, plan(item).key)
    memory = await ledger.recall(item, NOW)
    assert (memory.item.claim, memory.runs, memory.item.go_ahead) == (None, (), go_ahead())
    assert await ledger.start_run(plan(item).key, NOW) is None
    assert await start(ledger, item) is None


async def test_run_ends_once(ledger: SqlLedger) -> None:
    """The first ending counts, a later one is refused, and a crashed start is entered again."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    key = plan(item).key
    first = await ledger.start_run(key, at(1))
    again = await ledger.start_run(key, at(9))
    assert first and again and first[0] == again[0] and first[0].started_at == at(1)
    assert first[1] == plan(item)

    lost = Outcome("lost", "", 0.0, "")
    work = Result(head="sha1", base_sha="sha0", commits=1, files=(FileChange("a.py", 1, 0),))
    assert await ledger.end_run(key, FINISHED, work, at(10))
    assert not await ledger.end_run(key, lost, None, at(11))
    [run] = (await ledger.recall(item, NOW)).runs
    assert (run.outcome, run.work, run.ended_at, run.causes) == (FINISHED, work, at(10), ("go:1",))
    assert await ledger.start_run(key, at(12)) is None


async def test_second_life_has_no_old_pull_request(ledger: SqlLedger) -> None:
    """An item that was merged and is asked for again starts without its old pull request."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.note_pull(item, 5)
    await ledger.finish(item, "merged", "all good", NOW)
    assert await start(ledger, item, "go:2") is None
    mine = await ledger.item(item)
    assert (mine.done, mine.pull_number) == (None, None)
