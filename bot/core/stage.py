"""Where an item really stands: computed from facts, never stored, and carrying its proof.

`MOVES` is the table of lawful moves between stages; code, tests and the README's diagram share it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.gates.command import name_of as command_gate
from bot.core.item import Claim
from bot.core.item import Parked as ParkedFact
from bot.core.plans.due import AskApproval, due
from bot.core.plans.execution import Execution
from bot.core.pull import Pull
from bot.core.run import Run
from bot.core.snapshot import Snapshot
from bot.core.wishes import fresh_move, outlived, withdrawn
from bot.core.worktree import Work


@dataclass(frozen=True)
class Outside:
    """Not Sluice's: a person's card, another column, a repository that is left alone."""

    why: str


@dataclass(frozen=True)
class Draft:
    pass


@dataclass(frozen=True)
class Waiting:
    """A dependency is open."""

    on: tuple[str, ...]


@dataclass(frozen=True)
class Ready:
    pass


@dataclass(frozen=True)
class Claimed:
    """Taken; the last run, if any, ended without a result that could be used."""

    claim: Claim
    run: Run | None


@dataclass(frozen=True)
class Working:
    claim: Claim
    run: Run


@dataclass(frozen=True)
class Executing:
    """Steps of its plan are carried out, and its phases' gates judged."""

    claim: Claim
    execution: Execution


@dataclass(frozen=True)
class AwaitingApproval:
    """A phase of its plan is done, and a person approves it before anything follows."""

    claim: Claim
    execution: Execution
    asks: AskApproval


@dataclass(frozen=True)
class Gating:
    """Work lies there whose gate commands have not all passed."""

    claim: Claim
    run: Run
    work: Work


@dataclass(frozen=True)
class Built:
    """Work lies there that passed its gate commands and is not pushed."""

    claim: Claim
    run: Run
    work: Work


@dataclass(frozen=True)
class InReview:
    claim: Claim
    pull: Pull


@dataclass(frozen=True)
class Merged:
    pull: Pull


@dataclass(frozen=True)
class Closed:
    """Over without a merge: the issue was closed, or the card is gone."""

    why: str


@dataclass(frozen=True)
class Parked:
    fact: ParkedFact


@dataclass(frozen=True)
class Done:
    how: str


Stage = (
    Outside
    | Draft
    | Waiting
    | Ready
    | Claimed
    | Working
    | Executing
    | AwaitingApproval
    | Gating
    | Built
    | InReview
    | Merged
    | Closed
    | Parked
    | Done
)

Why = str  # what brings a usual move about; "" for a rare one, which the diagram leaves out


def _rare(*to: type[Stage]) -> dict[type[Stage], Why]:
    return dict.fromkeys(to, "")


MOVES: dict[type[Stage], dict[type[Stage], Why]] = {
    Outside: _rare(Draft, Waiting, Ready, Parked, Merged, Closed, Done),  # it may have lived before, and come back
    Draft: {Ready: "becomes an issue", **_rare(Waiting, Outside)},
    Waiting: {Ready: "nothing blocks it any more", **_rare(Outside, Parked, Merged, Closed, Done)},
    Ready: {
        Claimed: "somebody who may asked for it, and an agent is free",
        Executing: "the same, and it has a plan of several steps",
        **_rare(AwaitingApproval, Working, Gating, Built, InReview, Waiting, Outside, Parked, Merged, Closed, Done),
    },
    Executing: {
        AwaitingApproval: "a phase is done that a person approves",
        Gating: "all phases are over, and there is a result",
        Parked: "a step failed, or asks something",
        **_rare(Claimed, Built, InReview, Ready, Waiting, Merged, Closed, Done),
    },
    AwaitingApproval: {
        Executing: "`/sluice approve`",
        Parked: "`/sluice reject`",
        **_rare(Gating, Claimed, Built, InReview, Ready, Waiting, Merged, Closed, Done),
    },
    Claimed: {
        Working: "the agent starts",
        Parked: "the agent changed nothing, failed, or asks something",
        **_rare(Executing, InReview, Ready, Waiting, Merged, Closed, Done),  # `retry` gives the claim up
    },
    Working: {
        Claimed: "it ended",
        Gating: "there is a result",
        Parked: "a person stopped it",
        **_rare(Built, InReview, Merged, Closed),
    },
    Gating: {
        Working: "a gate command failed",
        Built: "all gate commands passed",
        **_rare(Ready, Waiting, Parked, Merged, Closed, Done),
    },
    Built: {
        InReview: "pushed",
        Parked: "it changes protected files",
        **_rare(Working, Gating, Ready, Waiting, Merged, Closed, Done),
    },
    InReview: {
        Working: "red check, conflict or requested changes",
        Parked: "rounds used up",
        Merged: "merged",
        Closed: "the issue was closed",
        **_rare(Built, Gating, Ready, Waiting, Done),
    },
    Merged: {Done: "closed out"},
    Closed: {
        Done: "closed out",
        **_rare(Claimed, Executing, AwaitingApproval, Gating, Built, InReview, Parked),  # reopened while paused
        **_rare(Ready, Waiting, Outside, Merged),
    },
    Parked: {
        Ready: "a person asked again",  # never by itself: somebody moved the card, or commanded
        Working: "its question is answered",
        **_rare(Executing, AwaitingApproval, Claimed, Gating, Built, InReview, Waiting, Outside, Merged, Closed),
    },
    Done: _rare(Ready, Waiting, Outside),
}

