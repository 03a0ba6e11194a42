"""The server: REST at / and /api/v3, GraphQL at /graphql and /api/graphql, git at /{owner}/{name}, /_hub for tests, and
two of GitHub's pages."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from localhub import actions, admin, automerge, githttp, pages, projects, pushes, webhooks
from localhub.crowd import GIT, Crowd
from localhub.errors import HubError, NotFound
from localhub.faults import Faults
from localhub.graphql import endpoint
from localhub.hub import Hub
from localhub.renames import Renames
from localhub.rest import ROUTERS
from localhub.rest.route import common_headers, refused

ENTERPRISE = "/api/v3"


def create_app(hub: Hub) -> FastAPI:
    """Everything wired to one hub."""
    listen(hub)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.hub = hub
    app.add_exception_handler(HubError, _refusal)
    app.add_exception_handler(HTTPException, _unknown)
    app.include_router(admin.router)
    for path in ("/graphql", "/api/graphql"):
        app.add_api_route(path, _graphql, methods=["POST"])
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(pages.router)
    for tail in GIT:
        app.add_api_route("/{owner}/{name}" + tail, _git, methods=["GET", "POST"])
    app.add_middleware(Head)
    app.add_middleware(Renames, hub=hub)
    app.add_middleware(Enterprise)
    app.add_middleware(Faults, hub=hub)
    app.add_middleware(Crowd, hub=hub)
    return app


def listen(hub: Hub) -> None:
    """Who hears what happens, in this order: deliveries keep the order of events although the last two cause more."""
    hub.pushed = pushes.on_push
    deliverer = webhooks.Deliverer(hub)
    hub.redeliver = deliverer.again
    hub.listeners += [
        deliverer,
        pushes.pull_refs(hub),
        actions.listener(hub),
        lambda event: projects.built_in_workflows(hub, event),
        lambda event: automerge.merge_when_green(hub, event),
    ]


class Head:
    """Answers HEAD as GET; uvicorn keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        heads = scope["type"] == "http" and scope["method"] == "HEAD"
        await self.app({**scope, "method": "GET"} if heads else scope, receive, send)


class Enterprise:
    """Serves an Enterprise Server's paths too: `/api/v3/repos/...` is `/repos/...`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(ENTERPRISE):
            path = scope["path"].removeprefix(ENTERPRISE) or "/"
            scope = {**scope, "path": path, "raw_path": path.encode(), "prefix": ENTERPRISE}
        await self.app(scope, receive, send)


async def _graphql(request: Request) -> Response:
    return await endpoint.handle(request.app.state.hub, request)


async def _git(request: Request) -> Response:
    return await githttp.git_app(request.app.state.hub, request)


async def _refusal(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HubError)
    return refused(refusal)


async def _unknown(request: Request, error: Exception) -> Response:
    """What localhub has no route for does not exist, whatever the method."""
    response = refused(NotFound())
    response.headers.update(common_headers(request))
    return response
