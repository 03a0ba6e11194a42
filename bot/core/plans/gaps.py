"""What an agent did not know: how it says so, and whether that is found, decided by itself or asked of a person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from bot.core.foreign import clean
from bot.core.plans.library import Tagged, matching
from bot.core.plans.plan import Intervention, Risk

Kind = Literal["fact", "decision"]  # a document or the code could tell; only a person can
Sure = Literal["low", "medium", "high"]
Settling = Literal["look-up", "go-on", "ask"]

MOST, LENGTH = 10, 300
SIGNAL = re.compile(
    r"^[ \t]*KNOWLEDGE_GAP:[ \t]*(?P<kind>fact|decision)[ \t]+(?P<sure>low|medium|high)[ \t]*[:-][ \t]*"
    r"(?P<about>\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
RISKS: tuple[Risk, ...] = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
ASKED_FROM: dict[Intervention, int] = {"low": 4, "medium": 2, "high": 1}  # points


@dataclass(frozen=True)
class Gap:
    kind: Kind
    sure: Sure  # how sure the agent is of what it assumed instead
    about: str  # in its own words


def gaps(outcome: str) -> tuple[Gap, ...]:
    """Of an agent's last words."""
    found = list(SIGNAL.finditer(outcome))[:MOST]
    return tuple(
        Gap(cast(Kind, each["kind"].lower()), cast(Sure, each["sure"].lower()), clean(each["about"])[:LENGTH])
        for each in found
    )


def settled(gap: Gap, risk: Risk, intervention: Intervention, library: Iterable[Tagged] = ()) -> Settling:
    """A decision, a risk and an unsure guess each count; how much it takes to disturb a person is the plan's choice."""
    if gap.kind == "fact" and matching(library, gap.about):
        return "look-up"
    points = (gap.kind == "decision") + RISKS.index(risk) + (gap.sure == "low")
    return "ask" if points >= ASKED_FROM[intervention] else "go-on"


def instruction(intervention: Intervention) -> str:
    """For whoever takes a step."""
    how = {
        "low": "decide yourself what the repository does not tell you",
        "medium": "decide small things yourself, and ask where the answer changes what is built",
        "high": "ask whenever you are not sure",
    }[intervention]
    return (
        f"Where something is not known: {how}. For each such thing end with a line "
        "`KNOWLEDGE_GAP: fact|decision low|medium|high: what it was`, which says how sure you are of what you assumed."
    )
