"""Comments of a conversation, and what comments of any kind have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localhub.association import association
from localhub.graphql.connections import connection
from localhub.graphql.reactions import ReactableView
from localhub.graphql.view import Plain, read
from localhub.model import Actor, Issue, PullRequest, Repo
from localhub.permissions import at_least, of


class CommentView(ReactableView):
    """The fields of GitHub's interface Comment, mixed into issues, pull requests, comments and reviews."""

    plain = read(
        id="node_id", databaseId="id", fullDatabaseId="id", body="body", author="author", createdAt="created_at"
    )  # fmt: skip

    def repository(self) -> Repo:
        repo: Repo = self.record.repo
        return repo

    def body_text(self) -> str:
        return str(self.record.body)

    def updated_at(self) -> datetime:
        when: datetime = self.record.updated_at
        return when

    def published_at(self) -> datetime:
        when: datetime = self.record.created_at
        return when

    def last_edited_at(self) -> datetime | None:
        return getattr(self.record, "last_edited_at", None)

    def editor(self) -> Actor | None:
        return getattr(self.record, "editor", None)

    def includes_created_edit(self) -> bool:
        return self.last_edited_at() is not None

    def user_content_edits(self, **page: Any) -> Plain:
        """The last edit of the body; what stood there before is not kept."""
        at = self.last_edited_at()
        edit = {
            "__typename": "UserContentEdit", "id": f"UCE_{self.record.node_id}", "createdAt": at, "editedAt": at,
            "updatedAt": at, "deletedAt": None, "deletedBy": None, "editor": self.editor(), "diff": self.record.body,
        }  # fmt: skip
        return connection([edit] if at else [], page)

    def viewer_did_author(self) -> bool:
        return self.record.author is self.caller.actor

    def viewer_can_update(self) -> bool:
        return self.viewer_did_author() or self._viewer_may("write")

    def viewer_cannot_update_reasons(self) -> list[str]:
        return [] if self.viewer_can_update() else ["INSUFFICIENT_ACCESS"]

    def created_via_email(self) -> bool:
        return False

    def author_association(self) -> str:
        return association(self.repository(), self.record.author)

    def _viewer_may(self, role: Any) -> bool:
        return at_least(of(self.repository(), self.caller.login), role)


class MinimizableView(CommentView):
    """Comments and reviews: what can be hidden and deleted."""

    def is_minimized(self) -> bool:
        return getattr(self.record, "minimized_reason", None) is not None

    def minimized_reason(self) -> str | None:
        return getattr(self.record, "minimized_reason", None)

    def viewer_can_minimize(self) -> bool:
        return self._viewer_may("write")

    def viewer_can_delete(self) -> bool:
        return self.viewer_can_update()


class IssueCommentView(MinimizableView):
    types = ("IssueComment",)

    def repository(self) -> Repo:
        repo: Repo = self.record.issue.repo
        return repo

    def issue(self) -> Issue:
        issue: Issue = self.record.issue
        return issue

    def pull_request(self) -> PullRequest | None:
        return self.record.issue if isinstance(self.record.issue, PullRequest) else None

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        issue = self.record.issue
        kind = "pull" if isinstance(issue, PullRequest) else "issues"
        return f"/{issue.repo.full_name}/{kind}/{issue.number}#issuecomment-{self.record.id}"
