"""What a handler asks for: the hub, the caller, the body, the records its path names, and a page of a list."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from localhub import issues, pulls
from localhub.errors import NotFound
from localhub.hub import Hub
from localhub.model import Actor, Comment, Issue, PullRequest, Repo
from localhub.permissions import Caller, readable_repo
from localhub.rest import bodies
from localhub.rest.reading import require_read
from localhub.rest.route import READS, GitHubRoute

T = TypeVar("T")
Json = dict[str, Any]
MOST_PER_PAGE = 100
NO_CONTENT = 204


def new_router() -> APIRouter:
    return APIRouter(route_class=GitHubRoute)


async def world(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


async def calling(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


World = Annotated[Hub, Depends(world)]
Calling = Annotated[Caller, Depends(calling)]
Body = Annotated[Json, Depends(bodies.body)]


async def repo_named(request: Request, hub: World, caller: Calling, owner: str, name: str) -> Repo:
    repo = readable_repo(hub, caller, f"{owner}/{name}")
    if request.method in READS:
        require_read(caller.token, repo, request.url.path)
    return repo


Here = Annotated[Repo, Depends(repo_named)]


async def issue_numbered(repo: Here, number: int) -> Issue:
    return issues.find(repo, number)


async def pull_numbered(repo: Here, number: int) -> PullRequest:
    return pulls.find(repo, number)


async def comment_with_id(repo: Here, comment_id: int) -> Comment:
    every = (comment for issue in repo.issues.values() for comment in issue.comments)
    return first(comment for comment in every if comment.id == comment_id)


ThisIssue = Annotated[Issue, Depends(issue_numbered)]
ThisPull = Annotated[PullRequest, Depends(pull_numbered)]
ThisComment = Annotated[Comment, Depends(comment_with_id)]


def first(found: Iterable[T]) -> T:
    """The one that was looked for, or 404."""
    one = next(iter(found), None)
    if one is None:
        raise NotFound()
    return one


def by_id(hub: Hub, kind: type[T], database_id: object) -> T:
    """The record of that kind with that database id, or 404."""
    same_kind = (each for each in hub.nodes.values() if isinstance(each, kind))
    return first(each for each in same_kind if getattr(each, "id", None) == database_id)


def answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(content, status, headers)


def nothing(status: int = NO_CONTENT) -> Response:
    return Response(status_code=status)


def page(request: Request, records: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The asked-for page of a list, and the `Link` header that leads to the others."""
    size = max(1, min(_number(request, "per_page", 30), MOST_PER_PAGE))
    number = max(1, _number(request, "page", 1))
    last = max(1, -(-len(records) // size))
    wanted = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    if number >= last:
        wanted.pop("next"), wanted.pop("last")
    if number == 1:
        wanted.pop("prev"), wanted.pop("first")
    links = [f'<{_link(request, target)}>; rel="{name}"' for name, target in wanted.items()]
    return records[(number - 1) * size : number * size], {"link": ", ".join(links)} if links else {}


def page_by_cursor(request: Request, records: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """As `page`, where a list is turned by `after` and `before`, which clients find in the `Link` header alone."""
    size = max(1, min(_number(request, "per_page", 30), MOST_PER_PAGE))
    places = {_cursor(record): place for place, record in enumerate(records)}
    start, end = 0, len(records)
    if (after := request.query_params.get("after")) is not None:
        start = places.get(after, -1) + 1
    if (before := request.query_params.get("before")) is not None:
        end = places.get(before, end)
        start = max(start, end - size)
    end = min(end, start + size)
    shown = records[start:end]
    wanted = {"prev": {"before": shown[0]}} if start > 0 and shown else {}
    wanted |= {"next": {"after": shown[-1]}} if end < len(records) and shown else {}
    links = [f'<{_turned(request, name, record)}>; rel="{rel}"'
             for rel, turn in wanted.items() for name, record in turn.items()]  # fmt: skip
    return shown, {"link": ", ".join(links)} if links else {}


def logins(actors: Sequence[Actor]) -> list[str]:
    return [actor.login for actor in actors]


def _link(request: Request, number: int) -> str:
    """On the host that was asked, whatever name it has for the client: gh shows its token to no other."""
    url = request.url.include_query_params(page=number)
    return str(url.replace(path=f"{request.scope.get('prefix', '')}{url.path}"))


def _turned(request: Request, name: str, record: object) -> str:
    url = request.url.remove_query_params(["after", "before"]).include_query_params(**{name: _cursor(record)})
    return str(url.replace(path=f"{request.scope.get('prefix', '')}{url.path}"))


def _cursor(record: Any) -> str:
    return base64.urlsafe_b64encode(f"v2:{record.id}".encode()).decode().rstrip("=")


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else default
