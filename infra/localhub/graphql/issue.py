"""Issues, and the half of a pull request that is an issue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localhub import links, projects
from localhub.graphql.comment import CommentView
from localhub.graphql.connections import connection, ordered
from localhub.graphql.errors import unknown
from localhub.graphql.timeline import timeline_items
from localhub.graphql.view import Plain, read
from localhub.model import Issue, Project, PullRequest


class ConversationView(CommentView):
    """What issues and pull requests share."""

    plain = read(number="number", title="title", locked="locked", closedAt="closed_at")

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        kind = "pull" if isinstance(self.record, PullRequest) else "issues"
        return f"/{self.record.repo.full_name}/{kind}/{self.record.number}"

    def closed(self) -> bool:
        return bool(self.record.state == "closed")

    def labels(self, order_by: Any = None, **page: Any) -> Plain:
        keys = {"NAME": lambda each: each.name.lower(), "CREATED_AT": lambda each: each.id}
        return connection(ordered(self.record.labels, order_by, keys), page)

    def assignees(self, **page: Any) -> Plain:
        return connection(self.record.assignees, page)

    def participants(self, **page: Any) -> Plain:
        people = [self.record.author, *(comment.author for comment in self.record.comments)]
        return connection(list(dict.fromkeys(actor for actor in people if actor.kind == "User")), page)

    def comments(self, order_by: Any = None, **page: Any) -> Plain:
        keys = {"UPDATED_AT": lambda each: (each.updated_at, each.id)}
        return connection(ordered(self.record.comments, order_by, keys), page)

    def milestone(self) -> None:
        """There are no milestones here, so nothing has one."""

    async def timeline_items(self, **asked: Any) -> Plain:
        return await timeline_items(self.record, **asked)

    def project_items(self, include_archived: bool = True, **page: Any) -> Plain:
        items = [item for item in projects.items_of(self.hub, self.record) if self.context.readable(item.project)]
        return connection([item for item in items if include_archived or item.archived_at is None], page)

    def project_v2(self, number: int) -> Project:
        for item in projects.items_of(self.hub, self.record):
            if item.project.number == number and self.context.readable(item.project):
                return item.project
        raise unknown("ProjectV2", f"number {number}")

    def viewer_can_label(self) -> bool:
        return self._viewer_may("triage")

    def viewer_can_close(self) -> bool:
        return self.viewer_did_author() or self._viewer_may("triage")

    def viewer_can_reopen(self) -> bool:
        return self.viewer_can_close()

    def viewer_can_update(self) -> bool:
        return self.viewer_can_close()


class IssueView(ConversationView):
    types = ("Issue",)

    def state(self) -> str:
        return str(self.record.state.upper())

    def state_reason(self, enable_duplicate: bool = False) -> str | None:
        return self.record.state_reason.upper() if self.record.state_reason else None

    def viewer_can_delete(self) -> bool:
        return self._viewer_may("admin")

    def is_pinned(self) -> bool:
        return False

    def parent(self) -> Issue | None:
        parent: Issue | None = self.record.parent
        return parent

    def sub_issues(self, **page: Any) -> Plain:
        return connection(self.record.sub_issues, page)

    def sub_issues_summary(self) -> Plain:
        total = len(self.record.sub_issues)
        done = sum(each.state == "closed" for each in self.record.sub_issues)
        return {"total": total, "completed": done, "percentCompleted": 100 * done // total if total else 0}

    def blocked_by(self, order_by: Any = None, **page: Any) -> Plain:
        return connection(self._by_dependency(self.record.blocked_by, order_by), page)

    def blocking(self, order_by: Any = None, **page: Any) -> Plain:
        return connection(self._by_dependency(links.blocking(self.hub, self.record), order_by), page)

    def issue_dependencies_summary(self) -> Plain:
        """Blocked by and blocking count open issues, the totals count all."""
        waits_for, holds_up = self.record.blocked_by, links.blocking(self.hub, self.record)
        return {
            "blockedBy": sum(each.state == "open" for each in waits_for),
            "blocking": sum(each.state == "open" for each in holds_up),
            "totalBlockedBy": len(waits_for),
            "totalBlocking": len(holds_up),
        }

    def closed_by_pull_requests_references(
        self,
        include_closed_prs: bool = False,
        order_by_state: bool = False,
        user_linked_only: bool = False,
        **page: Any,
    ) -> Plain:
        closing = links.closing_pulls(self.hub, self.record)
        shown = [each for each in closing if include_closed_prs or each.state == "open" or each.merged_at]
        return connection([each for each in shown if self.context.readable(each)], page)

    def _by_dependency(self, issues: Sequence[Issue], order_by: Any) -> list[Issue]:
        readable = [each for each in issues if self.context.readable(each)]
        if order_by and order_by["field"] == "CREATED_AT":
            readable.sort(key=lambda each: each.created_at)
        return readable[::-1] if order_by and order_by["direction"] == "DESC" else readable
