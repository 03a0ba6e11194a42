"""A wish: what a person wants of an item, read off a card they moved.

The last Status event that a person made since Sluice last acted upon one. Order in the timeline decides, not clocks:
Sluice's own later write does not undo a wish it had not seen. GitHub's built-in workflows wish nothing.
"""

from __future__ import annotations

from bot.core.item import Move
from bot.core.snapshot import Snapshot


def fresh_move(s: Snapshot) -> Move | None:
    """The newest Status event that is not Sluice's own and was not acted upon: a person's or not, known or not."""
    move = next((m for m in reversed(_unspent(s)) if m.actor != s.me), None)
    return move if move and _confirmed(s, move) else None


def wish(s: Snapshot) -> Move | None:
    """The fresh move, if a known person made it by hand."""
    move = fresh_move(s)
    return move if move and move.actor and not move.automated else None


def _unspent(s: Snapshot) -> tuple[Move, ...]:
    keys = [move.key for move in s.moves]
    return s.moves[keys.index(s.item.spent) + 1 :] if s.item.spent in keys else s.moves


def _confirmed(s: Snapshot, move: Move) -> bool:
    """The card stands where the move put it, or only Sluice itself has moved it since."""
    since = s.moves[s.moves.index(move) + 1 :]
    return s.column == move.to or any(later.actor == s.me for later in since)
