"""The JSON body of every webhook event, built from what a verb emitted.

Records are rendered as REST renders them; this file adds the envelope (action, repository, organization, sender) and
the few shapes that only webhooks have; commitpayloads.py has those that show commits, apppayloads.py those that only
Apps are sent. The same bodies are `github.event` in Actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localhub import apppayloads, render
from localhub.commitpayloads import push
from localhub.hub import Event, Hub
from localhub.model import App, CheckSuite, Issue, Repo

Json = dict[str, Any]


def build(hub: Hub, event: Event, app: App | None = None) -> Json:
    """The body of one event; `app` is the App whose webhook it goes to."""
    body: Json = {"action": event.action} if event.action is not None else {}
    body |= BODIES[event.name](hub, event, event.objects)
    if "changes" in event.objects and event.objects["changes"] is not None:
        body["changes"] = _plain(event.objects["changes"])
    if event.repo is not None:
        body["repository"] = {**render.repository(hub, event.repo), **body.pop("repository", {})}
    if event.org is not None:
        body["organization"] = render.organization(hub, event.org)
    body["sender"] = render.user(hub, event.actor)
    if app is not None and "installation" not in body:
        body["installation"] = render.installation_lite(hub, app)
    return body


def _issues(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {"issue": _issue(hub, objects["issue"]), **_about_people_and_labels(hub, event, objects)}


def _about_people_and_labels(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    """What (un)labeled, (un)assigned and review_request* say beside the subject."""
    more: Json = {}
    if (label := objects.get("label")) is not None and event.repo is not None:
        more["label"] = render.label(hub, event.repo, label)
    for key in ("assignee", "requested_reviewer"):
        if objects.get(key) is not None:
            more[key] = render.user(hub, objects[key])
    return more


def _issue(hub: Hub, record: Issue) -> Json:
    """Webhooks do not say who closed it: the sender of `closed` did."""
    return _without(render.issue(hub, record), "closed_by")


def _issue_comment(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {"issue": _issue(hub, objects["issue"]), "comment": render.comment(hub, objects["comment"])}


def _pull_request(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    pull = objects["pull"]
    moved = {key: objects[key] for key in ("before", "after") if objects.get(key) is not None}
    reason = {"reason": objects["reason"]} if "reason" in objects else {}
    body = {"number": pull.number, "pull_request": render.pull(hub, pull), **moved, **reason}
    return body | _about_people_and_labels(hub, event, objects)


def _review(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    review = render.review(hub, objects["review"])
    review["state"] = review["state"].lower()  # REST shouts, webhooks do not
    return {"review": review, "pull_request": render.pull_lite(hub, objects["pull"])}


def _review_comment(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    comment = render.review_comment(hub, objects["comment"])
    return {"comment": comment, "pull_request": render.pull_lite(hub, objects["pull"])}


def _review_thread(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {
        "thread": render.thread(hub, objects["thread"]),
        "pull_request": render.pull_lite(hub, objects["pull"]),
    }


def _check_run(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    run = objects["check_run"]
    return {"check_run": {**render.check_run(hub, run), "check_suite": _simple_suite(hub, run.suite)}}


def _simple_suite(hub: Hub, suite: CheckSuite) -> Json:
    """The suite as its runs show it."""
    counted = ("check_runs_url", "latest_check_runs_count", "rerequestable", "runs_rerequestable", "head_commit")
    return _without(render.check_suite(hub, suite), *counted)


def _check_suite(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    suite = objects["check_suite"]
    shown = {**render.check_suite(hub, suite), "head_commit": suite.head_commit or None}
    return {"check_suite": _without(shown, "repository")}


def _workflow_run(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    record = objects["workflow_run"]
    run = {**render.workflow_run(hub, record), "head_commit": record.suite.head_commit if record.suite else None}
    return {"workflow_run": run, "workflow": render.workflow(hub, objects["workflow"])}


def _workflow_job(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {"workflow_job": render.workflow_job(hub, objects["check_run"])}


def _status(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    status, repo = objects["status"], _repo(event)
    rendered = render.status(hub, status, repo)
    kept = ("id", "state", "description", "target_url", "context", "created_at", "updated_at")
    return {**{key: rendered[key] for key in kept}, "sha": status.sha, "name": repo.full_name, "branches": []}


def _project(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {"projects_v2": render.project(hub, objects["project"])}


def _status_update(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {"projects_v2_status_update": render.status_update(hub, objects["status_update"])}


def _project_item(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    return {"projects_v2_item": render.project_item(hub, objects["item"])}


def _dependencies(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    blocked, blocking = objects["blocked_issue"], objects["blocking_issue"]
    other = blocking if (event.action or "").startswith("blocked_by") else blocked
    return {
        "blocked_issue_id": blocked.id,
        "blocked_issue": _issue(hub, blocked),
        "blocking_issue_id": blocking.id,
        "blocking_issue": _issue(hub, blocking),
        f"{'blocking' if other is blocking else 'blocked'}_issue_repo": render.repository(hub, other.repo),
    }


def _family(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    parent, child = objects["parent_issue"], objects["sub_issue"]
    other = child if (event.action or "").startswith("sub_issue") else parent
    return {
        "parent_issue_id": parent.id,
        "parent_issue": _issue(hub, parent),
        "sub_issue_id": child.id,
        "sub_issue": _issue(hub, child),
        f"{'sub' if other is child else 'parent'}_issue_repo": render.repository(hub, other.repo),
    }


def _ref(hub: Hub, event: Event, objects: Mapping[str, Any]) -> Json:
    """create and delete, which name a branch or tag without refs/heads/."""
    kind = "tag" if objects["ref"].startswith("refs/tags/") else "branch"
    body: Json = {"ref": objects["ref"].split("/", 2)[-1], "ref_type": kind, "pusher_type": "user"}
    if event.name == "create":
        body |= {"master_branch": _repo(event).default_branch, "description": _repo(event).description}
    return body


def _without(rendered: Json, *keys: str) -> Json:
    return {key: value for key, value in rendered.items() if key not in keys}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return render.moment(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _repo(event: Event) -> Repo:
    assert event.repo is not None, f"{event.name} happens in a repository"
    return event.repo


BODIES: dict[str, Callable[[Hub, Event, Mapping[str, Any]], Json]] = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "pull_request_review_thread": _review_thread,
    "push": lambda hub, event, objects: push(hub, _repo(event), objects),
    "create": _ref,
    "delete": _ref,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "workflow_run": _workflow_run,
    "workflow_job": _workflow_job,
    "status": _status,
    "projects_v2": _project,
    "projects_v2_item": _project_item,
    "projects_v2_status_update": _status_update,
    "issue_dependencies": _dependencies,
    "sub_issues": _family,
    "installation": lambda hub, event, objects: apppayloads.installation(hub, objects),
    "installation_repositories": lambda hub, event, objects: apppayloads.installation_repositories(hub, objects),
    "merge_group": lambda hub, event, objects: apppayloads.merge_group(objects),
    "workflow_dispatch": lambda hub, event, objects: apppayloads.workflow_dispatch(objects),
    "repository_dispatch": lambda hub, event, objects: apppayloads.repository_dispatch(_repo(event), objects),
}
