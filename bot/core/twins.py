"""An issue with cards on several boards: one of them has it, and the others wait and say which."""

from __future__ import annotations

from bot.core.actions import Decision, NoteOrder
from bot.core.snapshot import Snapshot
from bot.core.stage import Ready, Stage, Waiting
from bot.core.wishes import fresh_move


def elsewhere(s: Snapshot, stage: Stage) -> Decision | None:
    """None: no other card has it. Commands on the issue are answered by the card that does, and not twice."""
    twin = s.twin
    if twin is None or s.item.claim:
        return None
    if not twin.claimed and (s.item.parked or _asked_since(s)):
        return None
    name = type(stage).__name__
    answered = tuple(NoteOrder(o.id, "answered", o.author, "", None) for o in s.orders if not o.from_shell)
    if isinstance(stage, Ready | Waiting):
        state = "has it" if twin.claimed else "needs a person"
        return Decision(name, f"its card on board {twin.board} {state}; this one waits", answered, None, "dependency")
    if answered:
        return Decision(name, f"its card on board {twin.board} answers", answered, s.now)
    return None


def _asked_since(s: Snapshot) -> bool:
    """A person set this card going after the other had come to need one."""
    move, go, stopped = fresh_move(s), s.item.go_ahead, s.twin.parked_at if s.twin else None
    times = [each.at for each in (move, go) if each is not None]
    return stopped is None or any(at > stopped for at in times)
