"""Projects v2: the board, its fields and its items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localhub import projects
from localhub.boardfilter import Reader, matching
from localhub.cards import redacted
from localhub.errors import HubError
from localhub.fields import is_over
from localhub.graphql.connections import connection
from localhub.graphql.project_values import value_of, values_of
from localhub.graphql.view import Plain, View, read
from localhub.model import DraftIssue, Issue, Iteration, Project, ProjectField, ProjectItem, PullRequest, StatusUpdate
from localhub.permissions import require_project

DEFAULT_DURATION, MONDAY = 14, 1  # of an iteration field without iterations
STANDARD = {"closed_to_done": "Item closed", "merged_to_done": "Pull request merged"}


class ProjectView(View[Project]):
    types = ("ProjectV2",)
    plain = read(
        id="node_id", databaseId="id", fullDatabaseId="id", number="number", title="title", closed="closed",
        public="public", owner="owner", creator="creator", createdAt="created_at", updatedAt="updated_at"
    )  # fmt: skip

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        kind = "orgs" if self.record.owner.kind == "Organization" else "users"
        return f"/{kind}/{self.record.owner.login}/projects/{self.record.number}"

    def template(self) -> bool:
        return False

    def short_description(self) -> str | None:
        return None

    def readme(self) -> str | None:
        return None

    def viewer_can_update(self) -> bool:
        try:
            require_project(self.caller, self.record, "write")
        except HubError:
            return False
        return True

    def field(self, name: str) -> ProjectField | None:
        return projects.find_field(self.record, name)

    def fields(self, order_by: Any = None, **page: Any) -> Plain:
        return connection(self.record.fields, page)

    def items(
        self, query: str | None = None, archived_states: Sequence[str] | None = None, order_by: Any = None, **page: Any
    ) -> Plain:
        """In board order, the only order there is; archived cards are left out unless asked for."""
        states = archived_states or ["NOT_ARCHIVED"]
        shown = [each for each in self.record.items if ("ARCHIVED" if each.archived_at else "NOT_ARCHIVED") in states]
        shown = matching(shown, query or "", Reader(self.hub, self.caller))
        backwards = order_by and order_by["direction"] == "DESC"
        return connection(shown[::-1] if backwards else shown, page)

    def status_updates(self, order_by: Any = None, **page: Any) -> Plain:
        """The newest first, unless asked for otherwise."""
        forwards = order_by and order_by["direction"] == "ASC"
        known = self.record.status_updates
        return connection(known if forwards else known[::-1], page)

    def repositories(self, order_by: Any = None, **page: Any) -> Plain:
        return connection([repo for repo in self.record.repos if self.context.readable(repo)], page)

    def workflows(self, order_by: Any = None, **page: Any) -> Plain:
        known = [self._workflow(number, key) for number, key in enumerate(STANDARD, start=1)]
        return connection(known, page)

    def _workflow(self, number: int, key: str) -> Plain:
        project = self.record
        return {
            "__typename": "ProjectV2Workflow", "id": f"PWF_{project.node_id}_{number}", "number": number,
            "name": STANDARD[key], "enabled": key in project.built_in, "project": project,
            "createdAt": project.created_at, "updatedAt": project.created_at,
        }  # fmt: skip


class StatusUpdateView(View[StatusUpdate]):
    types = ("ProjectV2StatusUpdate",)
    plain = read(
        id="node_id", databaseId="id", fullDatabaseId="id", project="project", creator="creator", body="body",
        status="status", startDate="start_date", targetDate="target_date", createdAt="created_at",
        updatedAt="updated_at"
    )  # fmt: skip


class ItemView(View[ProjectItem]):
    types = ("ProjectV2Item",)
    plain = read(
        id="node_id", databaseId="id", fullDatabaseId="id", project="project", creator="creator",
        createdAt="created_at", updatedAt="updated_at"
    )  # fmt: skip

    def type(self) -> str:
        if self._redacted():
            return "REDACTED"
        if isinstance(self.record.content, DraftIssue):
            return "DRAFT_ISSUE"
        return "PULL_REQUEST" if isinstance(self.record.content, PullRequest) else "ISSUE"

    def content(self) -> Issue | DraftIssue | None:
        return None if self._redacted() else self.record.content

    def is_archived(self) -> bool:
        return self.record.archived_at is not None

    def field_value_by_name(self, name: str) -> Any:
        field = projects.find_field(self.record.project, name)
        return value_of(self.hub, self.record, field) if field else None

    def field_values(self, order_by: Any = None, **page: Any) -> Plain:
        return connection([] if self._redacted() else values_of(self.hub, self.record), page)

    def _redacted(self) -> bool:
        return redacted(self.record, self.caller)


class FieldView(View[ProjectField]):
    types = ("ProjectV2Field", "ProjectV2SingleSelectField", "ProjectV2IterationField")
    plain = read(
        id="node_id", databaseId="id", name="name", dataType="data_type", createdAt="created_at",
        updatedAt="created_at"
    )  # fmt: skip

    def project(self) -> Project:
        return next(project for project in self.hub.projects if self.record in project.fields)


class SingleSelectFieldView(View[ProjectField]):
    types = ("ProjectV2SingleSelectField",)

    def options(self, names: Sequence[str] | None = None) -> list[Plain]:
        shown = [each for each in self.record.options if names is None or each.name in names]
        return [
            {"id": each.id, "name": each.name, "nameHTML": each.name, "color": each.color,
             "description": each.description, "descriptionHTML": each.description}
            for each in shown
        ]  # fmt: skip


class IterationFieldView(View[ProjectField]):
    types = ("ProjectV2IterationField",)

    def configuration(self) -> Plain:
        """What is planned; what is over stands among the completed ones."""
        planned = self.record.iterations
        over = [each for each in planned if is_over(each, self.hub.now())]
        first = planned[0] if planned else None
        return {
            "duration": first.duration if first else DEFAULT_DURATION,
            "startDay": first.start_date.isoweekday() if first else MONDAY,
            "iterations": [self._shown(each) for each in planned if each not in over],
            "completedIterations": [self._shown(each) for each in reversed(over)],
        }

    def _shown(self, one: Iteration) -> Plain:
        start = one.start_date.isoformat()
        return {
            "id": one.id, "title": one.title, "titleHTML": one.title, "startDate": start, "duration": one.duration
        }  # fmt: skip


class DraftIssueView(View[DraftIssue]):
    types = ("DraftIssue",)
    plain = read(
        id="node_id", title="title", body="body", bodyText="body", creator="creator", createdAt="created_at",
        updatedAt="updated_at"
    )  # fmt: skip

    def assignees(self, **page: Any) -> Plain:
        return connection(self.record.assignees, page)

    def project_v2_items(self, **page: Any) -> Plain:
        return connection(
            [item for each in self.hub.projects for item in each.items if item.content is self.record], page
        )
