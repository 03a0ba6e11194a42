"""What the ledger remembers of an item, and what changes it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from bot.core.actions import Decision, MoveCard, NoteOrder
from bot.core.gates.verdict import GateRun
from bot.core.item import Approval, Move, Order
from bot.core.limits import Hour, Standing
from bot.core.message import Message
from bot.core.run import Peer
from bot.core.snapshot import PolicyWord
from bot.core.trust import Role
from bot.errors import UserError
from bot.ledger.ledger import SqlLedger
from bot.ledger.reviews import ReviewRow
from tests.contracts.ledger_world import BOARD, NOW, REPO, add, at, card, claim, go_ahead, plan, start, with_limits


async def test_renamed_repository_and_new_title_are_followed(ledger: SqlLedger) -> None:
    """The card's id is what an item is known by: claim and pull request stay with it."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.note_pull(item, 5)
    await ledger.upsert_cards(BOARD, [card(1, repo="acme/store", title="Mend it")], at(1))
    mine = await ledger.item(item)
    assert (mine.repo, mine.title, mine.pull_number) == ("acme/store", "Mend it", 5) and mine.claim
    assert await ledger.item_ids_for("acme/store", 1) == [item]


async def test_transferred_issue_takes_nothing_along(ledger: SqlLedger) -> None:
    """Its pull request's number would name another one in the new repository."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.note_pull(item, 5)
    await ledger.upsert_cards(BOARD, [card(77, id=item, repo="acme/tools")], at(1))
    mine = await ledger.item(item)
    assert (mine.repo, mine.number, mine.issue_id) == ("acme/tools", 77, "I_77")
    assert (mine.claim, mine.pull_number) == (None, None)
    assert mine.parked and f"{REPO}#1 stays there" in mine.parked.reason and mine.go_ahead == go_ahead()


async def test_a_renamed_repository_is_known_under_its_new_name(ledger: SqlLedger) -> None:
    """Its policy, since when it is live and what was heard there go along; the former name is forgotten."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.note_repository(REPO, 'mode = "live"', "live", NOW, None, NOW)
    [before] = await ledger.repositories()
    heard = await ledger.heard_in(REPO)
    await ledger.upsert_cards(BOARD, [card(1, id=item, repo="acme/new")], at(1))
    assert await ledger.repositories() == [replace(before, repo="acme/new")]
    assert (await ledger.heard_in("acme/new"), await ledger.heard_in(REPO)) == (heard, None)
    assert (await ledger.item(item)).claim


