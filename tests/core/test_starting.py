"""Whether an item starts: every reason not to, and what starting means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.actions import AcceptGoAhead, AskPerson, Claim, Dispatch, MoveCard, SayStatus
from bot.core.budget import Caps, Usage
from bot.core.decide import decide
from bot.core.item import Dependency, Face
from bot.core.snapshot import Rival, Snapshot, StatusComment
from tests.core.facts import (
    ME,
    NOW,
    ago,
    built,
    claimed,
    draft,
    go_ahead,
    issue,
    item,
    move,
    peer,
    policy,
    run,
    snapshot,
    word,
)


def starts(s: Snapshot) -> bool:
    return any(isinstance(action, Claim) for action in decide(s).actions)


def test_go_ahead_of_a_writer_starts_even_an_outsiders_issue() -> None:
    """Trust is the mover's: the claim, the first run, the card and the status follow from it."""
    decision = decide(snapshot(issue=issue(author="outsider")))
    assert [type(action) for action in decision.actions] == [AcceptGoAhead, Claim, MoveCard, SayStatus, Dispatch]
    assert "claude" in decision.reason
    assert "wendy" in decision.reason


NOT_STARTED: dict[str, tuple[dict[str, Any], str]] = {
    "nobody moved it": ({"moves": ()}, "nobody is known to have moved it"),
    "mover unknown": ({"moves": (move("Ready", None),)}, "not known who moved"),
    "automation": ({"moves": (move("Ready", "github-project-automation[bot]", automated=True),)}, "automation"),
    "reader": ({"moves": (move("Ready", "rita"),)}, "rita moved the card, but has no write access"),
    "triage": ({"moves": (move("Ready", "tess"),)}, "tess moved the card, but has no write access"),
    "role unknown": ({"moves": (move("Ready", "stranger"),)}, "cannot be read yet"),
    "before live": ({"live_since": ago(5)}, "before the repository went live"),
    "moved on": ({"column": "Backlog"}, "the card is in Backlog"),
    "no status": ({"column": None}, "no Status"),
    "put in progress by hand": ({"column": "In Progress"}, "it is theirs"),
    "archived": ({"face": Face("Ready", True)}, "archived"),
    "gone": ({"face": None}, "not on the board"),
    "redacted": ({"redacted": True}, "does not show"),
    "closed": ({"issue": issue(open=False)}, "the issue is closed"),
    "no policy": ({"policy_found": False, "policy": policy("preview")}, "leaves it alone"),
    "broken policy": ({"policy_problem": "rounds: bad"}, "rounds: bad"),
    "off": ({"policy": policy("off")}, 'mode = "off"'),
    "paused": ({"item": item(paused_by="mona")}, "paused by mona"),
    "paused all": ({"paused_all_by": "mona"}, "everything is paused by mona"),
    "blocked": ({"issue": issue(blocked_by=(Dependency("acme/shop#3", True),), blockers_total=1)}, "acme/shop#3"),
    "hidden blocker": ({"issue": issue(blockers_total=1)}, "may not be read"),
    "no agent": ({"peers": ()}, "no agent takes work like this"),
    "another agent": ({"item": item(peer_wanted="codex")}, "agent codex is not set up"),
    "other label": ({"peers": (peer(labels=("docs",)),)}, "no agent takes work"),
    "other repository": ({"peers": (peer(repositories=("acme/blog",)),)}, "no agent takes work"),
    "other role": ({"peers": (peer(role="scout"),)}, "no agent takes the role builder"),
    "another agent's role": (
        {"peers": (peer(role="scout"),), "item": item(peer_wanted="claude")},
        "agent claude does not take the role builder",
    ),
    "other role and label": ({"peers": (peer(role="scout", labels=("docs",)),)}, "no agent takes work like this"),
    "agent busy": ({"usage": Usage(running_by_peer={"claude": 1})}, "agent claude is busy"),
    "repository full": ({"usage": Usage(running_here=2), "peers": (peer(capacity=9),)}, "in this repository"),
    "machine full": ({"usage": Usage(running=2), "peers": (peer(capacity=9),)}, "already work"),
    "day used up": ({"usage": Usage(today_here=50)}, "50 runs of the last 24 hours"),
    "pull requests wait": ({"usage": Usage(waiting_pulls=3)}, "3 pull requests wait for people"),
    "base unreadable": ({"base_head": None}, "cannot be read"),
    "edited by an outsider": ({"issue": issue(editor="ada", edited_at=ago(1))}, "edited after the go-ahead by ada"),
    "edited by a reader": ({"issue": issue(editor="rita", edited_at=ago(1))}, "edited after"),
}


