"""InReview: gates on the head, work sent back, the queue of the base branch, the merge."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.actions import (
    Action,
    AskPerson,
    AskReview,
    Decision,
    DispatchWorkflow,
    JoinLane,
    LeaveLane,
    Merge,
    MoveCard,
    SayStatus,
    UpdateBranch,
)
from bot.core.comments import REFUSED, REOPEN, UNJUDGED, needs_person
from bot.core.comments import in_review as review_text
from bot.core.gates.approvals import approvals, opinions
from bot.core.gates.checks import checks
from bot.core.gates.command import command
from bot.core.gates.mergeable import behind, mergeable
from bot.core.gates.queue import queue
from bot.core.gates.rules import rules
from bot.core.gates.threads import threads
from bot.core.gates.verdict import Verdict
from bot.core.gates.workflow import name_of, workflow
from bot.core.markdown import shown
from bot.core.parking import mark, park
from bot.core.prompts import rework_brief
from bot.core.pull import Pull, Review
from bot.core.showing import run_again, show
from bot.core.snapshot import Snapshot
from bot.core.stage import InReview
from bot.core.working import describe, run_gates, send_back, task

SOON = timedelta(seconds=5)
SETTLES = timedelta(seconds=2)  # GitHub works out whether a pull request merges when it is asked, and soon knows
LANE_LOOK = timedelta(minutes=5)  # whoever leaves the queue wakes the next one
LANE_PATIENCE = timedelta(minutes=30)  # how long the head of the queue may wait for a person


def in_review(s: Snapshot, stage: InReview) -> Decision:
    """Mend first, then wait for GitHub's own queue, for machines and for people, then merge."""
    pull = stage.pull
    if not pull.open:
        by = f" by @{pull.closed_by}" if pull.closed_by else ""
        return park(s, "InReview", f"pull request #{pull.number} was closed{by}", REOPEN)
    verdicts = judge(s, pull)
    if again := run_again(s, pull):
        return again
    decision = (
        _mend(s, pull, verdicts)
        or _queued(s, pull)
        or _in_line(s, pull, verdicts)
        or _machines(s, pull, verdicts)
        or _people(s, pull, verdicts)
        or _refused(s, pull, verdicts)
        or _merge(s, pull, verdicts)
    )
    return replace(decision, actions=(*show(s, pull, verdicts), *decision.actions))


def judge(s: Snapshot, pull: Pull) -> list[Verdict]:
    """Every gate on this head, in the order they matter."""
    gates = s.policy.gates
    return [
        checks(pull, s.policy, s.gate_runs),
        *(command(line, pull.head, s.gate_runs) for line in gates.commands),
        *(workflow(file, pull, s.gate_runs, s.now, gates.uses) for file in gates.workflows),
        mergeable(pull, s.policy, s.base_head, s.contains_base),
        threads(pull, s.policy),
        approvals(pull, s.item.approvals),
        rules(pull),
        *([queue(pull, s.item.approvals)] if pull.queue else []),
    ]


