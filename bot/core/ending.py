"""Merged, Closed, Parked, Done and Outside: one place closes an item out, and cards that did not follow are moved."""

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
)
from bot.core.comments import AGAIN, REOPEN_FIRST, REOPENED, not_started, over
from bot.core.impact import summary
from bot.core.item import Issue, Parked
from bot.core.parking import ask
from bot.core.pausing import stop
from bot.core.planned import there, unfinished
from bot.core.planning import wanted
from bot.core.plans.words import ANOTHER_PLAN, looked_back, plan_goes_on
from bot.core.pull import Pull
from bot.core.reviewing import judge
from bot.core.showing import answer_rerun
from bot.core.snapshot import Snapshot
from bot.core.wishes import fresh_move, wish


def merged(s: Snapshot, pull: Pull) -> Decision:
    """Card to Done, issue closed, branch deleted, worktree removed, summary and receipt written."""
    if s.active_run:
        return _stop_first(s, "Merged", "the pull request is merged")
    verdicts = [v for v in judge(s, pull) if v.gate not in ("mergeable", "rules")]  # it was merged: they say no more
    e = s.execution
    text = summary(s.item, pull, s.runs, verdicts, s.item.stages, s.now, e.work if e else None)
    text = f"{text.rstrip()}\n\n{looked_back(e)}" if e and e.completed else text
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
    return close(s, "Closed", why, "closed")


def close(s: Snapshot, stage: str, why: str, how: str) -> Decision:
    if s.active_run:
        return _stop_first(s, stage, why)
    text = over(why)
    status: tuple[Action, ...] = () if s.issue is None or (s.status and s.status.body == text) else (SayStatus(text),)
    done_card = s.face is not None and not s.face.archived and s.meaning != "done"
    card: tuple[Action, ...] = (MoveCard(s.columns.done),) if done_card else ()
    return Decision(stage, why, (*status, *card, RemoveWorktree(), ReleaseClaim(), Finish(how, text)))


def parked(s: Snapshot, fact: Parked) -> Decision:
    """The claim goes first: a worktree that is still there tells the next pass that not all is tidied up."""
    if s.active_run:
        return _stop_first(s, "Parked", fact.reason)
    tell: tuple[Action, ...] = () if fact.told else ask(s, fact.reason)
    tidy: tuple[Action, ...] = (ReleaseClaim(), RemoveWorktree(homes=False)) if s.worktree else ()
    unmoved = fact.told and s.meaning in ("in_progress", "in_review") and fresh_move(s) is None
    heal: tuple[Action, ...] = (MoveCard(s.columns.needs_person),) if unmoved else ()
    return Decision("Parked", fact.reason, (*tell, *heal, *answer_rerun(s), *tidy), waits_for="person")


def done(s: Snapshot, how: str) -> Decision:
    if s.worktree:
        return Decision("Done", how, (RemoveWorktree(),))
    if s.meaning in ("ready", "in_progress", "in_review") and _closed(s):
        return Decision("Done", "the card had not followed", (MoveCard(s.columns.done),))
    if s.issue and s.issue.open:
        return Decision(
            "Done", f"{how}; the issue is open: move the card to {s.columns.ready} to start anew", _tell(s, s.issue)
        )
    return Decision("Done", how)


def outside(s: Snapshot, why: str) -> Decision:
    """The card of a closed issue that Sluice never worked on does not stay in its queue."""
    if s.meaning != "ready" or not _closed(s) or not s.policy_found:
        return Decision("Outside", why)
    asked = wish(s)
    body = not_started(REOPEN_FIRST)
    tell: tuple[Action, ...] = (SayStatus(body),) if asked and s.columns.meaning_of(asked.to) == "ready" else ()
    return Decision("Outside", f"{why}; its card is moved to {s.columns.done}", (*tell, MoveCard(s.columns.done)))


def _closed(s: Snapshot) -> bool:
    return s.issue is not None and not s.issue.open and s.face is not None and not s.face.archived


def _tell(s: Snapshot, issue: Issue) -> tuple[Action, ...]:
    """That a reopened issue waits for a move: once, below the summary that stands there."""
    if issue.state_reason != "REOPENED" or s.status is None or AGAIN in s.status.body:
        return ()
    return (SayStatus(f"{s.status.body}\n\n{_of_its_plan(s)}"),)


def _of_its_plan(s: Snapshot) -> str:
    """With what becomes of its plan, if it had one."""
    if (e := unfinished(s)) and there(s):
        return plan_goes_on(e)
    return f"{REOPENED} {ANOTHER_PLAN}" if s.plans_over and wanted(s) else REOPENED


def _stop_first(s: Snapshot, stage: str, why: str) -> Decision:
    return Decision(stage, f"{why}; its agent is being stopped", stop(s, why), waits_for="machine")
