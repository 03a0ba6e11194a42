"""Turns that are taken together: each asker gets the answer of their own, whoever else asks at the time."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Unavailable
from webhooks.together import MOST, Together


class Halving:
    """Halves even numbers; what is odd cannot be done, and for a while nothing can."""

    def __init__(self) -> None:
        self.turns: list[int] = []  # how many were in each
        self.away = False

    async def __call__(self, numbers: list[int]) -> list[int]:
        self.turns.append(len(numbers))
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("nobody there")
        if any(number % 2 for number in numbers):
            raise ValueError("odd")
        return [number // 2 for number in numbers]


async def test_who_asks_meanwhile_shares_the_next_turn() -> None:
    """The first has a turn at once, the others one together, and a great many take several."""
    halving = Halving()
    together = Together(halving)
    first = asyncio.create_task(together(0))
    while not halving.turns:
        await asyncio.sleep(0)
    others = await asyncio.gather(*(together(2 * number) for number in range(MOST + 3)))
    assert (await first, others, halving.turns) == (0, list(range(MOST + 3)), [1, MOST, 3])


async def test_one_that_cannot_be_done_spoils_nobody_elses() -> None:
    """Its own asker is told what is wrong; the others are answered."""
    together = Together(Halving())
    answers = await asyncio.gather(*(together(number) for number in (2, 3, 4)), return_exceptions=True)
    assert (answers[0], answers[2]) == (1, 2) and isinstance(answers[1], ValueError)


async def test_when_the_ledger_is_away_everybody_is_told_at_once() -> None:
    """Nobody's turn is tried again alone, and later ones go on."""
    halving = Halving()
    together, halving.away = Together(halving), True
    answers = await asyncio.gather(*(together(number) for number in (2, 4)), return_exceptions=True)
    assert [type(each) for each in answers] == [Unavailable, Unavailable] and halving.turns == [2]
    halving.away = False
    assert await together(8) == 4


async def test_an_asker_who_is_gone_holds_nobody_up() -> None:
    """A sender that hung up is not waited for."""
    together = Together(Halving())
    gone, stays = asyncio.create_task(together(2)), asyncio.create_task(together(4))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
