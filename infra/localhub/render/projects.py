"""Projects v2 and their items as REST and webhook JSON."""

from __future__ import annotations

from localhub.hub import Hub
from localhub.model import DraftIssue, Project, ProjectItem, PullRequest
from localhub.render.base import Json, moment
from localhub.render.people import user


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


def content_type(record: ProjectItem) -> str:
    if isinstance(record.content, DraftIssue):
        return "DraftIssue"
    return "PullRequest" if isinstance(record.content, PullRequest) else "Issue"
