"""What the steps of tasks used: real tokens where there is a bill, and an estimate where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.plans.happened import Happened, Recorded
from bot.core.plans.knowledge import tokens

NONE_YET = "none yet: pass --session-id and --step-started-at to `sluice execute record`"
NONE_TOLD = "unknown: the agents of its runs tell none"


@dataclass(frozen=True)
class Used:
    real: int = 0
    steps: int = 0  # with real data
    estimated: int = 0
    guessed: int = 0  # steps of which nothing better is known
    by_hand: int = 0  # those of them that somebody recorded

    def __str__(self) -> str:
        data = f"{self.steps} {'step' if self.steps == 1 else 'steps'} with real data"
        none = NONE_TOLD if self.guessed and not self.by_hand else NONE_YET
        real = f"{self.real:,} ({data})" if self.steps else none
        return f"Real tokens: {real} | Estimated tokens: {self.estimated:,}"

    def __add__(self, other: Used) -> Used:
        return Used(
            self.real + other.real,
            self.steps + other.steps,
            self.estimated + other.estimated,
            self.guessed + other.guessed,
            self.by_hand + other.by_hand,
        )


def told_apart(happened: Iterable[Happened]) -> Used:
    """Every attempt counts, the failed ones too: they were billed. What is estimated is so of all of them."""
    records = [each for each in happened if isinstance(each, Recorded)]
    real = [each for each in records if each.used]
    return Used(
        sum(billed.total for each in real for billed in each.used),
        len({each.step for each in real}),
        sum(each.estimated or 0 for each in records),
        len({each.step for each in records if not each.used}),
        len({each.step for each in records if not each.used and not each.run}),
    )


def estimate(*texts: str) -> int:
    """Of a prompt and an answer, for want of anything better: what an agent reads besides is many times that."""
    return sum(map(tokens, texts))
