"""The timeline of an issue: what happened to it, when and by whom."""

from __future__ import annotations

from typing import Any

from localhub.hub import Hub
from localhub.model import Actor, Issue, TimelineEvent


def note(hub: Hub, issue: Issue, kind: str, actor: Actor | None, /, **data: Any) -> TimelineEvent:
    """Add one entry."""
    event = TimelineEvent(hub.new_id(), "", kind, actor, hub.now(), data)
    hub.register("TE", event)
    issue.timeline.append(event)
    return event
