"""What a card says in each field of its board, what was written there or only mirrors its content; and to whom."""

from __future__ import annotations

from typing import Any

from localhub.comments import scope_of
from localhub.errors import HubError
from localhub.fields import iteration, option
from localhub.hub import Hub
from localhub.links import closing_pulls
from localhub.model import DraftIssue, Issue, ProjectField, ProjectItem, PullRequest
from localhub.permissions import Caller, require

MIRRORED = ("TITLE", "LABELS", "ASSIGNEES", "REPOSITORY", "REVIEWERS", "LINKED_PULL_REQUESTS", "MILESTONE")


def redacted(item: ProjectItem, caller: Caller) -> bool:
    """Whether the caller sees that there is a card, and nothing more: its content may not be read by them."""
    if isinstance(item.content, DraftIssue):
        return item.redacted
    try:
        require(caller, item.content.repo, "read", scope_of(item.content), "read")
    except HubError:
        return True
    return item.redacted


def mirrored(hub: Hub, content: Issue | DraftIssue, data_type: str) -> Any:
    """The records that a field of this kind shows of the content; nothing there is None or an empty list."""
    match data_type:
        case "TITLE":
            return content.title
        case "ASSIGNEES":
            return content.assignees
        case "LABELS" if isinstance(content, Issue):
            return content.labels
        case "REPOSITORY" if isinstance(content, Issue):
            return content.repo
        case "REVIEWERS" if isinstance(content, PullRequest):
            return content.requested_reviewers
        case "LINKED_PULL_REQUESTS" if isinstance(content, Issue) and not isinstance(content, PullRequest):
            return closing_pulls(hub, content)
        case _:
            return None


def says_anything(hub: Hub, item: ProjectItem, field: ProjectField) -> bool:
    if field.data_type in MIRRORED:
        return bool(mirrored(hub, item.content, field.data_type))
    return written(item, field) is not None


def written(item: ProjectItem, field: ProjectField) -> str | None:
    """The value as text: the name of an option, the title of an iteration."""
    value = item.values.get(field.name)
    if value is None or value.value is None:
        return None
    chosen, planned = option(field, value.value), iteration(field, value.value)
    return chosen.name if chosen else planned.title if planned else str(value.value)
