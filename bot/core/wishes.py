"""A wish: what a person wants of an item, read off a card they moved.

The last Status event that a person made since Sluice last acted upon one. Order in the timeline decides, not clocks:
Sluice's own later write does not undo a wish it had not seen. GitHub's built-in workflows wish nothing.
"""

from __future__ import annotations

from datetime import datetime

from bot.core.item import GoAhead, Move
from bot.core.snapshot import Snapshot


def fresh_move(s: Snapshot) -> Move | None:
    """The newest Status event that is not Sluice's own and was not acted upon: a person's or not, known or not."""
    move = next((m for m in reversed(_unspent(s)) if not m.ours), None)
    return move if move and _confirmed(s, move) else None


def wish(s: Snapshot) -> Move | None:
    """The fresh move, if a known person made it by hand."""
    move = fresh_move(s)
    return move if move and move.actor and not move.automated else None


def withdrawn(s: Snapshot, go: GoAhead) -> bool:
    """A person moved the card away from Ready after a command had started the item."""
    return any(
        move.at > go.at
        and move.actor is not None
        and not (move.ours or move.automated)
        and s.columns.meaning_of(move.to) != "ready"
        for move in s.moves
    )


def outlived(s: Snapshot, given: datetime, by_command: bool = False) -> bool:
    """The issue was closed and reopened since somebody asked for it: that was another life.

    GitHub tells whole seconds: a command of the same one may have come before.
    """
    reopened = s.issue.reopened_at if s.issue else None
    return reopened is not None and (given < reopened or (by_command and given.replace(microsecond=0) <= reopened))


def _unspent(s: Snapshot) -> tuple[Move, ...]:
    """What came after the last event acted upon; where a command started the item, after that command."""
    keys = [move.key for move in s.moves]
    if s.item.spent in keys:
        return s.moves[keys.index(s.item.spent) + 1 :]
    since = s.item.claim.go_ahead.at if s.item.claim else None
    return tuple(move for move in s.moves if since is None or move.at > since)


def _confirmed(s: Snapshot, move: Move) -> bool:
    """The card stands where the move put it, or only Sluice itself has moved it since."""
    since = s.moves[s.moves.index(move) + 1 :]
    return s.column == move.to or any(later.ours for later in since)
