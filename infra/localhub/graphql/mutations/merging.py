"""Writing merges: now, when the rules are kept, or through the queue."""

from __future__ import annotations

from typing import Any

from localhub import pulls
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.rules import queue_entry
from localhub.graphql.view import Plain
from localhub.model import PullRequest


class MergeMutations(MutationView):
    types = ("Mutation",)

    async def merge_pull_request(self, input: Input) -> Plain:
        pull = self._pull(input["pull_request_id"])
        await pulls.merge_directly(self.hub, self.caller, pull, **wishes(input))
        return {"pullRequest": pull, "actor": self.caller.actor}

    async def enable_pull_request_auto_merge(self, input: Input) -> Plain:
        pull = self._pull(input["pull_request_id"])
        await pulls.enable_auto_merge(self.hub, self.caller, pull, **wishes(input))
        return {"pullRequest": pull, "actor": self.caller.actor}

    def disable_pull_request_auto_merge(self, input: Input) -> Plain:
        pull = self._pull(input["pull_request_id"])
        pulls.disable_auto_merge(self.hub, self.caller, pull)
        return {"pullRequest": pull, "actor": self.caller.actor}

    async def enqueue_pull_request(self, input: Input) -> Plain:
        pull = self._pull(input["pull_request_id"])
        await pulls.enqueue(self.hub, self.caller, pull, input.get("expected_head_oid"))
        return {"mergeQueueEntry": queue_entry(pull)}

    def dequeue_pull_request(self, input: Input) -> Plain:
        pull = self._pull(input["id"])
        entry = queue_entry(pull)
        pulls.dequeue(self.hub, self.caller, pull)
        return {"mergeQueueEntry": entry}

    def _pull(self, node_id: str) -> PullRequest:
        return self.context.find(node_id, PullRequest)


def wishes(input: Input) -> dict[str, Any]:
    return {
        "method": (input.get("merge_method") or "MERGE").lower(),
        "expected_head": input.get("expected_head_oid"),
        "title": input.get("commit_headline"),
        "message": input.get("commit_body"),
    }
