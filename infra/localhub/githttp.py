"""git over smart HTTP: an ASGI to CGI bridge in front of `git http-backend`, with GitHub's rules for who may do what.

server.py routes to `git_app`. A push is answered only after everything that follows from it in our records is true, and
what it changed is taken from git's own post-receive hook, so two pushes at once cannot be mistaken for each other.
"""

from __future__ import annotations

import asyncio
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from localhub.credentials import token_in
from localhub.errors import BadCredentials, Forbidden, HubError, NotFound
from localhub.gitstore.process import clean_environment
from localhub.grants import may_change_workflows
from localhub.hub import Hub
from localhub.model import Repo
from localhub.permissions import Caller, at_least, caller_of, of, require
from localhub.pushes import on_push as on_push

CHUNK = 64 * 1024
WRONG_TOKEN = "Invalid username or token. Password authentication is not supported for Git operations."
APP = "a GitHub App|`workflows` permission"  # as the hook's refusal names who lacks what
PERSONAL = "a Personal Access Token|`workflow` scope"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}
PASSED_ON = {  # header -> CGI variable
    "content-type": "CONTENT_TYPE",
    "content-length": "CONTENT_LENGTH",
    "content-encoding": "HTTP_CONTENT_ENCODING",
    "accept-encoding": "HTTP_ACCEPT_ENCODING",
    "git-protocol": "GIT_PROTOCOL",
}


async def git_app(hub: Hub, request: Request) -> Response:
    """One request of git's: the announcement of refs, a fetch or a push."""
    service = request.query_params.get("service") or request.url.path.rsplit("/", 1)[-1]
    pushing = service == "git-receive-pack"
    caller = None
    try:
        caller = _caller(hub, request)
        repo = _allowed(hub, request, caller, pushing)
    except BadCredentials as refusal:
        return PlainTextResponse(refusal.message, 401, CHALLENGE)
    except Forbidden:
        login = caller.login if caller else "anonymous"
        return PlainTextResponse(f"Permission to {_full_name(request)}.git denied to {login}.", 403)
    except HubError as refusal:
        return PlainTextResponse("Repository not found.", refusal.status)
    if pushing and caller is not None and request.method == "POST":
        return await _push(hub, request, repo, caller)
    process = await _backend(request, repo, caller, {})
    return await _streamed(request, process)


def _caller(hub: Hub, request: Request) -> Caller | None:
    """Any user name will do with a token as the password; an App says `x-access-token`."""
    header = request.headers.get("authorization")
    if not header:
        return None
    token = token_in(hub, header)
    if token is None:
        raise BadCredentials(WRONG_TOKEN)
    return caller_of(hub, token)


def _allowed(hub: Hub, request: Request, caller: Caller | None, pushing: bool) -> Repo:
    repo = hub.repo(_full_name(request))
    if caller is None and (pushing or repo is None or repo.private):
        raise BadCredentials("Repository not found.")  # GitHub asks who you are before it says that nothing is there
    if repo is None:
        raise NotFound()
    if caller is not None:
        level: Literal["read", "write"] = "write" if pushing else "read"
        require(caller, repo, level, "contents", level)
    return repo


def _full_name(request: Request) -> str:
    return f"{request.path_params['owner']}/{request.path_params['name'].removesuffix('.git')}"


async def _push(hub: Hub, request: Request, repo: Repo, caller: Caller) -> Response:
    with tempfile.NamedTemporaryFile(prefix="localhub-pushed-") as moved:
        process = await _backend(request, repo, caller, _orders(repo, caller, Path(moved.name)))
        try:
            await _feed(process, request)
            assert process.stdout is not None
            status, headers = await _head(process)
            body = await process.stdout.read()
            await process.wait()
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            _end(process)
            lines = Path(moved.name).read_text().splitlines()  # also when the client has gone: what moved has moved
            for before, after, ref in (line.split(" ", 2) for line in lines):
                hub.record(caller.actor, "push", f"{repo.full_name} {ref}")
                await on_push(hub, repo, ref, before, after, caller)
    return Response(body, status, headers)


def _orders(repo: Repo, caller: Caller, moved: Path) -> dict[str, str]:
    """What the hooks in the repository shall refuse, and where they write down what happened."""
    orders = {"LOCALHUB_PUSHED": str(moved)}
    if not at_least(of(repo, caller.login), "admin"):
        orders["LOCALHUB_PROTECTED"] = " ".join(f"refs/heads/{branch}" for branch in repo.protection)
    if not may_change_workflows(caller.token):
        orders["LOCALHUB_NO_WORKFLOWS"] = PERSONAL if caller.token.is_classic else APP
    return orders


async def _backend(request: Request, repo: Repo, caller: Caller | None, orders: dict[str, str]) -> Process:
    """`git http-backend` for this request, started."""
    tail = request.url.path.split("/", 3)[3]
    environment = {
        **clean_environment(),
        "GIT_PROJECT_ROOT": str(repo.git_dir.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repo.git_dir.name}/{tail}",
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "REMOTE_USER": caller.login if caller else "",
        **{variable: request.headers[name] for name, variable in PASSED_ON.items() if name in request.headers},
        **orders,
    }
    return await asyncio.create_subprocess_exec("git", "http-backend", stdin=PIPE, stdout=PIPE, env=environment)


async def _streamed(request: Request, process: Process) -> Response:
    try:
        await _feed(process, request)
        status, headers = await _head(process)
    except ClientDisconnect:
        _end(process)
        return Response(status_code=400)
    return StreamingResponse(_body(process), status, headers)


async def _feed(process: Process, request: Request) -> None:
    """The request's body into git, piece by piece. git may have heard enough and be gone."""
    assert process.stdin is not None
    try:
        async for piece in request.stream():
            process.stdin.write(piece)
            await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return


async def _head(process: Process) -> tuple[int, dict[str, str]]:
    """Status and headers of a CGI answer."""
    assert process.stdout is not None
    status, headers = 200, {}
    while line := (await process.stdout.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    return status, headers


async def _body(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None
    try:
        while piece := await process.stdout.read(CHUNK):
            yield piece
        await process.wait()
    finally:
        _end(process)


def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
