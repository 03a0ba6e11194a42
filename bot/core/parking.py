"""How an item comes to need a person: the one way to park."""

from __future__ import annotations

import hashlib

from bot.core.actions import Action, AskPerson, Decision, MoveCard, Park, SayStatus
from bot.core.asking import asking
from bot.core.comments import ANSWER, RETRY, asks, needs_person, stopped
from bot.core.pausing import stop
from bot.core.snapshot import Snapshot


def park(s: Snapshot, stage: str, reason: str, hint: str = RETRY) -> Decision:
    """Stop, keep the work, and ask whoever gave the go-ahead, in one new comment."""
    return Decision(stage, reason, (*stop(s, reason), Park(reason), *ask(s, reason, hint)), s.now, "person")


def transferred(repo: str, number: int | None) -> str:
    """Why an item whose issue became another one stands still: its branch and pull request are another repository's."""
    was = f"{repo}#{number}" if number else repo
    return f"the issue was transferred; what was done for {was} stays there"


def park_quietly(s: Snapshot, stage: str, reason: str, move: bool) -> tuple[Action, ...]:
    """A person caused it, so nobody is asked. `move`: put the card in the column for it."""
    card = (MoveCard(s.columns.needs_person),) if move and s.meaning != "needs_person" else ()
    return (*stop(s, reason), Park(reason, told=True), *card, SayStatus(stopped(reason)))


def ask(s: Snapshot, reason: str, hint: str = RETRY) -> tuple[Action, ...]:
    """The comment, the card and the status: repeated until they stand, each at most once."""
    given = s.item.claim.go_ahead if s.item.claim else s.item.go_ahead
    card = (MoveCard(s.columns.needs_person),) if s.meaning != "needs_person" else ()
    run, who = asking(s, reason), s.person_behind(given)
    if run and run.outcome:
        body, called = stopped(reason, ANSWER), asks(who, run.peer, run.outcome.question)
    else:
        body, called = stopped(reason), needs_person(who, reason, hint)
    status = (SayStatus(body),) if s.status is None or s.status.body != body else ()
    return (AskPerson(called, mark(s, reason)), *card, *status)


def mark(s: Snapshot, reason: str) -> str:
    """The same for the same trouble of the same run, however often it is looked at."""
    last = s.runs[-1].key if s.runs else ""
    return ask_mark(f"{last}|{s.item.spent}|{reason}")


def ask_mark(trouble: str) -> str:
    return hashlib.sha256(trouble.encode()).hexdigest()[:12]
