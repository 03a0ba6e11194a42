"""Writing how issues hang together: blocked by, sub-issues."""

from __future__ import annotations

from localhub import links
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain
from localhub.model import Issue


class RelationMutations(MutationView):
    types = ("Mutation",)

    def add_blocked_by(self, input: Input) -> Plain:
        issue, by = self._issue(input["issue_id"]), self._issue(input["blocking_issue_id"])
        links.block(self.hub, self.caller, issue, by)
        return {"issue": issue, "blockingIssue": by}

    def remove_blocked_by(self, input: Input) -> Plain:
        issue, by = self._issue(input["issue_id"]), self._issue(input["blocking_issue_id"])
        links.unblock(self.hub, self.caller, issue, by)
        return {"issue": issue, "blockingIssue": by}

    def add_sub_issue(self, input: Input) -> Plain:
        parent, child = self._issue(input["issue_id"]), self._issue(input.get("sub_issue_id") or "")
        links.add_sub_issue(self.hub, self.caller, parent, child, bool(input.get("replace_parent")))
        return {"issue": parent, "subIssue": child}

    def remove_sub_issue(self, input: Input) -> Plain:
        parent, child = self._issue(input["issue_id"]), self._issue(input["sub_issue_id"])
        links.remove_sub_issue(self.hub, self.caller, parent, child)
        return {"issue": parent, "subIssue": child}

    def _issue(self, node_id: str) -> Issue:
        return self.context.find_exactly(node_id, Issue)
