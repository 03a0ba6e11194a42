"""Taking Sluice off: what is done about an item it works on. Pull request and branch stay as they are."""

from __future__ import annotations

from bot.core.actions import Action, LoseRun, MoveCard, ReleaseClaim, RemoveWorktree, SayStatus
from bot.core.comments import removed
from bot.core.snapshot import Snapshot


def put_down(s: Snapshot, aside: str) -> tuple[Action, ...]:
    """`aside`: the column for cards nobody works on. One in review stays there: its pull request waits for people.

    Never Ready: the move would be Sluice's own, but for a later one with another ledger, and the same person's token,
    it would look like that person's go-ahead.
    """
    told = removed()
    ended: tuple[Action, ...] = tuple(LoseRun(run.key) for run in s.active_runs)
    card: tuple[Action, ...] = (MoveCard(aside),) if s.meaning == "in_progress" else ()
    status: tuple[Action, ...] = (SayStatus(told),) if s.status and s.status.body != told else ()
    return (*ended, RemoveWorktree(), *card, *status, ReleaseClaim())
