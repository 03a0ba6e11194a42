"""The status update of a board: how all of it stands, for those who read no single card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core import comments

# GitHub's words for how a project goes (ProjectV2StatusUpdateStatus)
Standing = Literal["INACTIVE", "ON_TRACK", "AT_RISK", "COMPLETE"]


@dataclass(frozen=True)
class Line:
    """One item, as its last look found it."""

    ref: str  # "owner/name#12"
    stage: str
    reason: str


@dataclass(frozen=True)
class Report:
    standing: Standing
    body: str


def report(lines: Sequence[Line], paused_by: str | None) -> Report | None:
    """None: there is nothing on the board to tell of; what is not Sluice's to do is not told of."""
    lines = [line for line in lines if line.stage not in ("Outside", "Unknown")]
    if not lines:
        return None
    stages = Counter(line.stage for line in lines)
    parked = [line for line in lines if line.stage == "Parked"]
    body = comments.report(stages, [(line.ref, line.reason) for line in parked], paused_by)
    return Report(_standing(stages, paused_by), body)


def _standing(stages: Counter[str], paused_by: str | None) -> Standing:
    if paused_by:
        return "INACTIVE"
    if stages["Parked"]:
        return "AT_RISK"
    return "COMPLETE" if set(stages) <= set(comments.OVER) else "ON_TRACK"
