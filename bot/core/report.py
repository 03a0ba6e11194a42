"""The status update of a board: how all of it stands, for those who read no single card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.comments import STAGE_WORDS, sentence
from bot.core.item import mention

# GitHub's words for how a project goes (ProjectV2StatusUpdateStatus)
Standing = Literal["INACTIVE", "ON_TRACK", "AT_RISK", "COMPLETE"]
OVER = ("Merged", "Closed", "Done")
REPORTED = ("working", "checking", "in review", "needing a person", "blocked", "waiting to start", "over")
MOST_LISTED = 20  # in one status update


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
    body = body_of(stages, [(line.ref, line.reason) for line in parked], paused_by)
    return Report(_standing(stages, paused_by), body)


def _standing(stages: Counter[str], paused_by: str | None) -> Standing:
    if paused_by:
        return "INACTIVE"
    if stages["Parked"]:
        return "AT_RISK"
    return "COMPLETE" if set(stages) <= set(OVER) else "ON_TRACK"


def body_of(stages: Mapping[str, int], waiting: Sequence[tuple[str, str]], paused_by: str | None) -> str:
    """A board's status update. `waiting`: what needs a person, with the reason."""
    words = Counter[str]()
    for stage, count in stages.items():
        words["over" if stage in OVER else STAGE_WORDS.get(stage, "waiting to start")] += count
    told = [f"**Everything is paused** by {mention(paused_by)}."] if paused_by else []
    told.append(", ".join(f"{words[word]} {word}" for word in REPORTED if words[word]) + ".")
    shown = [f"- {ref}: {sentence(reason)}" for ref, reason in waiting[:MOST_LISTED]]
    more = len(waiting) - len(shown)
    told += ["", "Only a person can free these:", "", *shown] if shown else []
    return "\n".join(told + ([f"- and {more} more"] if more > 0 else []))