def _mend(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> Decision | None:
    """Red gates, conflicts and reviews nobody has answered go back to the agent."""
    asked = unanswered(s, pull)
    red = [v for v in verdicts if v.failed and v.gate != "approvals"]
    if not asked and not red:
        return None
    claim = s.item.claim
    assert claim is not None  # InReview is a claimed stage
    conflict = [v for v in red if v.gate == "mergeable"]
    ids = {review.id for review in asked}
    remarks = [r for t in pull.threads if not t.resolved for r in t.remarks if r.review in ids]
    words = [(review.author, shown(review.body)) for review in asked if review.body.strip()]
    brief = rework_brief(task(s, claim), red, remarks, words, s.runs, pull.base if conflict else "")
    causes = tuple(f"review:{review.id}" for review in asked)
    return send_back(s, "InReview", red, pull.head, causes, brief, merge_base=bool(conflict))


def unanswered(s: Snapshot, pull: Pull) -> list[Review]:
    """Reviews that ask for work and that no run was started for: people who may write, and the bots policy names."""
    delivered = [run for run in s.runs if run.state != "ended" or (run.useful and run is not s.unpushed)]
    answered = {cause for run in delivered for cause in run.causes}
    superseded = {r.author: r.at for r in pull.reviews if r.state in ("APPROVED", "DISMISSED")}
    return [
        review
        for review in pull.reviews
        if _asks(s, pull, review)
        and f"review:{review.id}" not in answered
        and not (review.author in superseded and superseded[review.author] > review.at)
    ]


def _asks(s: Snapshot, pull: Pull, review: Review) -> bool:
    named = {bot.casefold() for bot in s.policy.review.bots}
    counts = review.by_writer if not review.by_bot else review.author.casefold() in named
    if not counts:
        return False
    if review.state == "CHANGES_REQUESTED":
        return True
    remarks = (
        r.body for thread in pull.threads if not thread.resolved for r in thread.remarks if r.review == review.id
    )
    return review.state == "COMMENTED" and any(map(_says_something, (review.body, *remarks)))


def _says_something(text: str) -> bool:
    """Beside commands, which are obeyed and ask for no other work."""
    return any(line.strip() and not line.lstrip().casefold().startswith("/sluice") for line in text.splitlines())


def _queued(s: Snapshot, pull: Pull) -> Decision | None:
    """Whoever put it into GitHub's merge queue, it is no longer ours to merge."""
    if not pull.in_queue:
        return None
    return Decision("InReview", "GitHub's merge queue has it", _heal(s, pull), s.now + 12 * SOON, "machine")


def _in_line(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> Decision | None:
    """Another is merged first: whether this one still merges cleanly is asked when its turn comes."""
    waiting = [v for v in verdicts if not v.passed]
    ready = all(v.gate == "mergeable" and v.waits_for == "machine" for v in waiting)
    others_turn = s.lane and s.lane[0].item != s.item.id
    if not others_turn or not ready or pull.queue or _by_hand(s, pull) or _refused(s, pull, verdicts):
        return None
    joined = any(rival.item == s.item.id for rival in s.lane)
    join: tuple[Action, ...] = () if joined else (JoinLane(pull.base),)
    return Decision("InReview", f"#{s.lane[0].number} is merged first", join, s.now + LANE_LOOK, "machine")


def _machines(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> Decision | None:
    """Start what has not run on this head; wait for what is running."""
    local = [v for v in verdicts if v.gate.startswith("command:")]
    if found := run_gates(s, "InReview", local, s.policy.gates.commands):
        return found
    absent = [f for f in s.policy.gates.workflows if any(v.gate == name_of(f) and v.key == "absent" for v in verdicts)]
    if absent:
        dispatch = tuple(DispatchWorkflow(name_of(file), file, pull.head) for file in absent)
        return Decision("InReview", f"dispatches {', '.join(absent)}", dispatch, waits_for="machine")
    waiting = [v for v in verdicts if v.waits_for == "machine" and v.key != "behind"]
    if not waiting or (all(map(_unsettled, waiting)) and _asked(s, pull, verdicts)):
        return None
    soon = s.now + (SETTLES if any(map(_unsettled, waiting)) else 12 * SOON)
    soon = max(soon, min(v.again_at or soon for v in waiting))
    return Decision("InReview", "; ".join(f"{v.gate}: {v.reason}" for v in waiting), _heal(s, pull), soon, "machine")


def _unsettled(verdict: Verdict) -> bool:
    """GitHub has not worked out yet whether it merges."""
    return verdict.gate == "mergeable" and verdict.waits_for == "machine" and verdict.key != "behind"


def _asked(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> bool:
    """An approval is missing, and whoever may give it knows: until then every merge beside it may unsettle it again."""
    missing = any(v.gate == "approvals" and not v.passed for v in verdicts)
    return missing and not _ask_review(s, pull, verdicts)


def _heal(s: Snapshot, pull: Pull) -> tuple[Action, ...]:
    """The card and the pull request's text, where a crash or somebody kept them from following."""
    run = s.last_run
    shown = run is not None and run.work is not None and run.useful and run.work.head == pull.head
    text = describe(s, run, pull) if run and shown else ()
    return text if s.meaning == "in_review" else (*text, MoveCard(s.columns.in_review))


def _people(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> Decision | None:
    """The machines are content: ask for a review once, and wait for people."""
    waiting = [v for v in verdicts if not v.passed and v.key != "behind" and not _unsettled(v)]
    waiting = [v for v in waiting if v.gate != "rules"] or waiting  # what it stands for is said by the others
    if not waiting and not _by_hand(s, pull):
        return None
    reason = "; ".join(v.reason for v in waiting) or "every check passed; a person merges it"
    if s.item.unaskable:
        reason += f"; GitHub does not take {', '.join(s.item.unaskable)} as a reviewer"
    actions = (*_ask_review(s, pull, verdicts), *_unjudged(s, waiting), *_show(s, pull, verdicts, reason))
    until = s.item.lane_since + LANE_PATIENCE if s.item.lane_since else None
    if until is None and any(map(_unsettled, verdicts)):
        until = s.now + 12 * SOON
    if until and until <= s.now:
        return Decision("InReview", reason, (LeaveLane(), *actions), waits_for="person")
    return Decision("InReview", reason, actions, until, "person")


def _refused(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> Decision | None:
    """What GitHub refuses for good, or has refused for long, is a person's to see to, and holds nobody else up."""
    refused = s.item.refused
    method = "queue" if pull.queue else s.policy.merge.method
    if refused is None or (refused.head, refused.method) != (pull.head, method):
        return None
    again = refused.at + LANE_PATIENCE
    if again <= s.now or not (refused.final or refused.at - refused.since >= LANE_PATIENCE):
        return None
    reason = f"GitHub does not merge it: {refused.words}"
    leave: tuple[Action, ...] = (LeaveLane(),) if s.item.lane_since else ()
    actions = (*leave, *_tell(s, reason, REFUSED), *_show(s, pull, verdicts, reason))
    return Decision("InReview", reason, actions, again, "person")


def _merge(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> Decision:
    """Everything passes but, perhaps, being up to date: one at a time per base branch, or all into GitHub's queue."""
    why = next(v.reason for v in verdicts if v.gate == "approvals")
    if pull.queue:
        enqueue = Merge(pull.head, s.policy.merge.method, queue=True)
        return Decision("InReview", f"every gate passes; enqueues ({why})", (enqueue,), s.now + SOON, "machine")
    if behind(pull, s.policy, s.contains_base):
        actions: tuple[Action, ...] = (JoinLane(pull.base), UpdateBranch(pull.head))
        return Decision("InReview", f"brings the branch up to date with {pull.base}", actions, s.now + SOON, "machine")
    merge = Merge(pull.head, s.policy.merge.method)
    return Decision("InReview", f"every gate passes; merges ({why})", (JoinLane(pull.base), merge), s.now, "machine")


def _unjudged(s: Snapshot, waiting: list[Verdict]) -> tuple[Action, ...]:
    """A gate of Sluice's own that could not be run waits for a person, who is told once."""
    stuck = [v for v in waiting if v.waits_for == "person" and v.gate.startswith(("command:", "workflow:"))]
    reason = "; ".join(f"{v.gate}: {v.reason}" for v in stuck)
    return _tell(s, reason, UNJUDGED) if stuck else ()


def _tell(s: Snapshot, reason: str, hint: str) -> tuple[Action, ...]:
    """One comment for one trouble."""
    sign, claim = mark(s, reason), s.item.claim
    if sign in s.asked:
        return ()
    return (AskPerson(needs_person(s.person_behind(claim.go_ahead if claim else None), reason, hint), sign),)


def _by_hand(s: Snapshot, pull: Pull) -> bool:
    """People merge it themselves, and nobody told Sluice to."""
    ordered = any(word.kind == "merge" and word.head == pull.head for word in s.item.approvals)
    return s.policy.merge.by == "people" and not ordered


def _ask_review(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> tuple[Action, ...]:
    claim = s.item.claim
    missing = any(v.gate == "approvals" and not v.passed for v in verdicts)
    if not missing or claim is None:
        return ()
    owed_again = [review.author for review in opinions(pull) if review.head != pull.head]
    wanted = (*whom_to_ask(s), *sorted(owed_again))
    spoken = (review.author for review in pull.reviews if review.head == pull.head)
    settled = {login.casefold() for login in (*pull.requested, *spoken, pull.author, *s.item.unaskable)}
    ask = tuple({login.casefold(): login for login in wanted if login.casefold() not in settled}.values())
    return (AskReview(ask),) if ask else ()


def whom_to_ask(s: Snapshot) -> tuple[str, ...]:
    """The policy's reviewers, as far as GitHub takes them; else whoever wanted this."""
    named = tuple(each for each in s.policy.review.reviewers if each.casefold() not in s.item.unaskable)
    person = s.person_behind(s.item.claim.go_ahead if s.item.claim else None)
    return named or ((person,) if person else ())


def _show(s: Snapshot, pull: Pull, verdicts: list[Verdict], reason: str) -> tuple[Action, ...]:
    body = review_text(pull, verdicts, reason)
    status: tuple[Action, ...] = () if s.status and s.status.body == body else (SayStatus(body),)
    return (*_heal(s, pull), *status)