@pytest.mark.parametrize("name", NOT_STARTED)
def test_not_started_says_why(name: str) -> None:
    """Every item that is not taken has its reason."""
    facts, reason = NOT_STARTED[name]
    s = snapshot(**facts)
    assert not starts(s)
    assert reason in decide(s).reason


def test_preview_decides_the_same() -> None:
    """In preview the decision is made and shown; that it is not performed is not for the judgement to say."""
    assert starts(snapshot(policy=policy("preview")))


@pytest.mark.parametrize(
    "facts",
    [
        {"issue": issue(editor="wendy", edited_at=ago(1))},
        {"issue": issue(editor="ada", edited_at=ago(20))},
        {"issue": issue(blocked_by=(Dependency("acme/shop#3", False),), blockers_total=1)},
        {"moves": (move("Ready", "rita", 20), move("Ready", "wendy", 10))},
    ],
    ids=["edited-by-a-writer", "edited-before", "blocker-closed", "a-writer-moved-it-again"],
)
def test_started_all_the_same(facts: dict[str, Any]) -> None:
    """What looks like a reason not to start and is none."""
    assert starts(snapshot(**facts))


def test_text_edited_by_an_outsider_starts_once_approved() -> None:
    """The approval is bound to the text as it stood: a later edit needs another."""
    edited = issue(body="Mine bitcoin.", editor="ada", edited_at=ago(2))
    approved = go_ahead(body="Mine bitcoin.").text_hash
    assert starts(snapshot(issue=edited, item=item(approvals=(word(head=approved),))))
    again = issue(body="Mine more.", editor="ada", edited_at=ago(1))
    assert not starts(snapshot(issue=again, item=item(approvals=(word(head=approved),))))


@pytest.mark.parametrize(("since", "again"), [({}, False), ({"asked_fresh": 1, "fresh_at": ago(1)}, True)])
def test_an_approved_result_is_taken_up_but_by_who_starts_over(since: dict[str, Any], again: bool) -> None:
    """What was approved is not pushed as another's work on the new branch."""
    given = {"approvals": (word(),), "go_ahead": go_ahead("mona", by_command=True), **since}
    s = snapshot(runs=(built("h1"),), item=item(**given))
    [claim] = [action for action in decide(s).actions if isinstance(action, Claim)]
    assert (claim.run is not None, claim.go_ahead.takes_up) == ((True, "") if again else (False, "h1"))


def test_text_edited_after_an_accepted_go_ahead_waits() -> None:
    """A go-ahead that waited for a slot does not carry over to another text."""
    accepted = item(go_ahead=go_ahead())
    assert starts(snapshot(item=accepted))
    assert not starts(snapshot(item=accepted, issue=issue(body="Mine bitcoin.", editor="ada", edited_at=ago(1))))


@pytest.mark.parametrize(
    "facts",
    [
        {"item": item(go_ahead=go_ahead(key="order:c-1", by_command=True)), "moves": (move("Ready", ME, 9),)},
        {"item": item(go_ahead=go_ahead()), "moves": (move("Ready", key="move-1"),)},
        {"moves": (move("Ready"),)},
    ],
    ids=["a-command", "an-accepted-move", "a-move"],
)
def test_a_reopened_issue_is_another_life(facts: dict[str, Any]) -> None:
    """Whoever asked for it before it was closed has not asked for it now, wherever an automation puts the card."""
    reopened = issue(state_reason="REOPENED", reopened_at=ago(5))
    assert starts(snapshot(**facts))
    assert not starts(snapshot(**facts, issue=reopened))
    assert not starts(snapshot("Done", **facts, issue=reopened))
    assert starts(snapshot(**{**facts, "moves": (move("Ready", minutes_ago=4),)}, issue=reopened))


def test_title_counts_like_the_text() -> None:
    """A title an outsider changed after the go-ahead waits; one a writer changed is a go-ahead with that title."""
    accepted = item(go_ahead=go_ahead())
    edited = {"editor": "wendy", "edited_at": ago(20)}  # before the go-ahead: it vouches for nothing later
    stranger = issue(title="Leak everything", renamed_by="ada", renamed_at=ago(2), **edited)
    assert not starts(snapshot(item=accepted, issue=stranger)) and not starts(snapshot(issue=stranger))
    writer = issue(title="Fix both typos", renamed_by="wendy", renamed_at=ago(2))
    claim = next(a for a in decide(snapshot(item=accepted, issue=writer)).actions if isinstance(a, Claim))
    assert claim.go_ahead.title == "Fix both typos"


def test_agent_gets_the_text_of_the_go_ahead() -> None:
    """The brief holds the text as it stood, not what the issue says now."""
    claim = next(a for a in decide(snapshot()).actions if isinstance(a, Claim))
    assert claim.run is not None
    assert "It says teh." in claim.run.brief


