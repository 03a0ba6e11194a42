"""Retries of reads: three quick tries, because the pass comes back anyway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from bot.errors import OutOfReach, Unavailable

T = TypeVar("T")


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """The answer of the first try that gets one."""
    retrying = AsyncRetrying(
        stop=stop_after_attempt(3),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        retry=retry_if_exception(_passing),
        reraise=True,
    )
    async for attempt in retrying:
        with attempt:
            return await read()
    raise AssertionError("tenacity raises the last failure")


def _passing(error: BaseException) -> bool:
    """A hiccup. Where GitHub names a time, waiting is for the timer, and who is shut out stays so for a while."""
    return isinstance(error, Unavailable) and error.retry_after is None and not isinstance(error, OutOfReach)
