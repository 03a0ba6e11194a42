"""What Sluice does about a card a person moved while it works on the item."""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import Action, Decision, MoveCard, SpendMove
from bot.core.comments import TO_DONE
from bot.core.ending import close
from bot.core.item import Move
from bot.core.parking import park, park_quietly
from bot.core.prompts import again_brief
from bot.core.snapshot import Snapshot
from bot.core.stage import COLUMN, Closed, Done, InReview, Merged, Outside, Parked, Ready, Stage, Waiting
from bot.core.stage import Draft as DraftStage
from bot.core.trust import START, STOP
from bot.core.wishes import fresh_move, wish
from bot.core.working import send_back, task


def follow_wish(s: Snapshot, stage: Stage) -> Decision | None:
    """None: there is no wish, or the stage itself reads it (a go-ahead, a parked card moved about by its owner)."""
    move = wish(s)
    if move is None or isinstance(stage, Outside | DraftStage | Waiting | Ready | Merged | Closed | Parked | Done):
        return None
    name, meaning, role = type(stage).__name__, s.columns.meaning_of(move.to), s.role(move.actor)
    if role is None:
        return Decision(name, f"the permission of {move.actor} cannot be read yet")
    if role < (START if meaning == "ready" else STOP):
        return _put_back(s, stage, move, f"{move.actor} moved the card but may not; it is put back")
    if meaning == "ready":
        return _again(s, stage, move)
    if meaning == "done":
        return _to_done(s, name, move)
    if meaning in ("in_progress", "in_review"):
        return _put_back(s, stage, move, f"the card belongs where the work is, so {move.actor}'s move is undone")
    reason = f"@{move.actor} moved the card to {move.to or 'no Status'}"
    actions = (*park_quietly(s, name, reason, move=False), SpendMove(move.key))  # used up last: a crash repeats it
    return Decision(name, reason, actions, s.now, "person")


def whose_word(s: Snapshot) -> set[str]:
    """The people whose permission decides something now: who moved, who commanded, who edited the text."""
    move = fresh_move(s)
    mover = {move.actor} if move and move.actor and not move.automated else set()
    changed = {s.issue.editor, s.issue.renamed_by} if s.issue and (s.orders or not s.item.claim) else set()
    return mover | {who for who in changed if who} | {order.author for order in s.orders if not order.from_shell}


def _again(s: Snapshot, stage: Stage, move: Move) -> Decision:
    if not isinstance(stage, InReview):
        return _put_back(
            s, stage, move, f"an agent is already at work, so {move.actor}'s move to Ready changes nothing"
        )
    brief = again_brief(task(s, stage.claim), move.actor or "", s.runs)
    decision = send_back(s, "InReview", [], stage.pull.head, (f"go:{move.key}",), brief, asked=True)
    return replace(decision, actions=(*decision.actions, SpendMove(move.key)))


def _to_done(s: Snapshot, stage: str, move: Move) -> Decision:
    reason = f"@{move.actor} moved the card to Done"
    if s.pull and s.pull.open:
        decision = park(s, stage, f"{reason} while pull request #{s.pull.number} is open", TO_DONE)
        return Decision(stage, decision.reason, (*decision.actions, SpendMove(move.key)), s.now, "person")
    return close(s, stage, reason, "stopped")


def _put_back(s: Snapshot, stage: Stage, move: Move, reason: str) -> Decision:
    column: str = getattr(s.columns, COLUMN[type(stage)])
    card: tuple[Action, ...] = () if s.column == column else (MoveCard(column),)
    return Decision(type(stage).__name__, reason, (*card, SpendMove(move.key)), s.now)
