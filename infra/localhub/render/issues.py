"""Issues, their comments, labels, reactions and timelines as REST JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localhub.association import association
from localhub.hub import Hub
from localhub.links import blocking
from localhub.model import Actor, App, Comment, Issue, Label, PullRequest, Reaction, Repo, TimelineEvent
from localhub.render.base import Json, moment, repo_api, repo_page
from localhub.render.people import app as render_app
from localhub.render.people import user
from localhub.render.repos import repository_lite

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
EVENT_NAMES = {
    "blocked_by_added": "blocked_by_added", "blocked_by_removed": "blocked_by_removed",
    "added_to_project": "added_to_project_v2", "removed_from_project": "removed_from_project_v2",
    "converted_from_draft": "converted_from_draft", "status_changed": "project_v2_item_status_changed",
}  # fmt: skip


DOERS = {"assigned": "assigner", "unassigned": "assigner", "review_requested": "review_requester"}


def issue(hub: Hub, record: Issue) -> Json:
    """An issue; a pull request seen as one carries `pull_request`."""
    api, page = repo_api(hub, record.repo), repo_page(hub, record.repo)
    url = f"{api}/issues/{record.number}"
    is_pull = isinstance(record, PullRequest)
    return {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{page}/{'pull' if is_pull else 'issues'}/{record.number}",
        "id": record.id,
        "node_id": record.node_id,
        "number": record.number,
        "title": record.title,
        "user": user(hub, record.author),
        "labels": [label(hub, record.repo, each) for each in record.labels],
        "state": record.state,
        "locked": record.locked,
        "assignee": user(hub, record.assignees[0]) if record.assignees else None,
        "assignees": [user(hub, each) for each in record.assignees],
        "milestone": None,
        "comments": len(record.comments),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "closed_at": moment(record.closed_at),
        "author_association": association(record.repo, record.author),
        "type": None,
        "active_lock_reason": None,
        **({} if is_pull else _relations(hub, record)),
        "body": record.body or None,
        "closed_by": user(hub, record.closed_by) if record.closed_by else None,
        "reactions": reactions(url, record.reactions),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": via(hub, _app_of(hub, record.author)),
        "state_reason": record.state_reason,
        **(_pull_links(hub, record) if isinstance(record, PullRequest) else {}),
    }


def comment(hub: Hub, record: Comment) -> Json:
    parent = record.issue
    api, page = repo_api(hub, parent.repo), repo_page(hub, parent.repo)
    url = f"{api}/issues/comments/{record.id}"
    kind = "pull" if isinstance(parent, PullRequest) else "issues"
    return {
        "url": url,
        "html_url": f"{page}/{kind}/{parent.number}#issuecomment-{record.id}",
        "issue_url": f"{api}/issues/{parent.number}",
        "id": record.id,
        "node_id": record.node_id,
        "user": user(hub, record.author),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "author_association": association(parent.repo, record.author),
        "body": record.body,
        "reactions": reactions(url, record.reactions),
        "performed_via_github_app": via(hub, record.via_app),
    }


def label(hub: Hub, repo: Repo, record: Label) -> Json:
    return {
        "id": record.id,
        "node_id": record.node_id,
        "url": f"{repo_api(hub, repo)}/labels/{record.name}",
        "name": record.name,
        "color": record.color,
        "default": False,
        "description": record.description,
        "archived_at": None,
        "archived_by": None,
    }


def reaction(hub: Hub, record: Reaction) -> Json:
    return {
        "id": record.id,
        "node_id": record.node_id,
        "user": user(hub, record.user),
        "content": record.content,
        "created_at": moment(record.created_at),
    }


def reactions(url: str, given: list[Reaction]) -> Json:
    counts = Counter(each.content for each in given)
    return {"url": f"{url}/reactions", "total_count": len(given), **{name: counts[name] for name in REACTIONS}}


def timeline_event(hub: Hub, parent: Issue, record: TimelineEvent) -> Json:
    """One entry of the timeline: who, when, what, and the records the kind needs."""
    return {
        "id": record.id,
        "node_id": record.node_id,
        "url": f"{repo_api(hub, parent.repo)}/issues/events/{record.id}",
        "actor": user(hub, record.actor) if record.actor else None,
        "event": EVENT_NAMES.get(record.kind, record.kind),
        "commit_id": record.data.get("commit"),
        "commit_url": None,
        "created_at": moment(record.created_at),
        "performed_via_github_app": None,
        **_details(hub, parent, record),
    }


def timeline_comment(hub: Hub, record: Comment) -> Json:
    """A comment between the events."""
    return {**comment(hub, record), "event": "commented", "actor": user(hub, record.author)}


def via(hub: Hub, app: App | None) -> Json | None:
    return render_app(hub, app) if app else None


def _details(hub: Hub, parent: Issue, record: TimelineEvent) -> Json:
    """What the kind says beside who and when; who did it is said once more where GitHub does."""
    shown = {key: _detail(hub, parent, value) for key, value in record.data.items() if key != "commit"}
    if record.kind in ("blocked_by_added", "blocked_by_removed"):
        shown["blocked_by"] = shown.pop("issue")
    if record.kind == "renamed":
        shown = {"rename": shown}
    doer = DOERS.get(record.kind)
    return shown | ({doer: user(hub, record.actor)} if doer and record.actor else {})


def _detail(hub: Hub, parent: Issue, value: Any) -> Any:
    match value:
        case Label():
            return {"name": value.name, "color": value.color}
        case Actor():
            return user(hub, value)
        case Issue():
            return _reference(hub, value)
        case str() | bool() | None:
            return value
        case _:
            return {"id": value.id, "node_id": value.node_id}


def _reference(hub: Hub, record: Issue) -> Json:
    shown = {"number": record.number, "title": record.title, "state": record.state, "state_reason": record.state_reason}
    return {**shown, "issue_type": None, "repository": repository_lite(hub, record.repo)}


def _relations(hub: Hub, record: Issue) -> Json:
    done = sum(each.state == "closed" for each in record.sub_issues)
    total = len(record.sub_issues)
    blocks = blocking(hub, record)
    return {
        "sub_issues_summary": {
            "total": total,
            "completed": done,
            "percent_completed": done * 100 // total if total else 0,
        },
        "issue_dependencies_summary": {
            "blocked_by": sum(each.state == "open" for each in record.blocked_by),
            "total_blocked_by": len(record.blocked_by),
            "blocking": sum(each.state == "open" for each in blocks),
            "total_blocking": len(blocks),
        },
    }


def _pull_links(hub: Hub, record: PullRequest) -> Json:
    page = f"{repo_page(hub, record.repo)}/pull/{record.number}"
    links = {
        "url": f"{repo_api(hub, record.repo)}/pulls/{record.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "merged_at": moment(record.merged_at),
    }
    return {"draft": record.draft, "pull_request": links}


def _app_of(hub: Hub, author: Actor) -> App | None:
    return hub.app_of(author) if author.kind == "Bot" else None
