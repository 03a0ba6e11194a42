"""Projects over REST: boards, their fields and items. Ids are database ids, and a change may set several fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from localhub import issues, people, projects, render
from localhub.boardfilter import Reader, matching
from localhub.errors import HubError, NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, FieldOption, Issue, Iteration, Project, ProjectField, ProjectItem, PullRequest
from localhub.permissions import Caller, readable_repo, require_project
from localhub.rest.given import Body, Calling, World, answer, by_id, first, new_router, nothing, page, page_by_cursor

router = new_router()
OWNERS = ("/orgs/{login}/projectsV2", "/users/{login}/projectsV2")
BY_USER_ID = "/user/{user_id}/projectsV2/{number}/drafts"


async def board_numbered(request: Request, hub: World, caller: Calling, number: int) -> Project:
    owner = _owner(hub, request)
    board: Project = first(each for each in hub.projects if each.owner is owner and each.number == number)
    require_project(caller, board, "read")
    return board


ThisBoard = Annotated[Project, Depends(board_numbered)]


async def field_with_id(board: ThisBoard, field_id: int) -> ProjectField:
    return _field(board, field_id)


async def item_with_id(board: ThisBoard, item_id: int) -> ProjectItem:
    found: ProjectItem = first(each for each in board.items if each.id == item_id)
    return found


ThisField = Annotated[ProjectField, Depends(field_with_id)]
ThisItem = Annotated[ProjectItem, Depends(item_with_id)]


async def boards(request: Request, hub: World, caller: Calling) -> Response:
    owner, wanted = _owner(hub, request), request.query_params.get("q", "").lower()
    theirs = [each for each in hub.projects if each.owner is owner and wanted in each.title.lower()]
    shown, links = page(request, [each for each in theirs if _readable(caller, each)])
    return answer([render.project(hub, each) for each in shown], headers=links)


async def board(hub: World, board: ThisBoard) -> Response:
    return answer(render.project(hub, board))


async def fields(request: Request, hub: World, board: ThisBoard) -> Response:
    shown, links = page_by_cursor(request, board.fields)
    return answer([render.project_field(hub, board, each) for each in shown], headers=links)


async def field(hub: World, board: ThisBoard, field: ThisField) -> Response:
    return answer(render.project_field(hub, board, field))


async def create_field(hub: World, caller: Calling, board: ThisBoard, body: Body) -> Response:
    name, kind = str(body.get("name") or ""), str(body.get("data_type") or "").upper()
    plan = body.get("iteration_configuration") or {}
    options = [_option(each) for each in body.get("single_select_options") or ()]
    iterations = [_iteration(each, plan) for each in plan.get("iterations") or ()]
    made = projects.create_field(hub, caller, board, name, kind, options, iterations)
    return answer(render.project_field(hub, board, made), 201)


async def items(request: Request, hub: World, caller: Calling, board: ThisBoard) -> Response:
    """In board order, without the archive; `q` is the board's filter."""
    kept = [each for each in board.items if each.archived_at is None]
    found = matching(kept, request.query_params.get("q", ""), Reader(hub, caller))
    shown, links = page_by_cursor(request, found)
    wanted = _wanted(request, board)
    return answer([render.project_card(hub, each, wanted, caller) for each in shown], headers=links)


async def item(request: Request, hub: World, caller: Calling, board: ThisBoard, item: ThisItem) -> Response:
    return answer(render.project_card(hub, item, _wanted(request, board), caller))


async def add_item(hub: World, caller: Calling, board: ThisBoard, body: Body) -> Response:
    """An issue or pull request, by its database id or by where it is; what is there already stays the same item."""
    kind = PullRequest if body.get("type") == "PullRequest" else Issue
    if body.get("id"):
        content = by_id(hub, kind, body["id"])
    else:
        repo = readable_repo(hub, caller, f"{body.get('owner')}/{body.get('repo')}")
        content = issues.find(repo, body.get("number") or 0)
    return answer(render.simple_card(hub, projects.add_item(hub, caller, board, content)), 201)


async def add_draft(hub: World, caller: Calling, board: ThisBoard, body: Body) -> Response:
    made = projects.add_draft(hub, caller, board, str(body.get("title") or ""), body.get("body") or "")
    return answer(render.simple_card(hub, made), 201)


async def change_item(
    request: Request, hub: World, caller: Calling, board: ThisBoard, item: ThisItem, body: Body
) -> Response:
    """Several fields in one call; null clears."""
    wishes = [(_field(board, each["id"]), each.get("value")) for each in body.get("fields") or ()]
    for changed, value in wishes:
        if value is None:
            projects.clear_value(hub, caller, item, changed)
        else:
            projects.set_value(hub, caller, item, changed, value)
    return answer(render.project_card(hub, item, [changed for changed, _ in wishes], caller))


async def delete_item(hub: World, caller: Calling, item: ThisItem) -> Response:
    projects.delete_item(hub, caller, item)
    return nothing()


for base in OWNERS:
    router.get(base)(boards)
    router.get(base + "/{number}")(board)
    router.get(base + "/{number}/fields")(fields)
    router.post(base + "/{number}/fields")(create_field)
    router.get(base + "/{number}/fields/{field_id}")(field)
    router.get(base + "/{number}/items")(items)
    router.post(base + "/{number}/items")(add_item)
    router.get(base + "/{number}/items/{item_id}")(item)
    router.patch(base + "/{number}/items/{item_id}")(change_item)
    router.delete(base + "/{number}/items/{item_id}")(delete_item)
for drafts in (OWNERS[0] + "/{number}/drafts", BY_USER_ID):
    router.post(drafts)(add_draft)


def _owner(hub: Hub, request: Request) -> Actor:
    """An organization below /orgs, a person below /users; drafts name the person by id."""
    path = request.path_params
    kind = "Organization" if request.url.path.startswith("/orgs/") else "User"
    owner = by_id(hub, Actor, int(path["user_id"])) if "user_id" in path else people.find(hub, path["login"])
    if owner.kind != kind:
        raise NotFound()
    return owner


def _readable(caller: Caller, board: Project) -> bool:
    try:
        require_project(caller, board, "read")
    except HubError:
        return False
    return True


def _field(board: Project, field_id: object) -> ProjectField:
    found: ProjectField = first(each for each in board.fields if each.id == field_id)
    return found


def _wanted(request: Request, board: Project) -> Sequence[ProjectField]:
    """The fields that were asked for; without any, the title alone."""
    named = [*request.query_params.getlist("fields"), *request.query_params.getlist("fields[]")]
    ids = {part for each in named for part in each.split(",") if part}
    return [each for each in board.fields if (str(each.id) in ids if ids else each.data_type == "TITLE")]


def _option(given: dict[str, Any]) -> FieldOption:
    if not given.get("name"):
        raise Unprocessable(errors=[{"resource": "ProjectV2Field", "field": "name", "code": "missing_field"}])
    return projects.new_option(given["name"], given.get("color") or "GRAY", given.get("description") or "")


def _iteration(given: dict[str, Any], plan: dict[str, Any]) -> Iteration:
    start, length = given.get("start_date") or plan.get("start_date"), given.get("duration") or plan.get("duration")
    try:
        return projects.new_iteration(str(given.get("title") or ""), date.fromisoformat(str(start)), int(length or 14))
    except (TypeError, ValueError):
        raise Unprocessable(f"Invalid request.\n\n{start} and {length} are no start date and duration.") from None