COLUMN: dict[type[Stage], str] = {  # the column each stage of Sluice's own work belongs in, by meaning
    Claimed: "in_progress",
    Working: "in_progress",
    Executing: "in_progress",
    AwaitingApproval: "in_progress",
    Gating: "in_progress",
    Built: "in_progress",
    InReview: "in_review",
    Merged: "in_review",
    Done: "done",
}


def stage_of(s: Snapshot) -> Stage:
    """The first that applies, from the most final to the least."""
    item = s.item
    ours = item.claim is not None or item.parked is not None
    if item.done and not ours and not _asked_again(s):
        return Done(item.done)
    if s.pull and _merged_in_this_life(s, s.pull):
        return Merged(s.pull)
    if ours and (over := _over(s)):
        return Closed(over)
    if item.claim:
        return _claimed(s, item.claim)
    if item.parked and not _asked_again(s):
        return Parked(item.parked)
    return _unclaimed(s)


def _merged_in_this_life(s: Snapshot, pull: Pull) -> bool:
    """An item may be started anew after its pull request was merged: then that one is history."""
    if pull.state != "MERGED" or s.item.pull_number != pull.number:
        return False
    claim, go, merged_at = s.item.claim, s.item.go_ahead, pull.merged_at
    if claim is None and s.item.done:
        return False
    began = claim.go_ahead.at if claim else go.at if go else None  # by GitHub's clock, like the merge
    return merged_at is None or began is None or merged_at >= began


def _asked_again(s: Snapshot) -> bool:
    """A person moved the card to Ready since it ended or was parked: it may live again."""
    move = fresh_move(s)
    return s.meaning == "ready" and move is not None and s.columns.meaning_of(move.to) == "ready"


def _over(s: Snapshot) -> str:
    if s.face is None:
        return "the card was removed from the board"
    if s.face.archived:
        return "the card was archived"
    if s.issue and not s.issue.open:
        return "the issue was closed"
    return ""


def _claimed(s: Snapshot, claim: Claim) -> Stage:
    if s.execution and not s.execution.completed:
        return _executing(s.execution, claim)
    run, pull = s.last_run, _pull_of_this_life(s, claim)
    if s.active_run:
        return Working(claim, s.active_run)
    if run is None:
        return InReview(claim, pull) if pull else Claimed(claim, None)
    work = run.work
    if not run.useful or work is None or work.unresolved:
        return Claimed(claim, run)
    if work.head != s.item.pushed_head:
        return Built(claim, run, work) if _gates_passed(s, work) else Gating(claim, run, work)
    return InReview(claim, pull) if pull else Built(claim, run, work)


def _executing(e: Execution, claim: Claim) -> Stage:
    asks = next((each for each in due(e) if isinstance(each, AskApproval)), None)
    return AwaitingApproval(claim, e, asks) if asks else Executing(claim, e)


def _pull_of_this_life(s: Snapshot, claim: Claim) -> Pull | None:
    """Not one merged or closed before somebody asked for this, nor one that never showed what the branch holds now."""
    pull = s.pull
    if pull is None or pull.open:
        return pull
    if pull.state == "MERGED":
        return pull if _merged_in_this_life(s, pull) else None
    if pull.closed_at and pull.closed_at < claim.go_ahead.at:  # the same result is worth a pull request of its own
        return None
    superseded = s.last_run is not None and pull.head != s.item.pushed_head and s.branch_head == s.item.pushed_head
    return None if superseded else pull


def _gates_passed(s: Snapshot, work: Work) -> bool:
    passed = {gate.gate for gate in s.gate_runs if gate.head == work.head and gate.state == "passed"}
    return all(command_gate(line) in passed for line in s.policy.gates.commands)


def _unclaimed(s: Snapshot) -> Stage:
    if s.redacted:
        return Outside("GitHub does not show this card's content to Sluice")
    if s.face is None or s.face.archived:
        return Outside("the card is not on the board" if s.face is None else "the card is archived")
    if s.meaning != "ready" and not _commanded(s):
        return Outside(_elsewhere(s))
    if s.draft:
        return Draft()
    if s.issue is None or not s.issue.open:
        return Outside("the issue is closed" if s.issue else "the card holds no issue")
    if not s.policy_found:
        return Outside("the repository has no .github/sluice.toml on its default branch, so Sluice leaves it alone")
    open_ones = tuple(d.ref or "an issue that may not be read" for d in s.issue.blocked_by if d.open)
    hidden = s.issue.blockers_total - len(s.issue.blocked_by)
    if open_ones or hidden > 0:
        return Waiting(open_ones or (f"{hidden} issues that may not be read",))
    return Ready()


def _commanded(s: Snapshot) -> bool:
    """A command started it, wherever the card stands; unless the card was moved away or the issue reopened since."""
    go = s.item.go_ahead
    return go is not None and go.by_command and not withdrawn(s, go) and not outlived(s, go.at, by_command=True)


def _elsewhere(s: Snapshot) -> str:
    if s.column is None:
        return "the card has no Status"
    if s.meaning in ("in_progress", "in_review"):
        return f"somebody put the card in {s.column}; it is theirs and Sluice leaves it alone"
    return f"the card is in {s.column}, not in {s.columns.ready}"
