"""Writing boards: cards, their fields, their order, the archive."""

from __future__ import annotations

from typing import Any

from localhub import projects
from localhub.errors import Unprocessable
from localhub.graphql.connections import connection
from localhub.graphql.errors import Refusal, unknown_node
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain, View
from localhub.model import Actor, DraftIssue, FieldOption, Issue, Project, ProjectField, ProjectItem, Repo
from localhub.permissions import require_project

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

    def create_project_v2_field(self, input: Input) -> Plain:
        project = self._project(input)
        require_project(self.caller, project, "write")
        if input["data_type"] == "ITERATION":
            raise Refusal("NOT_SIMULATED", "Making an iteration field is not simulated by localhub")
        field = projects.add_field(self.hub, project, input["name"], input["data_type"])
        given = input.get("single_select_options") or ()
        field.options = [projects.new_option(each["name"], each["color"], each["description"]) for each in given]
        self.hub.record(self.caller.actor, "project field", f"{project.title} {field.name}")
        return {"projectV2Field": field}

    def update_project_v2_field(self, input: Input) -> Plain:
        """Options without the id of an old one are new ones: what pointed at the old is cleared."""
        field = self.context.find(input["field_id"], ProjectField)
        project = next(each for each in self.hub.projects if field in each.fields)
        if input.get("single_select_options") is not None:
            options = [kept_option(field, wanted) for wanted in input["single_select_options"]]
            projects.set_options(self.hub, self.caller, project, field, options)
        if input.get("name") not in (None, field.name):
            raise Refusal("NOT_SIMULATED", "Renaming a project's field is not simulated by localhub")
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


def one_value(value: Input) -> Any:
    given = [KINDS[name](content) for name, content in value.items() if content is not None]
    if len(given) != 1:
        raise Unprocessable("A project field value must have exactly one value.")
    return given[0]
