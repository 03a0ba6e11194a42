"""Many turns in one: what is asked for while a turn is under way waits, and is done together in the next.

So a burst of webhooks costs a transaction for each turn, not for each webhook, and a single one waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.errors import Unavailable

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
MOST = 200  # in one turn: others of this process want theirs, too


class Together(Generic[Asked, Answer]):
    def __init__(self, turn: Callable[[list[Asked]], Awaitable[list[Answer]]], pause: float = 0.0) -> None:
        """`turn` answers each of those it is given, in their order; each waits so many seconds for company."""
        self._turn, self._pause = turn, pause
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._turns: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._turns is None or self._turns.done():
            self._turns = asyncio.create_task(self._take_turns())
        return await answer

    async def _take_turns(self) -> None:
        while self._waiting:
            if self._pause:
                await asyncio.sleep(self._pause)
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            error = await self._take(taken)
            if error is None:
                continue
            alone = len(taken) == 1 or isinstance(error, Unavailable)
            for each in taken:  # one that cannot be done spoils nobody else's
                said = error if alone else await self._take([each])
                if said is not None and not each[1].done():
                    each[1].set_exception(said)

    async def _take(self, taken: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> BaseException | None:
        """What went wrong, in which case nobody is answered yet."""
        (answers,) = await asyncio.gather(self._turn([asked for asked, _ in taken]), return_exceptions=True)
        if isinstance(answers, BaseException):
            return answers
        for (_, answer), said in zip(taken, answers, strict=True):
            if not answer.done():  # whoever asked may be gone
                answer.set_result(said)
        return None
