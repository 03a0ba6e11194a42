"""What stands between a pull request and its base: branch protection and the merge queue."""

from __future__ import annotations

from localhub import queue
from localhub.graphql.connections import Page, connection
from localhub.graphql.view import Plain, View, read
from localhub.model import Protection, PullRequest, Repo


def protection_rule(repo: Repo, pattern: str, rule: Protection) -> Plain:
    return {
        "__typename": "BranchProtectionRule",
        "pattern": pattern,
        "repository": repo,
        "requiresStatusChecks": bool(rule.required_checks),
        "requiredStatusCheckContexts": list(rule.required_checks),
        "requiredStatusChecks": [{"context": name, "app": None} for name in rule.required_checks],
        "requiresStrictStatusChecks": rule.strict,
        "requiresApprovingReviews": rule.required_approvals > 0,
        "requiredApprovingReviewCount": rule.required_approvals,
        "dismissesStaleReviews": rule.dismiss_stale,
        "requiresCodeOwnerReviews": False,
        "requiresConversationResolution": rule.resolve_threads,
        "isAdminEnforced": False,
        "allowsForcePushes": False,
        "allowsDeletions": False,
    }


class MergeQueueView(View[Plain]):
    types = ("MergeQueue",)
    plain = read(repository="repository")

    def entries(self, **page: Page) -> Plain:
        return connection([queue_entry(pull) for pull in self.record["pulls"]], page)


def merge_queue(repo: Repo, branch: str) -> Plain | None:
    """The queue of a branch whose protection demands one."""
    if not queue.has_queue(repo, branch):
        return None
    return {"__typename": "MergeQueue", "repository": repo, "pulls": queue.queued(repo, branch)}


def queue_entry(pull: PullRequest) -> Plain:
    return {
        "__typename": "MergeQueueEntry",
        "id": f"MQE_{pull.node_id}",
        "position": pull.queue_position,
        "pullRequest": pull,
        "state": "QUEUED",
        "jump": False,
        "solo": False,
    }
