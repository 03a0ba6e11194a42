"""Projects v2, their fields and items as REST and webhook JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localhub.cards import MIRRORED, mirrored, redacted
from localhub.fields import is_over, iteration, option
from localhub.hub import Hub
from localhub.model import (
    Actor,
    DraftIssue,
    FieldOption,
    Issue,
    Iteration,
    Label,
    Project,
    ProjectField,
    ProjectItem,
    PullRequest,
    Repo,
    StatusUpdate,
)
from localhub.permissions import Caller
from localhub.render.base import Json, moment
from localhub.render.issues import issue, label
from localhub.render.people import user
from localhub.render.pulls import pull_lite
from localhub.render.repos import repository_lite


def project(hub: Hub, record: Project) -> Json:
    return {
        "id": record.id,
        "node_id": record.node_id,
        "owner": user(hub, record.owner),
        "creator": user(hub, record.creator),
        "title": record.title,
        "description": None,
        "public": record.public,
        "closed_at": moment(record.updated_at) if record.closed else None,
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "number": record.number,
        "short_description": None,
        "deleted_at": None,
        "deleted_by": None,
    }


def status_update(hub: Hub, record: StatusUpdate) -> Json:
    return {
        "id": record.id,
        "node_id": record.node_id,
        "project_node_id": record.project.node_id,
        "creator": user(hub, record.creator),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "status": record.status,
        "start_date": record.start_date and record.start_date.isoformat(),
        "target_date": record.target_date and record.target_date.isoformat(),
        "body": record.body,
    }


def project_field(hub: Hub, board: Project, record: ProjectField) -> Json:
    shown = {
        "id": record.id,
        "node_id": record.node_id,
        "project_url": project_api(hub, board),
        "name": record.name,
        "data_type": record.data_type.lower(),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.created_at),
    }
    if record.data_type == "SINGLE_SELECT":
        shown["options"] = [_option(each) for each in record.options]
    if record.data_type == "ITERATION":
        shown["configuration"] = {"iterations": [_iteration(hub, each) for each in record.iterations]}
    return shown


def project_item(hub: Hub, record: ProjectItem) -> Json:
    """A card as a webhook carries it: no issue number and no field values, so it is only a hint."""
    return {
        "id": record.id,
        "node_id": record.node_id,
        "project_node_id": record.project.node_id,
        "content_node_id": record.content.node_id,
        "content_type": content_type(record),
        "creator": user(hub, record.creator),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "archived_at": moment(record.archived_at),
    }


def simple_card(hub: Hub, record: ProjectItem) -> Json:
    """A card as REST answers its making."""
    return {
        "id": record.id,
        "node_id": record.node_id,
        "content": _content(hub, record.content),
        "content_type": content_type(record),
        "creator": user(hub, record.creator),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "archived_at": moment(record.archived_at),
        "project_url": project_api(hub, record.project),
        "item_url": f"{project_api(hub, record.project)}/items/{record.id}",
    }


def project_card(hub: Hub, record: ProjectItem, wanted: Sequence[ProjectField], caller: Caller) -> Json:
    """A card with the wanted fields. Who may not read the content sees that there is a card, and nothing more."""
    if redacted(record, caller):
        return {**simple_card(hub, record), "content": None, "fields": []}
    fields = [
        {"id": each.id, "name": each.name, "data_type": each.data_type.lower(), "value": _value(hub, record, each)}
        for each in wanted
    ]
    return {**simple_card(hub, record), "fields": fields}


def content_type(record: ProjectItem) -> str:
    if isinstance(record.content, DraftIssue):
        return "DraftIssue"
    return "PullRequest" if isinstance(record.content, PullRequest) else "Issue"


def project_api(hub: Hub, board: Project) -> str:
    kind = "orgs" if board.owner.kind == "Organization" else "users"
    return f"{hub.base_url}/{kind}/{board.owner.login}/projectsV2/{board.number}"


def _content(hub: Hub, content: Issue | DraftIssue) -> Json:
    if isinstance(content, PullRequest):
        return pull_lite(hub, content)
    if isinstance(content, Issue):
        return issue(hub, content)
    return {
        "id": content.id,
        "node_id": content.node_id,
        "title": content.title,
        "body": content.body,
        "user": user(hub, content.creator),
        "created_at": moment(content.created_at),
        "updated_at": moment(content.updated_at),
    }


def _value(hub: Hub, record: ProjectItem, field: ProjectField) -> Any:
    if field.data_type in MIRRORED:
        return _mirrored(hub, record, mirrored(hub, record.content, field.data_type))
    known = record.values.get(field.name)
    written = known.value if known else None
    chosen, planned = option(field, written), iteration(field, written)
    return _option(chosen) if chosen else _iteration(hub, planned) if planned else _text(written)


def _mirrored(hub: Hub, record: ProjectItem, shown: Any) -> Any:
    match shown:
        case str():
            return _text(shown)
        case Repo():
            return repository_lite(hub, shown)
        case list():
            return [_mirrored(hub, record, each) for each in shown]
        case Label() if isinstance(record.content, Issue):
            return label(hub, record.content.repo, shown)
        case Actor():
            return user(hub, shown)
        case PullRequest():
            return pull_lite(hub, shown)
        case _:
            return None


def _option(record: FieldOption) -> Json:
    about = {"id": record.id, "color": record.color}
    return {**about, "name": _text(record.name), "description": _text(record.description)}


def _iteration(hub: Hub, record: Iteration) -> Json:
    return {
        "id": record.id,
        "title": _text(record.title),
        "start_date": record.start_date.isoformat(),
        "duration": record.duration,
        "completed": is_over(record, hub.now()),
    }


def _text(value: str | float | None) -> Any:
    """Text is shown raw and as HTML, which here is the same."""
    return {"raw": value, "html": value} if isinstance(value, str) else value
