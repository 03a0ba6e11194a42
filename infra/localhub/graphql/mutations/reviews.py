"""Writing reviews: asking for them, giving them, and their threads."""

from __future__ import annotations

from localhub import pulls
from localhub.graphql.errors import unknown_node
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain
from localhub.model import PullRequest, Review, ReviewThread


class ReviewMutations(MutationView):
    types = ("Mutation",)

    def request_reviews(self, input: Input) -> Plain:
        """Without `union` the asked people replace those who were asked before."""
        pull = self.context.find(input["pull_request_id"], PullRequest)
        asked = self._logins([*(input.get("user_ids") or ()), *(input.get("bot_ids") or ())])
        if not input.get("union"):
            gone = [each.login for each in pull.requested_reviewers if each.login not in asked]
            pulls.remove_reviewers(self.hub, self.caller, pull, gone)
        pulls.request_reviewers(self.hub, self.caller, pull, asked)
        return {"pullRequest": pull, "actor": self.caller.actor}

    def add_pull_request_review(self, input: Input) -> Plain:
        pull = self.context.find(input["pull_request_id"], PullRequest)
        lines = [*(input.get("comments") or ()), *(input.get("threads") or ())]
        body, event, commit = input.get("body") or "", input.get("event"), input.get("commit_oid")
        made = pulls.review(self.hub, self.caller, pull, event, body, lines, commit)
        return {"pullRequestReview": made, "reviewEdge": {"cursor": made.node_id, "node": made}}

    def submit_pull_request_review(self, input: Input) -> Plain:
        pending = self._pending(input)
        done = pulls.submit_review(self.hub, self.caller, pending, input["event"], input.get("body"))
        return {"pullRequestReview": done}

    def dismiss_pull_request_review(self, input: Input) -> Plain:
        done = self.context.find(input["pull_request_review_id"], Review)
        return {"pullRequestReview": pulls.dismiss_review(self.hub, self.caller, done, input["message"])}

    def add_pull_request_review_thread(self, input: Input) -> Plain:
        """A thread in the caller's pending review, or in a review of its own."""
        pull = self.context.find(input.get("pull_request_id") or "", PullRequest)
        made = pulls.comment_on_line(self.hub, self.caller, pull, input["body"], input["path"], input.get("line"))
        return {"thread": pulls.thread_of(made)}

    def add_pull_request_review_thread_reply(self, input: Input) -> Plain:
        thread = self.context.find(input["pull_request_review_thread_id"], ReviewThread)
        return {"comment": pulls.reply(self.hub, self.caller, thread.comments[0], input["body"])}

    def resolve_review_thread(self, input: Input) -> Plain:
        thread = self.context.find(input["thread_id"], ReviewThread)
        return {"thread": pulls.resolve_thread(self.hub, self.caller, thread.comments[0].review.pull, thread)}

    def unresolve_review_thread(self, input: Input) -> Plain:
        thread = self.context.find(input["thread_id"], ReviewThread)
        return {"thread": pulls.unresolve_thread(self.hub, self.caller, thread.comments[0].review.pull, thread)}

    def _pending(self, input: Input) -> Review:
        if input.get("pull_request_review_id"):
            return self.context.find(input["pull_request_review_id"], Review)
        pull = self.context.find(input.get("pull_request_id") or "", PullRequest)
        for review in pull.reviews:
            if review.state == "PENDING" and review.author is self.caller.actor:
                return review
        raise unknown_node(input.get("pull_request_id") or "")
