"""How issues hang together over REST: dependencies and sub-issues, which name the other issue by database id."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from localhub import issues, render
from localhub.hub import Hub
from localhub.links import blocking
from localhub.model import Issue
from localhub.permissions import Caller, require
from localhub.rest.given import Body, Calling, ThisIssue, World, answer, by_id, first, new_router, page

router = new_router()
ISSUE = "/repos/{owner}/{name}/issues/{number}"


@router.get(ISSUE + "/dependencies/blocked_by")
async def blocked_by(request: Request, hub: World, issue: ThisIssue) -> Response:
    return _listed(request, hub, issue.blocked_by)


@router.get(ISSUE + "/dependencies/blocking")
async def blocks(request: Request, hub: World, issue: ThisIssue) -> Response:
    return _listed(request, hub, blocking(hub, issue))


@router.post(ISSUE + "/dependencies/blocked_by")
async def block(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    issues.block(hub, caller, issue, _other(hub, caller, body.get("issue_id")))
    return answer(render.issue(hub, issue), 201)


@router.delete(ISSUE + "/dependencies/blocked_by/{issue_id}")
async def unblock(hub: World, caller: Calling, issue: ThisIssue, issue_id: int) -> Response:
    issues.unblock(hub, caller, issue, _other(hub, caller, issue_id))
    return answer(render.issue(hub, issue))


@router.get(ISSUE + "/parent")
async def parent(hub: World, issue: ThisIssue) -> Response:
    return answer(render.issue(hub, first(each for each in [issue.parent] if each)))


@router.get(ISSUE + "/sub_issues")
async def sub_issues(request: Request, hub: World, issue: ThisIssue) -> Response:
    return _listed(request, hub, issue.sub_issues)


@router.post(ISSUE + "/sub_issues")
async def add_sub_issue(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    child = _other(hub, caller, body.get("sub_issue_id"))
    issues.add_sub_issue(hub, caller, issue, child, bool(body.get("replace_parent")))
    return answer(render.issue(hub, child), 201)


@router.delete(ISSUE + "/sub_issue")
async def remove_sub_issue(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    issues.remove_sub_issue(hub, caller, issue, _other(hub, caller, body.get("sub_issue_id")))
    return answer(render.issue(hub, issue))


def _other(hub: Hub, caller: Caller, database_id: object) -> Issue:
    found = by_id(hub, Issue, database_id)
    require(caller, found.repo, "read")
    return found


def _listed(request: Request, hub: Hub, found: Sequence[Issue]) -> Response:
    shown, links = page(request, found)
    return answer([render.issue(hub, each) for each in shown], headers=links)