async def test_parked_item_keeps_what_a_person_needs(ledger: SqlLedger) -> None:
    """Claim, place in the queue and waiting run go; pull request, pushed head and whom to mention stay."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.note_pull(item, 5)
    await ledger.note_push(item, "sha1", NOW)
    await ledger.join_lane(item, "main", NOW)
    await ledger.park(item, "the checks fail", False, at(1))
    await ledger.parked_told(item)
    await ledger.park(item, "the checks fail", False, at(2))

    memory = await ledger.recall(item, NOW)
    mine = memory.item
    assert (mine.claim, mine.lane_since, mine.pull_number, mine.pushed_head) == (None, None, 5, "sha1")
    assert mine.parked and (mine.parked.at, mine.parked.told) == (at(1), True)
    assert mine.go_ahead == go_ahead()
    assert memory.runs[0].outcome and memory.runs[0].outcome.ended == "cancelled"
    assert await ledger.receipt(item) == "the checks fail"


async def test_finished_item_has_a_receipt(ledger: SqlLedger) -> None:
    """How it ended and the summary are kept."""
    [item] = await add(ledger, 1)
    await start(ledger, item)
    await ledger.finish(item, "merged", "3 files, 1 round", NOW)
    mine = await ledger.item(item)
    assert (mine.done, mine.claim, mine.go_ahead) == ("merged", None, None)
    assert await ledger.receipt(item) == "3 files, 1 round"


async def test_lane_is_first_come_first_served(ledger: SqlLedger) -> None:
    """One pull request per base branch is merged at a time; when the head leaves, the next alone is woken."""
    one, two, three = await add(ledger, 1, 2, 3)
    assert await ledger.join_lane(two, "main", at(1))
    assert not await ledger.join_lane(one, "main", at(2))
    assert await ledger.join_lane(two, "main", at(3))
    assert [rival.item for rival in (await ledger.recall(one, NOW)).lane] == [two, one]
    assert not await ledger.join_lane(three, "main", at(3))
    await _asleep(ledger, one)
    await _asleep(ledger, three)
    await ledger.leave_lane(two)
    assert await ledger.wake_of(one) and not await ledger.wake_of(three)
    assert await ledger.join_lane(one, "main", at(4))


async def test_items_that_wait_for_a_slot_know_each_other(ledger: SqlLedger) -> None:
    """Those of the same repository that wait for a slot are listed in rank, paused ones are not."""
    one, two, three, four = await add(ledger, 1, 2, 3, 4)
    for item in (two, three, four):
        await ledger.record(item, Decision("Ready", "full", waits_for="slot"), NOW, True)
    await ledger.note_order(three, NoteOrder("o1", "pause", "mona"), NOW)
    await ledger.note_order(four, NoteOrder("o2", "priority", "mona", "0"), NOW)
    assert [rival.item for rival in (await ledger.recall(one, NOW)).ahead] == [four, two]


ORDERS = [
    ("pause", "", "paused_by", "mona"),
    ("priority", "1.5", "priority", 1.5),
    ("assign", "bob", "peer_wanted", "bob"),
    ("cancel", "", "paused_by", None),
]


@pytest.mark.parametrize(("verb", "value", "column", "expected"), ORDERS)
async def test_order_changes_the_item_once(
    ledger: SqlLedger, verb: str, value: str, column: str, expected: object
) -> None:
    """What an order changes and that it is answered are one thing; hearing it again changes nothing."""
    [item] = await add(ledger, 1)
    order = Order("c9.1", verb, value, "mona", NOW, "IC_9")
    later = Order("c10.1", "help", "", "mona", at(1), "IC_10")
    assert await ledger.hear(item, [later, order], NOW) == (order, later)
    await ledger.note_order(item, NoteOrder(order.id, verb, "mona", value), at(2))
    assert getattr(await ledger.item(item), column) == expected
    assert await ledger.hear(item, [order], at(3)) == (later,)
    assert (await ledger.recall(item, NOW)).orders == (later,)


async def test_retry_fresh_forgets_the_old_branch(ledger: SqlLedger) -> None:
    """A plain retry keeps branch and pull request; a fresh one begins on a new branch."""
    [item] = await add(ledger, 1)
    await ledger.note_pull(item, 5)
    await ledger.park(item, "stuck", True, NOW)
    await ledger.note_order(item, NoteOrder("o1", "retry", "mona"), NOW)
    mine = await ledger.item(item)
    assert (mine.parked, mine.pull_number, mine.asked_fresh) == (None, 5, 0)
    await ledger.note_order(item, NoteOrder("o2", "retry", "mona", "fresh"), NOW)
    mine = await ledger.item(item)
    assert (mine.pull_number, mine.asked_fresh, mine.fresh_at) == (None, 1, NOW)


async def test_approval_ends_with_the_claim(ledger: SqlLedger) -> None:
    """A person's word is kept with what they saw, until the item is claimed anew."""
    [item] = await add(ledger, 1)
    word = Approval("approve", "mona", "sha1", NOW)
    await ledger.note_order(item, NoteOrder("o1", "approve", "mona", "", word), NOW)
    assert (await ledger.item(item)).approvals == (word,)
    await start(ledger, item)
    assert (await ledger.item(item)).approvals == ()


async def test_same_decision_is_kept_once(ledger: SqlLedger) -> None:
    """A decision repeated is one row with a count; the stages an item entered are kept in order."""
    [item] = await add(ledger, 1)
    waits = Decision("Ready", "full", waits_for="slot")
    for second in (0, 1, 2):
        await ledger.record(item, waits, at(second), True)
    await ledger.record(item, Decision("Working", "goes", (MoveCard("In Progress"),)), at(3), True)
    newest, older = await ledger.decisions(item)
    assert (older.times, older.at, older.last_at) == (3, at(0), at(2))
    assert json.loads(newest.actions) == [{"action": "MoveCard", "column": "In Progress"}]
    assert (await ledger.item(item)).stages == (("Ready", at(0)), ("Working", at(3)))


