"""What was spent and what may be: tokens always, money where it is known and paid for by use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.tokens import Tokens

AMOUNT = re.compile(r"\+?\$?(?P<number>[0-9]{1,6}(\.[0-9]{1,2})?) ?(?P<unit>[kKmM]?)")
MOST = 10_000.0  # dollars, or millions of tokens: more is a mistake
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

    def fits(self, cap: Budget) -> bool:
        """It is not over the cap; a fraction of a cent is nothing."""
        money = cap.cost_usd is None or (self.cost_usd or 0.0) <= cap.cost_usd + 1e-6
        return money and self.tokens <= cap.tokens

    def within(self, tokens: int | None, cost_usd: float | None) -> Budget:
        """The tighter of both, each for itself; None binds nothing."""
        costs = [cost for cost in (self.cost_usd, cost_usd) if cost is not None]
        return Budget(self.tokens if tokens is None else min(self.tokens, tokens), min(costs, default=None))

    def left(self, used: Budget) -> Budget:
        """What there still is of it."""
        cost = None if self.cost_usd is None else max(0.0, self.cost_usd - (used.cost_usd or 0.0))
        return Budget(max(0, self.tokens - used.tokens), cost)


NOTHING = Budget()
RUN_USD, ITEM_USD, DAY_USD = 5.0, 15.0, 50.0  # as shipped
PER_RUN, PER_ITEM, PER_DAY = Budget(5_000_000, RUN_USD), Budget(15_000_000, ITEM_USD), Budget(50_000_000, DAY_USD)


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


def amount(text: str) -> Budget | None:
    """What somebody adds to a cap: `+5` are dollars, `+500k` and `+2M` tokens. None: it is nothing like that."""
    found = AMOUNT.fullmatch(text.strip())
    number = float(found["number"]) if found else 0.0
    if found is None or not 0 < number <= MOST:
        return None
    tokens = {"k": 1_000, "m": 1_000_000}.get(found["unit"].casefold())
    return Budget(0, number) if tokens is None else Budget(round(number * tokens))


def dollars(cost: float | None) -> str:
    return "" if cost is None else f"${cost:.2f}"


def counted(tokens: int) -> str:
    """As people say it: 900 tokens, 12 k tokens, 1.2 M tokens."""
    if tokens < 1_000:
        return f"{tokens} tokens"
    if tokens < 1_000_000:
        return f"{tokens / 1_000:.3g} k tokens"
    return f"{tokens / 1_000_000:.4g} M tokens"
