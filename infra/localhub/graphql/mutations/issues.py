"""Writing issues: create, edit, close, reopen, labels and assignees."""

from __future__ import annotations

from localhub import issues, links, projects, pulls, transfer
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain
from localhub.model import Issue, Project, PullRequest, Repo


class IssueMutations(MutationView):
    types = ("Mutation",)

    def create_issue(self, input: Input) -> Plain:
        repo = self.context.find(input["repository_id"], Repo)
        parent = self.context.find(input["parent_issue_id"], Issue) if input.get("parent_issue_id") else None
        boards = [self.context.find(node_id, Project) for node_id in input.get("project_v2_ids") or ()]
        labels, assignees = self._label_names(input.get("label_ids")), self._logins(input.get("assignee_ids"))
        made = issues.create(
            self.hub, self.caller, repo, input["title"], input.get("body") or "", labels=labels, assignees=assignees
        )
        if parent is not None:
            links.add_sub_issue(self.hub, self.caller, parent, made)
        for board in boards:
            projects.add_item(self.hub, self.caller, board, made)
        return {"issue": made}

    def update_issue(self, input: Input) -> Plain:
        issue = self._issue(input["id"])
        issues.edit(self.hub, self.caller, issue, title=input.get("title"), body=input.get("body"))
        self._set_lists(issue, input)
        if input.get("state") == "CLOSED":
            issues.close(self.hub, self.caller, issue)
        elif input.get("state") == "OPEN":
            issues.reopen(self.hub, self.caller, issue)
        return {"issue": issue, "actor": self.caller.actor}

    def transfer_issue(self, input: Input) -> Plain:
        repo = self.context.find(input["repository_id"], Repo)
        return {"issue": transfer.transfer(self.hub, self.caller, self._issue(input["issue_id"]), repo)}

    def close_issue(self, input: Input) -> Plain:
        reason = (input.get("state_reason") or "COMPLETED").lower()
        return {"issue": issues.close(self.hub, self.caller, self._issue(input["issue_id"]), reason)}

    def reopen_issue(self, input: Input) -> Plain:
        return {"issue": issues.reopen(self.hub, self.caller, self._issue(input["issue_id"]))}

    async def update_pull_request(self, input: Input) -> Plain:
        pull = self.context.find(input["pull_request_id"], PullRequest)
        title, body, base = input.get("title"), input.get("body"), input.get("base_ref_name")
        await pulls.edit(self.hub, self.caller, pull, title=title, body=body, base=base)
        self._set_lists(pull, input)
        if input.get("state") == "CLOSED":
            pulls.close(self.hub, self.caller, pull)
        elif input.get("state") == "OPEN":
            pulls.reopen(self.hub, self.caller, pull)
        return {"pullRequest": pull, "actor": self.caller.actor}

    def add_labels_to_labelable(self, input: Input) -> Plain:
        issue = self.context.find(input["labelable_id"], Issue)
        issues.label(self.hub, self.caller, issue, self._label_names(input["label_ids"]))
        return {"labelable": issue}

    def remove_labels_from_labelable(self, input: Input) -> Plain:
        issue = self.context.find(input["labelable_id"], Issue)
        carried = {label.name for label in issue.labels}
        for name in self._label_names(input["label_ids"]):
            if name in carried:
                issues.unlabel(self.hub, self.caller, issue, name)
        return {"labelable": issue}

    def add_assignees_to_assignable(self, input: Input) -> Plain:
        issue = self.context.find(input["assignable_id"], Issue)
        issues.assign(self.hub, self.caller, issue, self._logins(input["assignee_ids"]))
        return {"assignable": issue}

    def remove_assignees_from_assignable(self, input: Input) -> Plain:
        issue = self.context.find(input["assignable_id"], Issue)
        issues.unassign(self.hub, self.caller, issue, self._logins(input["assignee_ids"]))
        return {"assignable": issue}

    def _issue(self, node_id: str) -> Issue:
        """An issue that is no pull request: those have mutations of their own."""
        return self.context.find_exactly(node_id, Issue)

    def _set_lists(self, issue: Issue, input: Input) -> None:
        if input.get("label_ids") is not None:
            issues.set_labels(self.hub, self.caller, issue, self._label_names(input["label_ids"]))
        if input.get("assignee_ids") is not None:
            issues.set_assignees(self.hub, self.caller, issue, self._logins(input["assignee_ids"]))
