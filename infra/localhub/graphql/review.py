"""Reviews of a pull request, their comments and threads."""

from __future__ import annotations

from typing import Any

from localhub.graphql.comment import MinimizableView
from localhub.graphql.connections import connection
from localhub.graphql.git import git_commit
from localhub.graphql.kinds import GitCommit
from localhub.graphql.view import Plain, View, read
from localhub.model import PullRequest, Repo, ReviewThread
from localhub.permissions import at_least, of


class ReviewView(MinimizableView):
    types = ("PullRequestReview",)
    plain = read(state="state", submittedAt="submitted_at", pullRequest="pull")

    def repository(self) -> Repo:
        repo: Repo = self.record.pull.repo
        return repo

    def updated_at(self) -> Any:
        return self.record.submitted_at or self.record.created_at

    def published_at(self) -> Any:
        return self.record.submitted_at

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        pull = self.record.pull
        return f"/{pull.repo.full_name}/pull/{pull.number}#pullrequestreview-{self.record.id}"

    def comments(self, **page: Any) -> Plain:
        return connection(self.record.comments, page)

    async def commit(self) -> GitCommit:
        return await git_commit(self.record.pull.repo, self.record.commit_id)

    def author_can_push_to_repository(self) -> bool:
        return at_least(of(self.repository(), self.record.author.login), "write")

    def on_behalf_of(self, **page: Any) -> Plain:
        return connection([], page)


class ReviewCommentView(MinimizableView):
    types = ("PullRequestReviewComment",)
    plain = read(path="path", line="line", originalLine="line", pullRequestReview="review", replyTo="in_reply_to")

    def repository(self) -> Repo:
        repo: Repo = self.record.review.pull.repo
        return repo

    def pull_request(self) -> PullRequest:
        pull: PullRequest = self.record.review.pull
        return pull

    def state(self) -> str:
        return "PENDING" if self.record.review.state == "PENDING" else "SUBMITTED"

    def outdated(self) -> bool:
        return bool(self.record.commit_id != self.record.review.pull.head_sha)

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        pull = self.record.review.pull
        return f"/{pull.repo.full_name}/pull/{pull.number}#discussion_r{self.record.id}"

    async def commit(self) -> GitCommit:
        return await git_commit(self.repository(), self.record.commit_id)

    async def original_commit(self) -> GitCommit:
        return await self.commit()


class ReviewThreadView(View[ReviewThread]):
    types = ("PullRequestReviewThread",)
    plain = read(
        id="node_id", path="path", line="line", originalLine="line", resolvedBy="resolved_by", isOutdated="outdated"
    )  # fmt: skip

    def is_resolved(self) -> bool:
        return self.record.resolved_by is not None

    def is_collapsed(self) -> bool:
        return self.is_resolved()

    def comments(self, skip: int | None = None, **page: Any) -> Plain:
        return connection(self.record.comments[skip or 0 :], page)

    def pull_request(self) -> PullRequest:
        return self.record.comments[0].review.pull

    def repository(self) -> Repo:
        return self.pull_request().repo

    def diff_side(self) -> str:
        return "RIGHT"

    def subject_type(self) -> str:
        return "FILE" if self.record.line is None else "LINE"

    def viewer_can_resolve(self) -> bool:
        return not self.is_resolved()

    def viewer_can_unresolve(self) -> bool:
        return self.is_resolved()

    def viewer_can_reply(self) -> bool:
        return True
