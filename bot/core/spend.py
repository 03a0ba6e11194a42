"""What was spent and what may be: tokens always, money where it is known and paid for by use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.tokens import Tokens

Price = Callable[[Tokens], float | None]  # dollars; None: nobody knows what that model costs
# whose word it is: a gateway's in front of the model (each process counts for itself), the program's own transcript's,
# or the agent's; the most trusted that there is counts, and no other
SOURCES = ("gateway", "transcript", "told")


@dataclass(frozen=True)
class Budget:
    """`cost_usd` None: unknown of what was spent; of what may be spent, that money does not bind."""

    tokens: int = 0
    cost_usd: float | None = None

    def __add__(self, other: Budget) -> Budget:
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Budget(self.tokens + other.tokens, sum(known) if known else None)

    def __str__(self) -> str:
        return " and ".join(filter(None, (counted(self.tokens), dollars(self.cost_usd))))

    def exceeds(self, cap: Budget) -> bool:
        """It is at the cap, or over it."""
        money = cap.cost_usd is not None and (self.cost_usd or 0.0) >= cap.cost_usd
        return money or self.tokens >= cap.tokens


NOTHING = Budget()


@dataclass(frozen=True)
class Bill:
    """What one run used so far, and while it works, what is held for it."""

    run: str
    peer: str
    here: bool  # in this repository
    at: datetime  # of its last use
    used: Budget = NOTHING
    held: Budget | None = None  # its whole cap; None: it has ended

    @property
    def counts(self) -> Budget:
        """A run at work may yet use all it was admitted with."""
        if self.held is None:
            return self.used
        costs = [cost for cost in (self.used.cost_usd, self.held.cost_usd) if cost is not None]
        return Budget(max(self.used.tokens, self.held.tokens), max(costs, default=None))


def trust(source: str) -> int:
    """Lower is better: by the beginning of its name."""
    return next((rank for rank, name in enumerate(SOURCES) if source.startswith(name)), len(SOURCES))


def unpriced(_tokens: Tokens) -> float | None:
    """For who pays by the month."""
    return None


def cost_of(each: Iterable[Tokens], price: Price) -> float | None:
    """None as soon as one of them is unknown: a part is not the cost."""
    costs = [price(tokens) for tokens in each]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if costs and len(known) == len(costs) else None


def dollars(cost: float | None) -> str:
    return "" if cost is None else f"${cost:.2f}"


def counted(tokens: int) -> str:
    """As people say it: 900 tokens, 12 k tokens, 1.2 M tokens."""
    if tokens < 1_000:
        return f"{tokens} tokens"
    if tokens < 1_000_000:
        return f"{tokens / 1_000:.3g} k tokens"
    return f"{tokens / 1_000_000:.4g} M tokens"
