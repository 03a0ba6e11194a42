"""A repository and what is found in it by number, name or expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localhub import gitstore, permissions
from localhub.graphql.connections import connection, ordered
from localhub.graphql.errors import unknown
from localhub.graphql.git import git_object, git_ref
from localhub.graphql.kinds import GitRef
from localhub.graphql.rules import merge_queue, protection_rule
from localhub.graphql.view import View, read
from localhub.model import Actor, Issue, Label, PullRequest, Repo

ORDERS = {
    "CREATED_AT": lambda issue: (issue.created_at, issue.number),
    "UPDATED_AT": lambda issue: (issue.updated_at, issue.number),
    "COMMENTS": lambda issue: len(issue.comments),
}


class RepositoryView(View[Repo]):
    types = ("Repository",)
    plain = read(
        id="node_id", databaseId="id", name="name", nameWithOwner="full_name", owner="owner", isPrivate="private",
        description="description", createdAt="created_at", pushedAt="pushed_at"
    )  # fmt: skip

    def url(self) -> str:
        return f"{self.hub.base_url}/{self.record.full_name}"

    def resource_path(self) -> str:
        return f"/{self.record.full_name}"

    def updated_at(self) -> Any:
        return self.record.pushed_at or self.record.created_at

    def visibility(self) -> str:
        return "PRIVATE" if self.record.private else "PUBLIC"

    def is_archived(self) -> bool:
        return False

    def is_fork(self) -> bool:
        return False

    def parent(self) -> None:
        return None

    def is_in_organization(self) -> bool:
        return self.record.owner.kind == "Organization"

    def has_issues_enabled(self) -> bool:
        return True

    def has_wiki_enabled(self) -> bool:
        return False

    def has_projects_enabled(self) -> bool:
        return True

    def auto_merge_allowed(self) -> bool:
        return True

    def merge_commit_allowed(self) -> bool:
        return True

    def squash_merge_allowed(self) -> bool:
        return True

    def rebase_merge_allowed(self) -> bool:
        return True

    def delete_branch_on_merge(self) -> bool:
        return False

    def viewer_default_merge_method(self) -> str:
        return "MERGE"

    def viewer_permission(self) -> str | None:
        role = permissions.of(self.record, self.caller.login)
        return None if role == "none" else role.upper()

    def viewer_can_administer(self) -> bool:
        return permissions.of(self.record, self.caller.login) == "admin"

    def issue(self, number: int) -> Issue:
        found = self.record.issues.get(number)
        if found is None or isinstance(found, PullRequest):
            raise unknown("Issue", f"number of {number}")
        return found

    def pull_request(self, number: int) -> PullRequest:
        found = self.record.issues.get(number)
        if not isinstance(found, PullRequest):
            raise unknown("PullRequest", f"number of {number}")
        return found

    def issue_or_pull_request(self, number: int) -> Issue:
        found = self.record.issues.get(number)
        if found is None:
            raise unknown("issue or pull request", f"number of {number}")
        return found

    def issues(
        self, states: Sequence[str] | None = None, labels: Sequence[str] | None = None,
        order_by: Any = None, filter_by: Any = None, **page: Any,
    ) -> Any:  # fmt: skip
        narrowed = filter_by or {}
        wanted_states = states or narrowed.get("states")
        wanted_labels = labels or narrowed.get("labels")
        found = [each for each in self.record.issues.values() if not isinstance(each, PullRequest)]
        found = [each for each in found if not wanted_states or each.state.upper() in wanted_states]
        found = [each for each in found if labelled(each, wanted_labels)]
        if narrowed.get("since"):
            found = [each for each in found if each.updated_at.isoformat() >= narrowed["since"].replace("Z", "+00:00")]
        if narrowed.get("assignee"):
            found = [each for each in found if narrowed["assignee"] in [who.login for who in each.assignees]]
        return connection(ordered(found, order_by, ORDERS), page)

    def pull_requests(
        self, states: Sequence[str] | None = None, labels: Sequence[str] | None = None,
        head_ref_name: str | None = None, base_ref_name: str | None = None, order_by: Any = None, **page: Any,
    ) -> Any:  # fmt: skip
        found = [each for each in self.record.issues.values() if isinstance(each, PullRequest)]
        found = [each for each in found if not states or pull_state(each) in states]
        found = [each for each in found if head_ref_name is None or each.head_ref == head_ref_name]
        found = [each for each in found if base_ref_name is None or each.base_ref == base_ref_name]
        found = [each for each in found if labelled(each, labels)]
        return connection(ordered(found, order_by, ORDERS), page)

    def label(self, name: str) -> Label | None:
        return self.record.labels.get(name.lower())

    def labels(self, query: str | None = None, order_by: Any = None, **page: Any) -> Any:
        found = [each for each in self.record.labels.values() if (query or "").lower() in each.name.lower()]
        keys = {"NAME": lambda each: each.name.lower(), "CREATED_AT": lambda each: each.id}
        return connection(ordered(found, order_by, keys), page)

    def assignable_users(self, query: str | None = None, **page: Any) -> Any:
        return connection([actor for actor in self._people() if (query or "").lower() in actor.login.lower()], page)

    def mentionable_users(self, query: str | None = None, **page: Any) -> Any:
        return self.assignable_users(query, **page)

    async def default_branch_ref(self) -> GitRef | None:
        return await git_ref(self.record, f"refs/heads/{self.record.default_branch}")

    async def is_empty(self) -> bool:
        return await self.default_branch_ref() is None

    async def ref(self, qualified_name: str) -> GitRef | None:
        for name in (qualified_name, f"refs/heads/{qualified_name}", f"refs/tags/{qualified_name}"):
            if name.startswith("refs/") and (found := await git_ref(self.record, name)) is not None:
                return found
        return None

    async def refs(
        self, ref_prefix: str, query: str | None = None, order_by: Any = None, direction: Any = None, **page: Any
    ) -> Any:
        known = await gitstore.refs(self.record.git_dir)
        found = [GitRef(self.record, name, sha) for name, sha in known.items() if name.startswith(ref_prefix)]
        return connection([each for each in found if (query or "") in each.name.removeprefix(ref_prefix)], page)

    async def object(self, expression: str | None = None, oid: str | None = None) -> Any:
        return await git_object(self.record, expression or oid or "HEAD")

    def branch_protection_rules(self, **page: Any) -> Any:
        rules = [protection_rule(self.record, pattern, rule) for pattern, rule in self.record.protection.items()]
        return connection(rules, page)

    def project_v2(self, number: int) -> Any:
        for project in self.hub.projects:
            if project.number == number and self.record in project.repos and self.context.readable(project):
                return project
        raise unknown("ProjectV2", f"number {number}")

    def projects_v2(
        self, query: str | None = None, order_by: Any = None, min_permission_level: Any = None, **page: Any
    ) -> Any:
        linked = [each for each in self.hub.projects if self.record in each.repos and self.context.readable(each)]
        return connection(linked, page)

    def merge_queue(self, branch: str | None = None) -> Any:
        return merge_queue(self.record, branch or self.record.default_branch)

    def _people(self) -> list[Actor]:
        everybody = [actor for actor in self.hub.actors.values() if actor.kind == "User"]
        return [actor for actor in everybody if permissions.of(self.record, actor.login) not in ("none", "read")]


class LabelView(View[Label]):
    types = ("Label",)
    plain = read(id="node_id", name="name", color="color", description="description")

    def is_default(self) -> bool:
        return False


def labelled(issue: Issue, names: Sequence[str] | None) -> bool:
    carried = {label.name.lower() for label in issue.labels}
    return not names or bool(carried & {name.lower() for name in names})


def pull_state(pull: PullRequest) -> str:
    return "MERGED" if pull.merged_at else pull.state.upper()
