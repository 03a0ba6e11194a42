"""The go-ahead: who asked for an item to be started, whether they may, and whether its text is the one they read."""

from __future__ import annotations

from dataclasses import replace

from bot.core.item import Approval, GoAhead, Issue, Move, text_hash
from bot.core.snapshot import Snapshot
from bot.core.trust import START, Role
from bot.core.wishes import fresh_move, outlived, withdrawn

ACCEPTS = "`/sluice approve` accepts it as it stands now"


def go_ahead(s: Snapshot, issue: Issue) -> GoAhead | str:
    """The standing go-ahead, or why there is none."""
    move = fresh_move(s)
    accepted = s.item.go_ahead if s.item.parked is None else None  # kept for mentions only: it needs a new one
    if accepted and outlived(s, accepted.at, accepted.by_command):
        accepted = None
    moved = move if move and s.columns.meaning_of(move.to) == "ready" else None
    if accepted and not (moved and _supersedes(s, moved, accepted)):
        return _text_unchanged(s, issue, accepted)
    if moved is None:
        return f"nobody is known to have moved it to {s.columns.ready} since; move the card there again"
    if refusal := mover_refused(s, moved):
        return refusal
    found = GoAhead(moved.key, moved.actor or "", moved.at, issue.title, issue.body)
    others = strangers(s, issue.changed_since(moved.at))
    if not others:
        return found
    if word := approval_of(s, found.text_hash):
        return replace(found, by=word.by)
    return f"the text was edited after the go-ahead by {', '.join(others)}; {ACCEPTS}"


def _supersedes(s: Snapshot, move: Move, accepted: GoAhead) -> bool:
    """A newer move to Ready is a newer go-ahead; a command's stands beside a move that starts nothing."""
    if not accepted.by_command:
        return move.key != accepted.key
    return move.at > accepted.at and (withdrawn(s, accepted) or not mover_refused(s, move))


def _text_unchanged(s: Snapshot, issue: Issue, accepted: GoAhead) -> GoAhead | str:
    now = text_hash(issue.title, issue.body)
    if now == accepted.text_hash:
        return accepted
    approved = approval_of(s, now)
    changed = issue.changed_since(accepted.at)
    if approved or (changed and not strangers(s, changed)):
        by = approved.by if approved else min(who for who in changed if who)
        return GoAhead(accepted.key, by, accepted.at, issue.title, issue.body, accepted.by_command)
    return f"the text was edited after the go-ahead; {ACCEPTS}"


def mover_unknown(s: Snapshot) -> bool:
    """Nobody is told of what a second look will know."""
    move = fresh_move(s)
    return move is not None and move.actor is not None and not move.automated and s.role(move.actor) is None


def mover_refused(s: Snapshot, move: Move | None) -> str:
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
    if outlived(s, move.at):
        return f"the issue was reopened since it was moved to {s.columns.ready}; move it there again"
    if s.live_since and move.at < s.live_since:
        return f"the card stood in {s.columns.ready} before the repository went live; move it there again"
    return ""


def by_move(s: Snapshot, issue: Issue) -> GoAhead | None:
    """Who moved the card, where that is a go-ahead but for the text."""
    move = fresh_move(s)
    return GoAhead(move.key, move.actor, move.at, issue.title, issue.body) if move and move.actor else None


def text_waits(s: Snapshot, issue: Issue) -> bool:
    """Nothing but an approval of the issue's text is missing."""
    go = go_ahead(s, issue)
    return isinstance(go, str) and go.endswith(ACCEPTS)


def approval_of(s: Snapshot, head: str) -> Approval | None:
    return next((word for word in s.item.approvals if word.kind == "approve" and word.head == head), None)


def strangers(s: Snapshot, people: set[str | None]) -> list[str]:
    """Those of them who may not start work, or of whom it is not known."""
    return sorted(who or "somebody" for who in people if (s.role(who) or Role.NONE) < START)