async def test_effect_is_known_before_it_happens(ledger: SqlLedger) -> None:
    """A crash between intent and result leaves an effect that is not settled."""
    [item] = await add(ledger, 1)
    first = await ledger.intend(item, MoveCard("Done"), at(0))
    await ledger.intend(item, MoveCard("Ready"), at(1))
    await ledger.settle(first, True, "PVTI_1", at(2))
    unsettled, settled = await ledger.effects(item)
    assert (settled.action, settled.ok, settled.settled_at, settled.result) == ("MoveCard", True, at(2), "PVTI_1")
    assert (unsettled.ok, unsettled.settled_at) == (None, None)


async def test_gate_runs_once_per_head(ledger: SqlLedger) -> None:
    """A verdict stands; only a gate that could not say runs again."""
    [item] = await add(ledger, 1)
    key = await ledger.admit_gate(item, "command:make", "sha1", "make", NOW)
    assert await ledger.admit_gate(item, "command:make", "sha1", "make", NOW) == key
    running = GateRun("command:make", "sha1", "running", run_id=key, key=key, since=NOW)
    assert await ledger.start_gate(key, NOW) == (item, running, "make")
    assert await ledger.start_gate(key, NOW) == (item, running, "make")
    await ledger.end_gate(key, GateRun("command:make", "sha1", "unknown", "timed out", run_id=key), at(1))
    assert await ledger.start_gate(key, NOW) is None

    second = await ledger.admit_gate(item, "command:make", "sha1", "make", NOW)
    assert second != key
    passed = GateRun("command:make", "sha1", "passed", "`make` passed", run_id=second, key=second, since=NOW)
    await ledger.end_gate(second, passed, at(2))
    await ledger.end_gate(second, GateRun("command:make", "sha1", "failed", run_id=second), at(3))
    assert (await ledger.recall(item, NOW)).gate_runs[-1] == passed
    assert await ledger.admit_gate(item, "command:make", "sha1", "make", NOW) == second


async def test_dispatched_workflow_is_remembered(ledger: SqlLedger) -> None:
    """A workflow on its way is a running gate with GitHub's run id; it is nobody's admitted command."""
    [item] = await add(ledger, 1)
    key = await ledger.admit_gate(item, "workflow:ci.yml", "sha1", "", NOW)
    sent = GateRun("workflow:ci.yml", "sha1", "running", run_id="77:1", key=key, since=NOW, used=("a/b/c.yml@d",))
    await ledger.end_gate(key, sent, NOW)
    assert (await ledger.recall(item, NOW)).gate_runs == (sent,)


async def test_gate_is_asked_for_again_under_one_key_and_repeated_once_for_each_wish(ledger: SqlLedger) -> None:
    """A dispatch nobody heard of keeps its key; a wish to repeat a verdict makes one new run, however often read."""
    [item] = await add(ledger, 1)
    gate = ("workflow:ci.yml", "sha1", "")
    key = await ledger.admit_gate(item, *gate, NOW)
    assert await ledger.admit_gate(item, *gate, at(2)) == key
    assert (await ledger.recall(item, NOW)).gate_runs[0].since == at(2)
    await ledger.end_gate(key, GateRun(*gate[:2], "passed", run_id="77:1"), at(3))

    second = await ledger.admit_gate(item, *gate, at(4), key)
    assert second != key
    assert await ledger.admit_gate(item, *gate, at(5), key) == second
    await ledger.end_gate(second, GateRun(*gate[:2], "unstarted", "GitHub answered 422"), at(6))
    assert await ledger.admit_gate(item, *gate, at(7)) not in (key, second)


async def test_what_is_said_of_a_policy_is_remembered_by_repository(ledger: SqlLedger) -> None:
    """Until it is taken back."""
    [item] = await add(ledger, 1)
    word = PolicyWord("sha1", "unknown key mod; did you mean mode?")
    await ledger.note_policy_word(REPO, PolicyWord("sha0", "x"))
    await ledger.note_policy_word(REPO, word)
    assert (await ledger.recall(item, NOW)).policy_word == word
    await ledger.note_policy_word(REPO, None)
    assert (await ledger.recall(item, NOW)).policy_word is None