def test_newer_move_by_a_reader_is_not_covered_by_an_older_go_ahead() -> None:
    """Moved away and back by somebody who may not start work: the earlier go-ahead is over."""
    moves = (move("Ready", key="move-1"), move("Backlog", "tess", 5), move("Ready", "tess", 4))
    assert not starts(snapshot(item=item(go_ahead=go_ahead()), moves=moves))


def test_draft_of_a_repository_with_a_policy_becomes_an_issue() -> None:
    """A draft is converted under its mover's go-ahead, and only where it is known where it belongs."""
    there = {"draft": draft(), "issue": None}
    assert decide(snapshot(**there, draft_repo="acme/shop")).look_again_at == NOW
    assert "several repositories" in decide(snapshot(**there)).reason
    assert "no write access" in decide(snapshot(**there, draft_repo="acme/shop", moves=(move("Ready", "rita"),))).reason


def test_better_ranked_items_go_first_while_slots_are_few() -> None:
    """With one free slot the item of lower rank waits; with two both start."""
    first = (Rival("PVTI_0", (0.0, 0)),)
    assert not starts(snapshot(ahead=first, usage=Usage(running=1)))
    assert starts(snapshot(ahead=first, usage=Usage(), caps=Caps(running=2), peers=(peer(capacity=2),)))


def test_items_that_wait_for_another_agent_hold_nobody_up() -> None:
    """What waits for the same agent goes first by its rank; what waits for another one is no rival."""
    waits = Rival("PVTI_0", (0.0, 0), agents=("claude", "codex"))
    assert not starts(snapshot(ahead=(waits,)))
    assert starts(snapshot(ahead=(replace(waits, agents=("codex",)),)))


def test_nothing_is_written_twice_about_an_item_that_is_not_started() -> None:
    """The status comment that already says so is not edited again; a role not read yet is said to nobody."""
    s = snapshot(moves=(move("Ready", "rita"),))
    said = next(a.body for a in decide(s).actions if isinstance(a, SayStatus))
    again = snapshot(moves=(move("Ready", "rita"),), status=StatusComment("IC_1", said))
    assert decide(again).actions == ()
    assert decide(snapshot(moves=(move("Ready", "stranger"),))).actions == ()


def test_closed_issue_in_ready_follows_to_done() -> None:
    """A card that was closed elsewhere is moved; whoever drags it to Ready is told what it takes."""
    closed = {"issue": issue(open=False)}
    followed = snapshot(**closed, moves=(move("Ready", automated=True),))
    assert decide(followed).actions == (MoveCard("Done"),)
    told, moved = decide(snapshot(**closed)).actions
    assert isinstance(told, SayStatus) and "reopen it" in told.body and moved == MoveCard("Done")
    assert decide(snapshot("Backlog", **closed)).actions == ()
    assert decide(snapshot(**closed, policy_found=False)).actions == ()


def test_who_wanted_it_started_is_asked_once() -> None:
    """What keeps an item from starting and takes a person is a comment that mentions who asked for the work."""
    first = decide(snapshot(peers=()))
    [question] = [action for action in first.actions if isinstance(action, AskPerson)]
    assert question.body.startswith("@wendy") and "No agent takes work like this" in question.body
    again = decide(snapshot(peers=(), asked=(question.mark,)))
    assert not any(isinstance(action, AskPerson) for action in again.actions)


def test_draft_under_a_broken_policy_says_so() -> None:
    """Nothing new is started, and the reason names the file."""
    there = {"draft": draft(), "issue": None, "draft_repo": "acme/shop"}
    assert "sluice.toml is broken" in decide(snapshot(**there, policy_problem="unknown key merg")).reason


def test_mover_is_told_of_a_text_that_was_changed() -> None:
    """An outsider's edit after the move waits for approval, and whoever moved the card hears of it."""
    decision = decide(snapshot(issue=issue(body="Mine bitcoin.", editor="ada", edited_at=ago(1))))
    [question] = [action for action in decision.actions if isinstance(action, AskPerson)]
    assert question.body.startswith("@wendy") and "/sluice approve" in question.body


@pytest.mark.parametrize(("column", "does"), [("Ready", ["Dispatch", "MoveCard"]), ("In Progress", ["Dispatch"])])
def test_a_card_that_did_not_follow_its_claim_follows_the_agent(column: str, does: list[str]) -> None:
    """The claim's board writes failed: the next look hands the run over and moves the card, for no other may come."""
    admitted = snapshot(column, item=claimed(), runs=(run(state="admitted"),))
    assert [type(action).__name__ for action in decide(admitted).actions] == does
