"""Slots and caps: may one more run be admitted? Asked by `decide`, and again inside the ledger's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.policy import Work
from bot.core.run import Peer


@dataclass(frozen=True)
class Caps:
    """The process's limits, from settings; a repository's policy can only be tighter."""

    running: int = 2  # agents at once, over all repositories
    runs_per_day: int = 100


@dataclass(frozen=True)
class Usage:
    """What is running and what was used, counted by the ledger at one instant."""

    running: int = 0
    running_here: int = 0  # in this repository
    running_by_peer: Mapping[str, int] = field(default_factory=dict)
    today: int = 0  # runs admitted in the last 24 hours
    today_here: int = 0
    for_go_ahead: int = 0  # runs this item had for its present go-ahead
    waiting_pulls: int = 0  # Sluice's pull requests of this repository that wait for people


@dataclass(frozen=True)
class Refusal:
    """Why no run may start now. `full`: it frees itself when something ends; else it takes new evidence or a person.

    `what` is short: a `slot` all share, this `agent`, or a `quota` of runs or waiting pull requests; or, a
    `dependency`, another card of the same issue has it.
    """

    reason: str
    full: bool = True
    what: Literal["slot", "agent", "quota", "dependency"] = "slot"


def admit(usage: Usage, caps: Caps, work: Work, peer: Peer, first: bool) -> Refusal | None:
    """None admits. `first`: the run starts an item, rather than mending one already under way."""
    if usage.for_go_ahead >= work.runs_per_item:
        return Refusal(f"this item has used its {work.runs_per_item} runs", full=False, what="quota")
    if usage.today_here >= work.runs_per_day:
        return Refusal(f"this repository has used its {work.runs_per_day} runs of the last 24 hours", what="quota")
    if usage.today >= caps.runs_per_day:
        return Refusal(f"all {caps.runs_per_day} runs of the last 24 hours are used", what="quota")
    if first and usage.waiting_pulls >= work.waiting_pulls:
        return Refusal(
            f"{usage.waiting_pulls} pull requests wait for people here; no new work until one is dealt with",
            what="quota",
        )
    if usage.running_by_peer.get(peer.name, 0) >= peer.capacity:
        return Refusal(f"agent {peer.name} is busy ({peer.capacity} at once)", what="agent")
    if usage.running_here >= work.running:
        return Refusal(f"{usage.running_here} agents already work in this repository (limit {work.running})")
    if usage.running >= caps.running:
        return Refusal(f"{usage.running} agents already work (limit {caps.running})")
    return None
