"""When an ordered fault strikes: once, so many times, from the k-th time on, or by chance with a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr


class Ordered(BaseModel):
    """It lets `skip` of what it fits pass, and then strikes `times` times (null: always), each with this chance."""

    model_config = ConfigDict(extra="forbid")
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    seed: int = 0
    _luck: Random | None = PrivateAttr(default=None)

    def strikes(self) -> bool:
        """One more of what it fits is here: is it this one's turn?"""
        if self.skip > 0:
            self.skip -= 1
            return False
        self._luck = self._luck or Random(self.seed)
        if self.chance < 1 and self._luck.random() >= self.chance:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @property
    def spent(self) -> bool:
        return self.times is not None and self.times <= 0


Each = TypeVar("Each", bound=Ordered)


def struck(orders: list[Each], fits: Callable[[Each], bool]) -> Each | None:
    """The first order that strikes now; one that has struck often enough is gone."""
    for order in [each for each in orders if fits(each)]:
        if order.strikes():
            if order.spent:
                orders.remove(order)
            return order
    return None
