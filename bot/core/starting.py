"""Draft and Ready: whether an item may start, and with whom."""

from __future__ import annotations

from bot.core.actions import (
    AcceptGoAhead,
    Action,
    Claim,
    ConvertDraft,
    Decision,
    Dispatch,
    MoveCard,
    RunPlan,
    SayStatus,
)
from bot.core.budget import Refusal, admit
from bot.core.comments import not_started, working
from bot.core.item import GoAhead, Issue, Move, text_hash
from bot.core.prompts import earlier, first_brief
from bot.core.queue import rank, takers
from bot.core.run import Peer, evidence_of, run_key
from bot.core.snapshot import Snapshot
from bot.core.trust import START
from bot.core.wishes import fresh_move
from bot.core.worktree import branch_name

STEP = "build"  # the default plan has one step


def draft(s: Snapshot) -> Decision:
    if not s.draft_repo:
        return Decision(
            "Draft", "this draft could belong to several repositories: name one as draft_repository in sluice.toml"
        )
    if not s.policy_found:
        return Decision("Draft", f"{s.draft_repo} has no .github/sluice.toml, so Sluice leaves this draft alone")
    refusal = _mover_refused(s, fresh_move(s))
    if refusal:
        return Decision("Draft", refusal)
    actions = (ConvertDraft(s.draft_repo),)
    return Decision("Draft", f"a draft becomes an issue of {s.draft_repo} first", actions, look_again_at=s.now)


def ready(s: Snapshot) -> Decision:
    assert s.issue is not None  # stage_of proved it
    go = _go_ahead(s, s.issue)
    if isinstance(go, str):
        return _not_started(s, go)
    if s.policy_problem:
        return Decision(
            "Ready", f".github/sluice.toml is broken, so nothing new is started: {s.policy_problem}", waits_for="person"
        )
    accept: tuple[Action, ...] = () if go == s.item.go_ahead else (AcceptGoAhead(go),)
    peer = _peer(s, s.issue)
    if isinstance(peer, Refusal):
        return Decision("Ready", peer.reason, accept, waits_for=_waits(peer))
    if held := _others_first(s, peer):
        return Decision("Ready", held, accept, waits_for="slot")
    return _claim(s, s.issue, go, peer, accept)


def _claim(s: Snapshot, issue: Issue, go: GoAhead, peer: Peer, accept: tuple[Action, ...]) -> Decision:
    branch = branch_of(s, issue)
    if s.pull and s.pull.open:
        claim = Claim(peer.name, branch, s.default_branch, go, None)
        return Decision("Ready", f"takes up pull request #{s.pull.number} again", (*accept, claim), look_again_at=s.now)
    if s.base_head is None:
        return Decision("Ready", f"the branch {s.default_branch} cannot be read", accept)
    causes = (f"go:{go.key}",)
    evidence = evidence_of(causes)
    brief = "\n".join((first_brief(issue.repo, issue.number, go, branch, s.policy), *earlier(s.runs)))
    key = run_key(s.item.id, STEP, s.base_head, evidence)
    run = RunPlan(key, STEP, peer.name, 1, go.key, evidence, s.base_head, brief, causes)
    actions: tuple[Action, ...] = (
        *accept,
        Claim(peer.name, branch, s.default_branch, go, run),
        MoveCard(s.columns.in_progress),
        SayStatus(working(peer.name, go, 1)),
        Dispatch(key),
    )
    return Decision("Ready", f"agent {peer.name} takes it; @{go.by} asked for it", actions)


def branch_of(s: Snapshot, issue: Issue) -> str:
    suffix = f"-{s.item.asked_fresh + 1}" if s.item.asked_fresh else ""
    return branch_name(issue.number, issue.title) + suffix


def _go_ahead(s: Snapshot, issue: Issue) -> GoAhead | str:
    """The standing go-ahead, or why there is none."""
    move = fresh_move(s)
    accepted = s.item.go_ahead
    moved_to_ready = move is not None and s.columns.meaning_of(move.to) == "ready"
    if accepted and (accepted.by_command or not moved_to_ready or (move and move.key == accepted.key)):
        return _text_unchanged(s, issue, accepted)
    if not moved_to_ready or move is None:
        return f"nobody is known to have moved it to {s.columns.ready} since; move the card there again"
    if refusal := _mover_refused(s, move):
        return refusal
    found = GoAhead(move.key, move.actor or "", move.at, issue.title, issue.body)
    if issue.edited_at and issue.edited_at > move.at and not _editor_may(s, issue):
        return f"the text was edited after the go-ahead by {issue.editor or 'somebody'}; `/sluice approve` accepts it"
    return found


def _mover_refused(s: Snapshot, move: Move | None) -> str:
    if move is None or move.actor is None:
        return f"it is not known who moved the card to {s.columns.ready}; move it there again"
    if move.automated:
        return f"an automation put the card in {s.columns.ready}; a person with write access must move it there"
    role = s.role(move.actor)
    if role is None:
        return f"the permission of {move.actor} cannot be read yet"
    if role < START:
        return (
            f"{move.actor} moved the card, but has no write access; somebody who has must move it to {s.columns.ready}"
        )
    if s.live_since and move.at < s.live_since:
        return f"the card stood in {s.columns.ready} before the repository went live; move it there again"
    return ""


def _text_unchanged(s: Snapshot, issue: Issue, accepted: GoAhead) -> GoAhead | str:
    now = text_hash(issue.title, issue.body)
    if now == accepted.text_hash:
        return accepted
    approved = next((word for word in s.item.approvals if word.kind == "approve" and word.head == now), None)
    if approved or _editor_may(s, issue):
        by = approved.by if approved else (issue.editor or accepted.by)
        return GoAhead(accepted.key, by, accepted.at, issue.title, issue.body, accepted.by_command)
    return "the text was edited after the go-ahead; `/sluice approve` accepts it as it stands now"


def _editor_may(s: Snapshot, issue: Issue) -> bool:
    role = s.role(issue.editor)
    return role is not None and role >= START


def _peer(s: Snapshot, issue: Issue) -> Peer | Refusal:
    """The first agent that could start now, or the reason the best one cannot."""
    able = takers(s.peers, issue.repo, issue.labels, s.item.peer_wanted)
    if not able:
        who = (
            f"agent {s.item.peer_wanted} is not set up for this"
            if s.item.peer_wanted
            else "no agent takes work like this"
        )
        return Refusal(f"{who}; see [peers] in sluice.toml", full=False)
    refusals = [admit(s.usage, s.caps, s.policy.work, peer, first=True) for peer in able]
    free = next((peer for peer, refusal in zip(able, refusals, strict=True) if refusal is None), None)
    return free or next(refusal for refusal in refusals if refusal)


def _others_first(s: Snapshot, peer: Peer) -> str:
    """Items of better rank that wait for the same free slots go first."""
    better = [rival for rival in s.ahead if rival.item != s.item.id and rival.rank < rank(s.item)]
    free = min(
        s.caps.running - s.usage.running,
        s.policy.work.running - s.usage.running_here,
        peer.capacity - s.usage.running_by_peer.get(peer.name, 0),
    )
    if len(better) < free:
        return ""
    return f"{len(better)} other item{'s' * (len(better) != 1)} come{'s' * (len(better) == 1)} first"


def _waits(refusal: Refusal) -> str:
    return refusal.what if refusal.full else "person"


def _not_started(s: Snapshot, reason: str) -> Decision:
    body = not_started(reason)
    told = s.status is not None and s.status.body == body
    return Decision("Ready", reason, () if told else (SayStatus(body),), waits_for="person")
