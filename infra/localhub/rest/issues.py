"""Issues, their labels and assignees, and their timeline."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from localhub import issues, render
from localhub.errors import Unprocessable
from localhub.hub import Hub
from localhub.model import Issue
from localhub.permissions import Caller
from localhub.render.base import Json
from localhub.rest import bodies
from localhub.rest.given import Body, Calling, Here, ThisIssue, World, answer, new_router, nothing, page

router = new_router()
ISSUE = "/repos/{owner}/{name}/issues/{number}"
REASONS = ("completed", "not_planned", "duplicate", "reopened")


@router.get("/repos/{owner}/{name}/issues")
async def list_issues(request: Request, hub: World, repo: Here) -> Response:
    """Newest first, pull requests among them; by default the open ones."""
    asked = request.query_params
    found = [issue for issue in repo.issues.values() if _matches(issue, dict(asked))]
    key = (lambda issue: issue.updated_at) if asked.get("sort") == "updated" else (lambda issue: issue.number)
    found.sort(key=key, reverse=asked.get("direction", "desc") == "desc")
    shown, links = page(request, found)
    return answer([render.issue(hub, each) for each in shown], headers=links)


@router.post("/repos/{owner}/{name}/issues")
async def create(hub: World, caller: Calling, repo: Here, body: Body) -> Response:
    made = issues.create(
        hub, caller, repo, str(body.get("title") or ""), body.get("body") or "",
        labels=_names(body.get("labels")), assignees=_assignees(body) or [],
    )  # fmt: skip
    return answer(render.issue(hub, made), 201)


@router.get(ISSUE)
async def get(hub: World, issue: ThisIssue) -> Response:
    return answer(render.issue(hub, issue))


@router.patch(ISSUE)
async def edit(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    check_state(body)
    issues.edit(hub, caller, issue, title=body.get("title"), body=body.get("body"))
    if "labels" in body:
        issues.set_labels(hub, caller, issue, _names(body["labels"]))
    people = _assignees(body)
    if people is not None:
        issues.set_assignees(hub, caller, issue, people)
    change_state(hub, caller, issue, body)
    return answer(render.issue(hub, issue))


@router.get(ISSUE + "/labels")
async def labels(request: Request, hub: World, issue: ThisIssue) -> Response:
    shown, links = page(request, issue.labels)
    return answer([render.label(hub, issue.repo, each) for each in shown], headers=links)


@router.post(ISSUE + "/labels")
async def add_labels(request: Request, hub: World, caller: Calling, issue: ThisIssue) -> Response:
    issues.label(hub, caller, issue, await _label_names(request))
    return answer([render.label(hub, issue.repo, each) for each in issue.labels])


@router.put(ISSUE + "/labels")
async def set_labels(request: Request, hub: World, caller: Calling, issue: ThisIssue) -> Response:
    issues.set_labels(hub, caller, issue, await _label_names(request))
    return answer([render.label(hub, issue.repo, each) for each in issue.labels])


@router.delete(ISSUE + "/labels/{label}")
async def remove_label(hub: World, caller: Calling, issue: ThisIssue, label: str) -> Response:
    issues.unlabel(hub, caller, issue, label)
    return answer([render.label(hub, issue.repo, each) for each in issue.labels])


@router.delete(ISSUE + "/labels")
async def remove_labels(hub: World, caller: Calling, issue: ThisIssue) -> Response:
    issues.set_labels(hub, caller, issue, [])
    return nothing()


@router.post(ISSUE + "/assignees")
async def assign(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    issues.assign(hub, caller, issue, _assignees(body) or [])
    return answer(render.issue(hub, issue), 201)


@router.delete(ISSUE + "/assignees")
async def unassign(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    issues.unassign(hub, caller, issue, _assignees(body) or [])
    return answer(render.issue(hub, issue))


@router.get(ISSUE + "/timeline")
@router.get(ISSUE + "/events")
async def timeline(request: Request, hub: World, issue: ThisIssue) -> Response:
    """What happened; the timeline has the comments in between, the events have not."""
    entries = [(each.created_at, render.timeline_event(hub, issue, each)) for each in issue.timeline]
    if request.url.path.endswith("/timeline"):
        said = [(each.created_at, render.timeline_comment(hub, each)) for each in issue.comments]
        entries = sorted(entries + said, key=lambda entry: entry[0])
    shown, links = page(request, [entry for _, entry in entries])
    return answer(list(shown), headers=links)


@router.put(ISSUE + "/lock")
async def lock(hub: World, caller: Calling, issue: ThisIssue) -> Response:
    issues.lock(hub, caller, issue)
    return nothing()


@router.delete(ISSUE + "/lock")
async def unlock(hub: World, caller: Calling, issue: ThisIssue) -> Response:
    issues.lock(hub, caller, issue, locked=False)
    return nothing()


def check_state(body: Json) -> None:
    """Before anything of a PATCH is carried out."""
    for name, known in (("state", ("open", "closed")), ("state_reason", REASONS)):
        if body.get(name) not in (None, *known):
            raise Unprocessable(errors=[{"resource": "Issue", "field": name, "code": "invalid"}])


def change_state(hub: Hub, caller: Caller, issue: Issue, body: Json) -> None:
    """Carry out the `state` of a PATCH."""
    if body.get("state") == "closed":
        issues.close(hub, caller, issue, body.get("state_reason") or "completed")
    elif body.get("state") == "open":
        issues.reopen(hub, caller, issue)


def _matches(issue: Issue, asked: dict[str, str]) -> bool:
    wanted_labels = {name.lower() for name in asked.get("labels", "").split(",") if name}
    people = {actor.login.lower() for actor in issue.assignees}
    assignee = asked.get("assignee", "").lower()
    assigned = {"": True, "*": bool(people), "none": not people}.get(assignee, assignee in people)
    return (
        asked.get("state", "open") in ("all", issue.state)
        and wanted_labels <= {each.name.lower() for each in issue.labels}
        and asked.get("creator", issue.author.login).lower() == issue.author.login.lower()
        and assigned
        and ("since" not in asked or issue.updated_at >= _since(asked["since"]))
    )


def _since(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Unprocessable(f"{text} is no moment") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _names(labels: list[str | Json] | None) -> list[str]:
    """Labels come as names or as objects."""
    return [label if isinstance(label, str) else str(label.get("name", "")) for label in labels or []]


async def _label_names(request: Request) -> list[str]:
    return _names((await bodies.labels(request)).get("labels"))


def _assignees(body: Json) -> list[str] | None:
    if "assignees" in body:
        people: list[str] = body["assignees"] or []
        return people
    if "assignee" in body:
        return [body["assignee"]] if body["assignee"] else []
    return None
