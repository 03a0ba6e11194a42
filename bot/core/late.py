"""Commands heard late, after webhooks were lost or Sluice was away: one that spoke of something else does not count.

A command is a person's word about what they saw. Heard at once, that is what is there; heard after a gap, the head or
the text may have changed in between, and the word would be put under something its author never looked at. It is
judged when it is first heard, against what Sluice saw at its look before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.comments import heard_late
from bot.core.item import Order

LATE = timedelta(minutes=5)  # webhooks take seconds and a sweep a minute
OF_THE_CHANGES = ("approve", "merge", "reject", "retry", "update")
OF_THE_RESULT = ("approve", "reject")
OF_THE_TEXT = ("approve", "retry")


@dataclass(frozen=True)
class Since:
    """What may have changed since the command was written."""

    head_before: str | None  # of the pull request, at the last look; None: Sluice had not seen it
    head: str | None  # now; None: there is no open pull request
    text_edited: datetime | None = None  # the issue's
    result: datetime | None = None  # when the agent's newest result came


def judged(order: Order, heard: datetime, since: Since) -> Order:
    """The command, with a problem if it comes too late to be obeyed."""
    if order.problem or heard - order.at <= LATE:
        return order
    changed = _changed(order, since)
    return replace(order, problem=heard_late(changed)) if changed else order


def _changed(order: Order, since: Since) -> str:
    """What the command was about and is no longer the same; empty when it still holds."""
    if order.verb in OF_THE_CHANGES and since.head is not None and since.head != since.head_before:
        return "the pull request has got other commits"
    if order.verb in OF_THE_RESULT and since.result and since.result > order.at:
        return "a newer result has come"
    if order.verb in OF_THE_TEXT and since.text_edited and since.text_edited > order.at:
        return "the issue's text was edited"
    return ""