async def test_scan_tells_news_only(ledger: SqlLedger) -> None:
    """New, changed and vanished cards are news and wake their item; the rest is quiet. Pull request cards are left."""
    await ledger.upsert_cards(BOARD, [card(1), card(2, priority="P1"), card(3, kind="PULL_REQUEST")], NOW)
    assert [row.item.id for row in await ledger.items(BOARD)] == ["card-2", "card-1"]
    assert await ledger.upsert_cards(BOARD, [card(1, position=9), card(2, priority="P1")], at(1)) == []
    assert (await ledger.item("card-1")).position == 9
    for item in ("card-1", "card-2"):
        await _asleep(ledger, item)
    assert await ledger.upsert_cards(BOARD, [card(1, column="Done", position=9)], at(2)) == ["card-1", "card-2"]
    assert await ledger.wake_of("card-1") and await ledger.wake_of("card-2")
    assert [row.item.id for row in await ledger.items(BOARD)] == ["card-1"]
    assert await ledger.upsert_cards(BOARD, [card(1, column="Done"), card(2)], at(3)) == ["card-2"]


@pytest.mark.parametrize("text", ["card-2", "#2", "2", "acme/shop#2", "ACME/Shop#2", "sue 2", "12"])
async def test_items_are_found_by_what_people_type(ledger: SqlLedger, text: str) -> None:
    """An id, a number of issue or pull request, a reference, or a part of the title."""
    await add(ledger, 1, 2)
    await ledger.note_pull("card-2", 12)
    assert await ledger.find(text) == ["card-2"]
    assert await ledger.item_ids_for("Acme/shop", 12) == ["card-2"]
    assert await ledger.item_for_card("card-9") is None


async def test_unknown_item_is_said(ledger: SqlLedger) -> None:
    with pytest.raises(UserError, match="knows no item 'card-9'"):
        await ledger.recall("card-9", NOW)


async def test_delivery_is_kept_once(ledger: SqlLedger) -> None:
    """Of five copies at once one is new; it waits until it is handled."""
    copies = await asyncio.gather(*(ledger.store_delivery("g1", "issues", "opened", b"{}", NOW) for _ in range(5)))
    assert copies.count(True) == 1
    assert [delivery.guid for delivery in await ledger.unhandled_deliveries()] == ["g1"]
    await ledger.mark_delivery("g1", "woke 1 item")
    assert await ledger.unhandled_deliveries() == []


async def test_repository_is_live_since_its_policy_said_so(ledger: SqlLedger) -> None:
    """The instant it went live stays while it is live, and starts anew after a break."""
    [item] = await add(ledger, 1)
    said = []
    for mode, since, pushed, now in [
        ("live", at(-9), at(-5), 0),  # never seen before: the policy's own date must do
        ("preview", None, at(1), 1),
        ("live", at(-3), at(5), 6),  # committed long before it was pushed
        ("live", at(7), at(7), 8),
        ("off", None, at(9), 9),
        ("live", None, None, 10),
    ]:
        said.append(await ledger.note_repository(REPO, f"mode = {mode}", mode, since, pushed, at(now)))
        assert said[-1] == (await ledger.recall(item, NOW)).live_since
    assert said == [at(-9), None, at(5), at(5), None, at(10)]
    assert (await ledger.recall(item, NOW)).last_policy == "mode = live"


async def test_roles_are_remembered_for_minutes(ledger: SqlLedger) -> None:
    await ledger.keep_role(REPO, "Mona", Role.WRITE, NOW)
    assert await ledger.known_role(REPO, "mona", at(-1)) is Role.WRITE
    assert await ledger.known_role(REPO, "mona", at(1)) is None


async def test_everything_can_be_paused(ledger: SqlLedger) -> None:
    [item] = await add(ledger, 1)
    await ledger.pause_all("mona", NOW)
    assert (await ledger.recall(item, NOW)).paused_all_by == "mona"
    await ledger.pause_all(None, NOW)
    assert (await ledger.recall(item, NOW)).paused_all_by is None


async def test_draft_moves_costs_and_reviews(ledger: SqlLedger) -> None:
    """The small tables keep what they are given."""
    [item] = await add(ledger, 1)
    move = Move("m1", "Ready", "mona", False, NOW)
    await ledger.note_move(item, move)
    await ledger.note_move(item, move)
    assert (await ledger.recall(item, NOW)).moves == (move,)

    await asyncio.gather(*(ledger.book(item, "graphql", 2, NOW) for _ in range(5)))
    assert await ledger.costs(item) == {"graphql": 10}

    review = ReviewRow("https://x/1", REPO, 1, item, "sha1", "open", "mona", NOW, ("mona",))
    await ledger.note_review(review)
    assert await ledger.mark_reviewed(review.url, "sha1", "mona", at(1))
    await ledger.note_review(review)
    [row] = await ledger.review_queue()
    assert (row.reviewed_sha, row.requested) == ("sha1", ("mona",))


