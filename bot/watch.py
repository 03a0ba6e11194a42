"""Agents end in time though no webhook came: the policy of every repository with one at work is read often.

An unchanged file is a 304, which costs nothing of GitHub's quota.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog

from bot.context import Context
from bot.core.policy import PREVIEW, Policy
from bot.errors import SluiceError
from bot.halting import Halting, halt
from bot.policy_file import read_policy

log = structlog.get_logger(__name__)


class Busy(Halting, Protocol):
    """What the watch needs of the ledger."""

    async def wake_where(
        self, due: datetime, cause: str, *, repo: str | None = None, waits_for: Sequence[str] = ()
    ) -> int: ...


async def watch(ctx: Context, ledger: Busy, busy: Sequence[str]) -> None:
    """Of the repositories where something is at work, look at what is under way in each that is not live any more."""
    for repo in busy:
        try:
            text = await ctx.github.policy(repo)
        except SluiceError as error:  # one that cannot be read does not keep the others running
            log.warning("a policy could not be read", repo=repo, error=str(error))
            continue
        mode = _mode(text)
        if mode != "live":
            await halt(ctx, ledger, {repo: mode})
            await ledger.wake_where(ctx.now(), "the policy says stop", repo=repo)


def _mode(text: str | None) -> str:
    """A broken file changes nothing: the last good one stands, and an agent works under it."""
    found = read_policy(text) if text is not None else PREVIEW
    return found.mode if isinstance(found, Policy) else "live"
