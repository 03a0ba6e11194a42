"""Merged, Closed, Parked and Done: one place closes an item out."""

from __future__ import annotations

from bot.core.actions import (
    Action,
    CloseIssue,
    Decision,
    DeleteBranch,
    Finish,
    MoveCard,
    ReleaseClaim,
    RemoveWorktree,
    SayStatus,
    StopRun,
)
from bot.core.comments import over, summary
from bot.core.item import Parked
from bot.core.parking import ask
from bot.core.pull import Pull
from bot.core.reviewing import judge
from bot.core.snapshot import Snapshot


def merged(s: Snapshot, pull: Pull) -> Decision:
    """Card to Done, issue closed, branch deleted, worktree removed, summary and receipt written."""
    if s.active_run:
        return _stop_first(s, "Merged", "the pull request is merged")
    text = summary(s.item, pull, s.runs, judge(s, pull), s.item.stages, s.now)
    told = s.status is not None and s.status.body.startswith(text.splitlines()[0])
    actions: tuple[Action, ...] = (
        *(() if told else (SayStatus(text),)),
        *(() if s.meaning == "done" or s.face is None else (MoveCard(s.columns.done),)),
        *((CloseIssue(),) if s.issue and s.issue.open and pull.base == s.default_branch else ()),
        *((DeleteBranch(pull.head),) if s.branch_head == pull.head else ()),
        RemoveWorktree(),
        ReleaseClaim(forget=True),
        Finish("merged", text),
    )
    return Decision("Merged", f"#{pull.number} is merged; closes out", actions)


def closed(s: Snapshot, why: str) -> Decision:
    """Over without a merge: the work is saved, branch and pull request stay."""
    if s.active_run:
        return _stop_first(s, "Closed", why)
    text = over(why)
    status: tuple[Action, ...] = () if s.issue is None or (s.status and s.status.body == text) else (SayStatus(text),)
    done_card = s.face is not None and not s.face.archived and s.meaning != "done"
    card: tuple[Action, ...] = (MoveCard(s.columns.done),) if done_card else ()
    return Decision("Closed", why, (*status, *card, RemoveWorktree(), ReleaseClaim(), Finish("closed", text)))


def parked(s: Snapshot, fact: Parked) -> Decision:
    if s.active_run:
        return _stop_first(s, "Parked", fact.reason)
    tell: tuple[Action, ...] = () if fact.told else ask(s, fact.reason)
    tidy: tuple[Action, ...] = (RemoveWorktree(), ReleaseClaim()) if s.worktree else ()
    return Decision("Parked", fact.reason, (*tell, *tidy), waits_for="person")


def done(s: Snapshot, how: str) -> Decision:
    if s.worktree:
        return Decision("Done", how, (RemoveWorktree(),))
    stale_card = s.meaning in ("in_progress", "in_review") and s.issue is not None and not s.issue.open
    if how == "merged" and stale_card and s.face and not s.face.archived:
        return Decision("Done", "the card had not followed", (MoveCard(s.columns.done),))
    if s.issue and s.issue.open:
        return Decision("Done", f"{how}; the issue is open again: move the card to {s.columns.ready} to start anew")
    return Decision("Done", how)


def _stop_first(s: Snapshot, stage: str, why: str) -> Decision:
    assert s.active_run is not None  # every caller asked
    return Decision(stage, f"{why}; its agent is being stopped", (StopRun(s.active_run.key, why),), waits_for="machine")