async def test_pull_request_of_an_earlier_start_leaves_the_queue(ledger: SqlLedger) -> None:
    """Who starts over on a new branch leaves the old pull request to people: nothing is owed to it any more."""
    [item] = await add(ledger, 1)
    await ledger.note_review(ReviewRow("https://x/1", REPO, 1, item, "sha1", "open", "mona", NOW, ("mona",)))
    await ledger.note_order(item, NoteOrder("o1", "retry", "mona", "fresh"), NOW)
    assert await ledger.review_queue() == []


async def test_no_update_is_lost(ledger: SqlLedger) -> None:
    """Twenty people approve at once, and twenty words are kept."""
    [item] = await add(ledger, 1)
    words = [Approval("approve", f"p{n}", "sha1", NOW) for n in range(20)]
    notes = [NoteOrder(word.by, "approve", word.by, "", word) for word in words]
    await asyncio.gather(*(ledger.note_order(item, note, NOW) for note in notes))
    assert {word.by for word in (await ledger.item(item)).approvals} == {word.by for word in words}


async def test_taking_up_a_pull_request_needs_no_run(ledger: SqlLedger) -> None:
    """A claim without a run counts nothing and keeps the pull request."""
    [item] = await add(ledger, 1)
    await ledger.note_pull(item, 5)
    await ledger.finish(item, "stopped", "", NOW)
    assert await ledger.admit(item, claim(None), None, **with_limits(peer=Peer("ada", "scripted"))) is None  # type: ignore[arg-type]
    mine = await ledger.item(item)
    assert mine.claim and (mine.pull_number, mine.done) == (5, None)
    assert plan(item).key not in {run.key for run in await ledger.running()}


async def _asleep(ledger: SqlLedger, item: str) -> None:
    wake = await ledger.wake_of(item)
    if wake:
        await ledger.slept(item, wake.seq, None)


async def test_standings_are_shared(ledger: SqlLedger) -> None:
    """Two processes under one identity see each other's content; another identity stands alone."""
    mine = Standing("sluice[bot]", at(1), {"core": Hour(5000, 90, at(30))}, ((at(0), 2),))
    theirs = Standing("sluice[bot]", at(2), content=((at(1), 1),), waiting={"words": 3})
    assert await ledger.keep_standing(mine) == mine
    joined = await ledger.keep_standing(theirs)
    assert joined.content == ((at(0), 2), (at(1), 1)) and joined.hours == mine.hours
    await ledger.keep_standing(Standing("sluice[bot] on beta", at(1)))
    assert [each.identity for each in await ledger.standings()] == ["sluice[bot]", "sluice[bot] on beta"]
    assert (await ledger.standings())[0] == joined


async def test_the_dearest_items_come_first(ledger: SqlLedger) -> None:
    """Each with what it cost by kind; what nobody caused alone is left out."""
    for item, kind, amount in (("a", "graphql_points", 9), ("b", "content_requests", 2), (None, "graphql_points", 99)):
        await ledger.book(item, kind, amount, NOW)
    await ledger.book("a", "graphql_points", 1, NOW)
    assert list((await ledger.dearest(5)).items()) == [("b", {"content_requests": 2}), ("a", {"graphql_points": 10})]


async def test_a_message_is_kept_once_and_heard_by_the_first(ledger: SqlLedger) -> None:
    """Told twice it is one message; the run that heard it first counts."""
    (item,) = await add(ledger, 1)
    said = Message("c1", "mona", "Use tabs.", NOW, subject="IC_1", run="r1")
    await ledger.tell(item, said)
    await ledger.tell(item, replace(said, text="Use spaces.", run=""))
    await ledger.heard(item, ["c1", "unknown"], "r1", at(5))
    await ledger.heard(item, ["c1"], "r2", at(6))
    assert await ledger.messages(item) == (replace(said, heard_by="r1"),)
    await ledger.note_heard(item, "c1")
    assert (await ledger.recall(item, at(7))).messages == (replace(said, heard_by="r1", told=True),)
