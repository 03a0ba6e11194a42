"""What makes an item stand still, and how its agent is stopped."""

from __future__ import annotations

from bot.core.actions import Action, LoseRun, StopRun
from bot.core.snapshot import Snapshot


def stopped_by(s: Snapshot) -> str:
    """Why nothing may be done: everything, this repository or this item is stopped. Empty: nothing is."""
    if s.paused_all_by:
        return f"everything is paused by {s.paused_all_by}"
    if s.policy.mode == "preview" and s.active_run:
        return 'the repository\'s .github/sluice.toml says mode = "preview"'
    if s.policy.mode == "off":
        return 'the repository\'s .github/sluice.toml says mode = "off"'
    return f"paused by {s.item.paused_by}" if s.item.paused_by else ""


def stop(s: Snapshot, why: str) -> tuple[Action, ...]:
    """End the agent that works on the item, if one does; one the engine has lost is only noted as gone."""
    run = s.active_run
    if run is None:
        return ()
    return (LoseRun(run.key),) if s.run_lost else (StopRun(run.key, why),)
