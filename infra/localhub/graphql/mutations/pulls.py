"""Writing pull requests: opening, closing, drafts, updating the branch. Editing is beside that of issues."""

from __future__ import annotations

from localhub import pulls
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain
from localhub.model import PullRequest, Repo


class PullMutations(MutationView):
    types = ("Mutation",)

    async def create_pull_request(self, input: Input) -> Plain:
        repo = self.context.find(input["repository_id"], Repo)
        made = await pulls.open(
            self.hub, self.caller, repo, input["title"], input["head_ref_name"], input["base_ref_name"],
            input.get("body") or "", bool(input.get("draft")),
        )  # fmt: skip
        return {"pullRequest": made}

    def close_pull_request(self, input: Input) -> Plain:
        return {"pullRequest": pulls.close(self.hub, self.caller, self._pull(input))}

    def reopen_pull_request(self, input: Input) -> Plain:
        return {"pullRequest": pulls.reopen(self.hub, self.caller, self._pull(input))}

    def mark_pull_request_ready_for_review(self, input: Input) -> Plain:
        return {"pullRequest": pulls.mark_ready(self.hub, self.caller, self._pull(input))}

    def convert_pull_request_to_draft(self, input: Input) -> Plain:
        return {"pullRequest": pulls.convert_to_draft(self.hub, self.caller, self._pull(input))}

    async def update_pull_request_branch(self, input: Input) -> Plain:
        pull = self._pull(input)
        await pulls.update_branch(self.hub, self.caller, pull, input.get("expected_head_oid"))
        return {"pullRequest": pull}

    def _pull(self, input: Input) -> PullRequest:
        return self.context.find(input["pull_request_id"], PullRequest)
