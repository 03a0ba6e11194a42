"""The timeline of an issue or pull request: events, comments and reviews in one list, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from localhub.graphql.connections import connection
from localhub.graphql.git import git_commit
from localhub.graphql.kinds import EVENTS, GitCommit, Happening
from localhub.graphql.view import Plain, View
from localhub.model import Actor, Comment, Issue, Label, Project, PullRequest, Review


async def timeline_items(
    issue: Issue,
    item_types: Sequence[str] | None = None,
    since: str | None = None,
    skip: int | None = None,
    **page: Any,
) -> Plain:
    """`since` keeps what was created at or after it; `skip` leaves out the first so many."""
    entries = [entry for entry in everything(issue) if item_types is None or item_type(entry) in item_types]
    if since is not None:
        begin = datetime.fromisoformat(since)
        entries = [entry for entry in entries if created(entry) >= begin]
    shown = entries[skip or 0 :]
    page_of = connection(shown, page)
    return {**page_of, "filteredCount": len(entries), "pageCount": len(page_of["nodes"]), "updatedAt": issue.updated_at}


def everything(issue: Issue) -> list[Any]:
    entries: list[Any] = [Happening(event, issue) for event in issue.timeline if event.kind in EVENTS]
    entries += issue.comments
    if isinstance(issue, PullRequest):
        entries += [review for review in issue.reviews if review.state != "PENDING"]
    return sorted(entries, key=lambda entry: (created(entry), record_of(entry).id))


def record_of(entry: Happening | Comment | Review) -> Any:
    return entry.event if isinstance(entry, Happening) else entry


def created(entry: Happening | Comment | Review) -> datetime:
    """A review stands in the timeline where it was submitted."""
    record = record_of(entry)
    when: datetime = getattr(record, "submitted_at", None) or record.created_at
    return when


def item_type(entry: Happening | Comment | Review) -> str:
    """`closed` is CLOSED_EVENT; a few are named otherwise."""
    if isinstance(entry, Happening):
        return SPECIAL.get(entry.event.kind, f"{entry.event.kind.upper()}_EVENT")
    return "ISSUE_COMMENT" if isinstance(entry, Comment) else "PULL_REQUEST_REVIEW"


SPECIAL = {
    "renamed": "RENAMED_TITLE_EVENT",
    "added_to_project": "ADDED_TO_PROJECT_V2_EVENT",
    "removed_from_project": "REMOVED_FROM_PROJECT_V2_EVENT",
    "status_changed": "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT",
}


class EventView(View[Happening]):
    types = tuple(EVENTS.values())

    def id(self) -> str:
        return self.record.event.node_id

    def actor(self) -> Actor | None:
        return self.record.event.actor

    def created_at(self) -> datetime:
        return self.record.event.created_at

    def _data(self, key: str) -> Any:
        return self.record.event.data.get(key)


class ClosedView(EventView):
    types = ("ClosedEvent", "ReopenedEvent")

    def state_reason(self) -> str | None:
        reason = self._data("state_reason")
        return reason.upper() if reason else None


class CloserView(EventView):
    types = ("ClosedEvent",)

    async def closer(self) -> Any:
        """The pull request or commit that closed it."""
        commit = self._data("commit")
        return await git_commit(self.record.issue.repo, commit) if commit else self._data("pull")


class LabelEventView(EventView):
    types = ("LabeledEvent", "UnlabeledEvent")

    def label(self) -> Label:
        label: Label = self._data("label")
        return label


class AssignEventView(EventView):
    types = ("AssignedEvent", "UnassignedEvent")

    def assignee(self) -> Actor:
        actor: Actor = self._data("assignee")
        return actor


class RenamedView(EventView):
    types = ("RenamedTitleEvent",)

    def current_title(self) -> str:
        return str(self._data("to"))

    def previous_title(self) -> str:
        return str(self._data("from"))


class BlockView(EventView):
    types = ("BlockedByAddedEvent", "BlockedByRemovedEvent")

    def blocking_issue(self) -> Issue | None:
        issue: Issue = self._data("issue")
        return issue if self.context.readable(issue) else None


class ProjectEventView(EventView):
    types = (
        "AddedToProjectV2Event",
        "RemovedFromProjectV2Event",
        "ConvertedFromDraftEvent",
        "ProjectV2ItemStatusChangedEvent",
    )

    def project(self) -> Project | None:
        project: Project = self._data("project")
        return project if self.context.readable(project) else None

    def was_automated(self) -> bool:
        return bool(self._data("was_automated"))


class StatusChangedView(EventView):
    types = ("ProjectV2ItemStatusChangedEvent",)

    def previous_status(self) -> str:
        return self._data("previous") or ""

    def status(self) -> str:
        return self._data("status") or ""


class ReviewRequestEventView(EventView):
    types = ("ReviewRequestedEvent", "ReviewRequestRemovedEvent")

    def requested_reviewer(self) -> Actor:
        actor: Actor = self._data("reviewer")
        return actor


class MergedView(EventView):
    types = ("MergedEvent",)

    async def commit(self) -> GitCommit | None:
        sha = self._data("commit")
        return await git_commit(self.record.issue.repo, sha) if sha else None


class PullEventView(EventView):
    types = (
        "MergedEvent", "ReadyForReviewEvent", "ConvertToDraftEvent", "HeadRefDeletedEvent", "HeadRefForcePushedEvent",
        "ReviewRequestedEvent", "ReviewRequestRemovedEvent", "RemovedFromMergeQueueEvent",
    )  # fmt: skip

    def pull_request(self) -> Issue:
        return self.record.issue


class LeftQueueView(EventView):
    types = ("RemovedFromMergeQueueEvent",)

    def reason(self) -> str:
        return str(self._data("reason"))


class ForcePushedView(EventView):
    types = ("HeadRefForcePushedEvent",)

    async def before_commit(self) -> GitCommit | None:
        return await git_commit(self.record.issue.repo, self._data("before"))

    async def after_commit(self) -> GitCommit | None:
        return await git_commit(self.record.issue.repo, self._data("after"))
