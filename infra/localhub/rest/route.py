"""What every REST answer has in common: who asks, refusals as GitHub's bodies, rate headers, ETag and 304, metering."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from localhub.errors import BadCredentials, HubError, NotFound, RateLimited
from localhub.hub import Hub
from localhub.permissions import Caller, authenticate

DOCUMENTATION = "https://docs.github.com/rest"
DEFAULT_VERSION = "2022-11-28"
VERSIONS = (DEFAULT_VERSION, "2026-03-10")
FREE = "/rate_limit"
NEEDS_NOBODY = ("/", FREE, "/meta")
OF_ANYBODY = re.compile(r"/users/[^/]+")  # public, and asked for before there is any token
READS = ("GET", "HEAD", "OPTIONS")
BY_JWT = re.compile(r"/app(/.*|-manifests/.*)?|/(repos/[^/]+|orgs|users)/[^/]+/installation")
API_FOLDERS = "(repos|users|orgs|app|installation)/"
ANONYMOUS = "anonymous"


class GitHubRoute(APIRoute):
    """A route whose answers look like GitHub's, also when a verb refuses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            hub: Hub = request.app.state.hub
            try:
                caller = request.state.caller = _identify(hub, request)
                if caller is not None and request.url.path != FREE:
                    hub.meter.admit_rest(caller.counts_as, caller.subject, reads=request.method in READS)
                response = await answer(request)
            except HubError as refusal:
                request.state.uncounted = isinstance(refusal, RateLimited)
                response = refused(refusal)
            except RequestValidationError:
                response = refused(NotFound())
            return _finished(hub, request, _relocated(hub, request, response))

        return handle


def refused(refusal: HubError) -> Response:
    body: dict[str, Any] = {"message": refusal.rest_message or refusal.message}
    if refusal.errors:
        body["errors"] = refusal.errors
    body |= {"documentation_url": DOCUMENTATION, "status": str(refusal.status)}
    return JSONResponse(body, refusal.status, refusal.headers)


def common_headers(request: Request) -> dict[str, str]:
    return {
        "x-github-request-id": ":".join(secrets.token_hex(2).upper() for _ in range(5)),
        "x-github-media-type": "github.v3; format=json",
        "x-github-api-version-selected": version(request),
    }


def version(request: Request) -> str:
    """The REST API version the caller asked for; without a header it is the older one."""
    asked = request.headers.get("x-github-api-version", DEFAULT_VERSION)
    if asked not in VERSIONS:
        raise HubError(f"The API version {asked} is not supported")
    return asked


def _identify(hub: Hub, request: Request) -> Caller | None:
    header = request.headers.get("authorization")
    if BY_JWT.fullmatch(request.url.path):
        return None  # the App shows a JWT, which the handler checks
    if header is None:
        if request.url.path in NEEDS_NOBODY or OF_ANYBODY.fullmatch(request.url.path):
            return None
        raise BadCredentials("Requires authentication")
    return authenticate(hub, header)


def _finished(hub: Hub, request: Request, response: Response) -> Response:
    """Headers and metering; a GET whose answer the caller already holds becomes an empty, free 304."""
    caller: Caller | None = getattr(request.state, "caller", None)
    login = caller.counts_as if caller else getattr(request.state, "app_login", ANONYMOUS)
    bucket = login if caller else f"{login} by its key"
    headers = common_headers(request)
    if request.method == "GET" and response.status_code == 200:
        headers["etag"] = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()}"'
        headers["cache-control"] = "private, max-age=60, s-maxage=60"
        if headers["etag"] in request.headers.get("if-none-match", ""):
            response = Response(status_code=304, headers=_links(response))
    free = response.status_code == 304 or request.url.path == FREE
    if not getattr(request.state, "uncounted", False):
        hub.meter.rest(login, free=free, bucket=bucket)
    if caller is not None and caller.token.is_classic:
        headers["x-oauth-scopes"] = ", ".join(caller.token.scopes)
    response.headers.update(headers | hub.meter.window(bucket, "core").headers())
    return response


def _relocated(hub: Hub, request: Request, response: Response) -> Response:
    """The answer's own API addresses lie where it was asked for: under another name of the host, to which alone gh
    shows its token, and below an Enterprise Server's prefix."""
    there = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('prefix', '')}"
    if there != hub.base_url and isinstance(response, JSONResponse):
        known = rf'"{re.escape(hub.base_url)}/(?={API_FOLDERS})'
        response.body = re.sub(known, f'"{there}/', bytes(response.body).decode()).encode()
        response.headers["content-length"] = str(len(response.body))
    return response


def _links(response: Response) -> dict[str, str]:
    return {"link": response.headers["link"]} if "link" in response.headers else {}
