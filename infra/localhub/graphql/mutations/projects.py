"""Writing boards: cards, their fields, their order, the archive."""

from __future__ import annotations

from datetime import date
from typing import Any

from localhub import projects
from localhub.errors import Unprocessable
from localhub.graphql.connections import connection
from localhub.graphql.errors import unknown_node
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain, View
from localhub.model import Actor, DraftIssue, FieldOption, Issue, Iteration, Project, ProjectField, ProjectItem, Repo

KINDS = {"text": str, "number": float, "date": str, "single_select_option_id": str, "iteration_id": str}


class ProjectMutations(MutationView):
    types = ("Mutation",)

    def add_project_v2_item_by_id(self, input: Input) -> Plain:
        project, content = self._project(input), self.context.find(input["content_id"], Issue)
        return {"item": projects.add_item(self.hub, self.caller, project, content)}

    def add_project_v2_draft_issue(self, input: Input) -> Plain:
        assignees = [self.context.find(node_id, Actor) for node_id in input.get("assignee_ids") or ()]
        body = input.get("body") or ""
        item = projects.add_draft(self.hub, self.caller, self._project(input), input["title"], body, assignees)
        return {"projectItem": item}

    def update_project_v2_draft_issue(self, input: Input) -> Plain:
        draft = self.context.find(input["draft_issue_id"], DraftIssue)
        item = next(item for each in self.hub.projects for item in each.items if item.content is draft)
        return {"draftIssue": projects.edit_draft(self.hub, self.caller, item, input.get("title"), input.get("body"))}

    def update_project_v2_item_field_value(self, input: Input) -> Plain:
        item, field = self._item(input), self._field(input)
        return {"projectV2Item": projects.set_value(self.hub, self.caller, item, field, one_value(input["value"]))}

    def clear_project_v2_item_field_value(self, input: Input) -> Plain:
        item, field = self._item(input), self._field(input)
        return {"projectV2Item": projects.clear_value(self.hub, self.caller, item, field)}

    def update_project_v2_item_position(self, input: Input) -> Plain:
        item = self._item(input)
        after = self._item({**input, "item_id": input["after_id"]}) if input.get("after_id") else None
        return {"order": projects.move(self.hub, self.caller, item, after)}

    def archive_project_v2_item(self, input: Input) -> Plain:
        return {"item": projects.archive(self.hub, self.caller, self._item(input))}

    def unarchive_project_v2_item(self, input: Input) -> Plain:
        return {"item": projects.unarchive(self.hub, self.caller, self._item(input))}

    def delete_project_v2_item(self, input: Input) -> Plain:
        item = self._item(input)
        projects.delete_item(self.hub, self.caller, item)
        return {"deletedItemId": item.node_id}

    def convert_project_v2_draft_issue_item_to_issue(self, input: Input) -> Plain:
        item = self.context.find(input["item_id"], ProjectItem)
        repo = self.context.find(input["repository_id"], Repo)
        return {"item": projects.convert_draft(self.hub, self.caller, item, repo)}

    def create_project_v2_status_update(self, input: Input) -> Plain:
        days = [day and date.fromisoformat(day) for day in (input.get("start_date"), input.get("target_date"))]
        made = projects.add_status_update(
            self.hub, self.caller, self._project(input), input.get("status"), input.get("body"), *days
        )
        return {"statusUpdate": made}

    def create_project_v2_field(self, input: Input) -> Plain:
        options = [
            projects.new_option(each["name"], each["color"], each["description"])
            for each in input.get("single_select_options") or ()
        ]
        made = projects.create_field(
            self.hub, self.caller, self._project(input), input["name"], input["data_type"], options, planned(input)
        )
        return {"projectV2Field": made}

    def update_project_v2_field(self, input: Input) -> Plain:
        """Options without the id of an old one are new ones: what pointed at the old is cleared."""
        field = self.context.find(input["field_id"], ProjectField)
        project = next(each for each in self.hub.projects if field in each.fields)
        if input.get("single_select_options") is not None:
            options = [kept_option(field, wanted) for wanted in input["single_select_options"]]
            projects.set_options(self.hub, self.caller, project, field, options)
        if input.get("name") not in (None, field.name):
            projects.rename_field(self.hub, self.caller, project, field, input["name"])
        return {"projectV2Field": field}

    def _project(self, input: Input) -> Project:
        return self.context.find(input["project_id"], Project)

    def _item(self, input: Input) -> ProjectItem:
        item = self.context.find(input["item_id"], ProjectItem)
        if item.project is not self._project(input):
            raise unknown_node(input["item_id"])
        return item

    def _field(self, input: Input) -> ProjectField:
        field = self.context.find(input["field_id"], ProjectField)
        if field not in self._project(input).fields:
            raise unknown_node(input["field_id"])
        return field


class MovedView(View[Plain]):
    types = ("UpdateProjectV2ItemPositionPayload",)

    def items(self, **page: Any) -> Plain:
        return connection(self.record["order"], page)


def kept_option(field: ProjectField, wanted: Input) -> FieldOption:
    """An option keeps its id when the caller sends it along."""
    made = projects.new_option(wanted["name"], wanted["color"], wanted["description"])
    known = projects.option(field, wanted.get("id"))
    if known is not None:
        made.id = known.id
    return made


def planned(input: Input) -> list[Iteration]:
    plan = input.get("iteration_configuration") or {}
    return [
        projects.new_iteration(each["title"], date.fromisoformat(each["start_date"]), each["duration"])
        for each in plan.get("iterations") or ()
    ]


def one_value(value: Input) -> Any:
    given = [KINDS[name](content) for name, content in value.items() if content is not None]
    if len(given) != 1:
        raise Unprocessable("A project field value must have exactly one value.")
    return given[0]
