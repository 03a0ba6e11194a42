"""Pull requests: what they have beyond an issue."""

from __future__ import annotations

from typing import Any

from localhub import checks, gitstore, permissions, pulls
from localhub.graphql.connections import connection
from localhub.graphql.git import git_commit, git_ref
from localhub.graphql.issue import ConversationView
from localhub.graphql.kinds import ChangedFile, GitCommit, GitRef, Rollup
from localhub.graphql.repository import pull_state
from localhub.graphql.rules import merge_queue, queue_entry
from localhub.graphql.view import Plain, View, read
from localhub.model import Actor, PullRequest, Review

OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


class PullRequestView(ConversationView):
    types = ("PullRequest",)
    plain = read(
        isDraft="draft", headRefName="head_ref", headRefOid="head_sha", baseRefName="base_ref",
        baseRefOid="base_sha", headRepository="repo", baseRepository="repo", mergedAt="merged_at", mergedBy="merged_by",
        additions="additions", deletions="deletions", changedFiles="changed_files",
    )  # fmt: skip

    def state(self) -> str:
        return pull_state(self.record)

    def merged(self) -> bool:
        return self.record.merged_at is not None

    def permalink(self) -> str:
        return self.url()

    def is_cross_repository(self) -> bool:
        return False

    def head_repository_owner(self) -> Actor:
        owner: Actor = self.record.repo.owner
        return owner

    def maintainer_can_modify(self) -> bool:
        return False

    async def merge_commit(self) -> GitCommit | None:
        sha = self.record.merge_commit_sha
        return await git_commit(self.record.repo, sha) if sha and self.record.merged_at else None

    def mergeable(self) -> str:
        """The first question gets UNKNOWN and starts the computation."""
        answer = pulls.mergeable(self.hub, self.record)
        return "UNKNOWN" if answer is None else "MERGEABLE" if answer else "CONFLICTING"

    def merge_state_status(self) -> str:
        return pulls.merge_state(self.hub, self.record)

    def review_decision(self) -> str | None:
        return pulls.decision(self.record)

    def reviews(self, states: Any = None, author: str | None = None, **page: Any) -> Plain:
        found = [each for each in self._reviews() if not states or each.state in states]
        return connection([each for each in found if author is None or each.author.login == author], page)

    def latest_reviews(self, **page: Any) -> Plain:
        """Of each reviewer the newest, unless they are asked again."""
        newest = {each.author: each for each in self._reviews() if each.author is not self.record.author}
        waiting = self.record.requested_reviewers
        return connection([each for author, each in newest.items() if author not in waiting], page)

    def latest_opinionated_reviews(self, writers_only: bool = False, **page: Any) -> Plain:
        newest = {each.author: each for each in self._reviews() if each.state in OPINIONS}
        shown = [each for author, each in newest.items() if not writers_only or self._writes(author)]
        return connection(shown, page)

    def viewer_latest_review(self) -> Review | None:
        mine = [each for each in self._reviews() if each.author is self.caller.actor]
        return mine[-1] if mine else None

    def review_requests(self, **page: Any) -> Plain:
        asked = [
            {"__typename": "ReviewRequest", "id": f"RR_{each.node_id}", "asCodeOwner": False,
             "pullRequest": self.record, "requestedReviewer": each}
            for each in self.record.requested_reviewers
        ]  # fmt: skip
        return connection(asked, page)

    def review_threads(self, **page: Any) -> Plain:
        return connection(self.record.threads, page)

    async def commits(self, **page: Any) -> Plain:
        shown = await gitstore.commits_between(self.record.repo.git_dir, self.record.base_sha, self.record.head_sha)
        return connection([self._commit(info) for info in shown], page)

    async def files(self, **page: Any) -> Plain:
        pull = self.record
        changes = await gitstore.diff(pull.repo.git_dir, pull.base_sha, pull.head_sha)
        return connection([ChangedFile(change) for change in changes], page)

    async def head_ref(self) -> GitRef | None:
        return (
            None if self.record.head_deleted else await git_ref(self.record.repo, f"refs/heads/{self.record.head_ref}")
        )

    async def base_ref(self) -> GitRef | None:
        return await git_ref(self.record.repo, f"refs/heads/{self.record.base_ref}")

    def status_check_rollup(self) -> Rollup | None:
        repo, sha = self.record.repo, self.record.head_sha
        return Rollup(repo, sha) if checks.rollup(repo, sha) else None

    def closing_issues_references(self, user_linked_only: bool = False, order_by: Any = None, **page: Any) -> Plain:
        named = pulls.closing_issues(self.hub, self.record)
        return connection([each for each in named if self.context.readable(each)], page)

    def is_in_merge_queue(self) -> bool:
        return self.record.queue_position is not None

    def is_merge_queue_enabled(self) -> bool:
        return self.merge_queue() is not None

    def merge_queue(self) -> Plain | None:
        return merge_queue(self.record.repo, self.record.base_ref)

    def merge_queue_entry(self) -> Plain | None:
        return queue_entry(self.record) if self.is_in_merge_queue() else None

    def auto_merge_request(self) -> Plain | None:
        asked = self.record.auto_merge
        if asked is None:
            return None
        return {
            "enabledAt": asked["enabled_at"], "enabledBy": asked["enabled_by"],
            "mergeMethod": str(asked["method"]).upper(), "pullRequest": self.record,
            "authorEmail": None, "commitHeadline": asked["title"], "commitBody": asked["message"],
        }  # fmt: skip

    def total_comments_count(self) -> int:
        return len(self.record.comments) + sum(len(thread.comments) for thread in self.record.threads)

    def viewer_can_enable_auto_merge(self) -> bool:
        return self._viewer_may("write") and self.record.auto_merge is None and self.record.state == "open"

    def viewer_can_disable_auto_merge(self) -> bool:
        return self._viewer_may("write") and self.record.auto_merge is not None

    def viewer_can_update_branch(self) -> bool:
        return self._viewer_may("write")

    def viewer_can_merge_as_admin(self) -> bool:
        return self._viewer_may("admin")

    def _reviews(self) -> list[Review]:
        """A pending review is seen by nobody but its author."""
        reviews: list[Review] = self.record.reviews
        return [each for each in reviews if each.state != "PENDING" or each.author is self.caller.actor]

    def _writes(self, actor: Actor) -> bool:
        return permissions.at_least(permissions.of(self.record.repo, actor.login), "write")

    def _commit(self, info: gitstore.CommitInfo) -> Plain:
        pull: PullRequest = self.record
        path = f"{self.resource_path()}/commits/{info.sha}"
        return {
            "__typename": "PullRequestCommit", "id": f"PURC_{pull.node_id}_{info.sha}",
            "commit": GitCommit(pull.repo, info), "pullRequest": pull,
            "resourcePath": path, "url": self.hub.base_url + path,
        }  # fmt: skip


class ChangedFileView(View[ChangedFile]):
    types = ("PullRequestChangedFile",)

    def path(self) -> str:
        return self.record.change.path

    def additions(self) -> int:
        return self.record.change.additions

    def deletions(self) -> int:
        return self.record.change.deletions

    def change_type(self) -> str:
        return "DELETED" if self.record.change.status == "removed" else self.record.change.status.upper()

    def viewer_viewed_state(self) -> str:
        return "UNVIEWED"
