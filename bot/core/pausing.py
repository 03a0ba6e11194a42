"""What makes an item stand still, and how whatever works on it is stopped."""

from __future__ import annotations

from bot.core.actions import Action, LeaveLane, LoseRun, StopGate, StopRun
from bot.core.snapshot import Snapshot


def stopped_by(s: Snapshot) -> str:
    """Why nothing may be done: everything, this repository or this item is stopped. Empty: nothing is."""
    at_work = bool(s.active_runs or s.commands_running)
    return why_stop(s.paused_all_by, s.item.paused_by, s.policy.mode, at_work)


def why_stop(paused_all_by: str | None, paused_by: str | None, mode: str, at_work: bool) -> str:
    """The same from the few facts it takes, none of which GitHub must be asked for."""
    if paused_all_by:
        return f"everything is paused by {paused_all_by}"
    if mode == "off" or (mode == "preview" and at_work):
        return f'the repository\'s .github/sluice.toml says mode = "{mode}"'
    return f"paused by {paused_by}" if paused_by else ""


def stop(s: Snapshot, why: str) -> tuple[Action, ...]:
    """End the agents that work on the item and the commands that judge its work, if any do; an agent the engine has
    lost is only noted as gone. Whoever stands still holds nobody up who waits to be merged."""
    leave: tuple[Action, ...] = (LeaveLane(),) if s.item.lane_since else ()
    gates = tuple(StopGate(gate.key, why) for gate in s.commands_running)
    runs = (LoseRun(run.key) if run.key in s.lost else StopRun(run.key, why) for run in s.active_runs)
    return (*leave, *runs, *gates)
