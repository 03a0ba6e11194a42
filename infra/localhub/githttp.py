"""git over smart HTTP: `git upload-pack` and `git receive-pack` behind it, with GitHub's rules for who may do what.

They are started here: `git http-backend` between would cost more than their answer. server.py routes to `git_app`. A
push is answered only after everything that follows from it in our records is true, and what it changed is taken from
git's own post-receive hook, so two pushes at once cannot be mistaken for each other.
"""

from __future__ import annotations

import asyncio
import tempfile
import zlib
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
SERVICES = ("git-upload-pack", "git-receive-pack")
GZIP = 16 + zlib.MAX_WBITS  # what zlib is to expect


async def git_app(hub: Hub, request: Request) -> Response:
    """One request of git's: the announcement of refs, a fetch or a push."""
    service = request.query_params.get("service") or request.url.path.rsplit("/", 1)[-1]
    if service not in SERVICES:
        return PlainTextResponse("Please upgrade your git client.", 400)
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
    if request.method == "GET":
        return await _announced(request, repo, service)
    return await _streamed(request, await _start(request, repo, service, {}))


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
        orders = _orders(repo, caller, Path(moved.name))
        process = await _start(request, repo, "git-receive-pack", orders)
        try:
            await _feed(process, request)
            assert process.stdout is not None
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
    return Response(body, headers=_headers("git-receive-pack", "result"))


def _orders(repo: Repo, caller: Caller, moved: Path) -> dict[str, str]:
    """What the hooks in the repository shall refuse, and where they write down what happened."""
    orders = {"LOCALHUB_PUSHED": str(moved)}
    if not at_least(of(repo, caller.login), "admin"):
        orders["LOCALHUB_PROTECTED"] = " ".join(f"refs/heads/{branch}" for branch in repo.protection)
    if not may_change_workflows(caller.token):
        orders["LOCALHUB_NO_WORKFLOWS"] = PERSONAL if caller.token.is_classic else APP
    return orders


async def _start(request: Request, repo: Repo, service: str, orders: dict[str, str], *options: str) -> Process:
    """One of git's two programs for this request. Stateless: what was said before is repeated by the client."""
    spoken = {"GIT_PROTOCOL": request.headers["git-protocol"]} if "git-protocol" in request.headers else {}
    command = (service.removeprefix("git-"), "--stateless-rpc", *options, str(repo.git_dir))
    environment = {**clean_environment(), **spoken, **orders}
    return await asyncio.create_subprocess_exec("git", *command, stdin=PIPE, stdout=PIPE, env=environment)


async def _announced(request: Request, repo: Repo, service: str) -> Response:
    """What the repository has, and in protocol version 2 only what it can do."""
    process = await _start(request, repo, service, {}, "--http-backend-info-refs")
    told, _ = await process.communicate()
    second = "version=2" in request.headers.get("git-protocol", "").split(":")
    line = f"# service={service}\n"
    title = b"" if second else f"{len(line) + 4:04x}{line}0000".encode()
    return Response(title + told, headers=_headers(service, "advertisement"))


def _headers(service: str, what: str) -> dict[str, str]:
    return {"content-type": f"application/x-{service}-{what}", "cache-control": "no-cache, max-age=0, must-revalidate"}


async def _streamed(request: Request, process: Process) -> Response:
    try:
        await _feed(process, request)
    except ClientDisconnect:
        _end(process)
        return Response(status_code=400)
    return StreamingResponse(_body(process), headers=_headers("git-upload-pack", "result"))


async def _feed(process: Process, request: Request) -> None:
    """The request's body into git, piece by piece. git may have heard enough and be gone."""
    assert process.stdin is not None
    packed = zlib.decompressobj(GZIP) if request.headers.get("content-encoding") == "gzip" else None
    try:
        async for piece in request.stream():
            process.stdin.write(packed.decompress(piece) if packed else piece)
            await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return


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
