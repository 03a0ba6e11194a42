"""Apps: who they are by their JWT, their installation, its tokens, and the log of their webhook's deliveries."""

from __future__ import annotations

from typing import Any

import jwt
from starlette.requests import Request
from starlette.responses import Response

from localhub import deliverylog, people, render
from localhub.errors import BadCredentials, NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import App, Repo
from localhub.permissions import app_may, of
from localhub.rest.given import Body, Calling, World, answer, new_router, page

router = new_router()
LONGEST_JWT = 600  # seconds
CLAIMS: Any = {"require": ["exp", "iat"], "verify_iss": False}


@router.get("/app")
async def app(request: Request, hub: World) -> Response:
    return answer(render.app(hub, _by_jwt(hub, request)))


@router.get("/app/installations")
async def installations(request: Request, hub: World) -> Response:
    return answer([render.installation(hub, _by_jwt(hub, request))])


@router.get("/app/installations/{installation_id}")
async def installation(request: Request, hub: World, installation_id: int) -> Response:
    return answer(render.installation(hub, _installed(hub, request, installation_id)))


@router.get("/repos/{owner}/{name}/installation")
async def installation_on_repo(request: Request, hub: World, owner: str, name: str) -> Response:
    found, repo = _by_jwt(hub, request), hub.repo(f"{owner}/{name}")
    if repo is None or found.actor.login not in repo.collaborators:
        raise NotFound()
    return answer(render.installation(hub, found))


@router.get("/orgs/{login}/installation")
@router.get("/users/{login}/installation")
async def installation_on_account(request: Request, hub: World, login: str) -> Response:
    found = _by_jwt(hub, request)
    if found.account.login.lower() != login.lower():
        raise NotFound()
    return answer(render.installation(hub, found))


@router.post("/app/installations/{installation_id}/access_tokens")
async def access_token(request: Request, hub: World, body: Body, installation_id: int) -> Response:
    """A token for one hour. It may ask for fewer permissions, never for more."""
    found = _installed(hub, request, installation_id)
    wanted: dict[str, str] = body.get("permissions") or {}
    if any(not app_may(found, scope, level) for scope, level in wanted.items()):
        raise Unprocessable("The permissions requested are not granted to this installation.")
    token = people.installation_token(hub, found)
    granted = wanted or {"metadata": "read", **found.permissions}
    shown = {"token": token.value, "expires_at": render.moment(token.expires_at), "permissions": granted}
    return answer({**shown, "repository_selection": "all" if found.repositories is None else "selected"}, 201)


@router.get("/installation/repositories")
async def installation_repositories(request: Request, hub: World, caller: Calling) -> Response:
    mine = [repo for repo in hub.repos.values() if _reaches(caller.app, repo)]
    shown, links = page(request, mine)
    repos = [render.repository(hub, repo, caller) for repo in shown]
    return answer({"total_count": len(mine), "repository_selection": "all", "repositories": repos}, headers=links)


@router.get("/app/hook/deliveries")
async def deliveries(request: Request, hub: World) -> Response:
    """One page after the other by cursor; `status` looks at the code alone."""
    shown, more = deliverylog.page(hub, _by_jwt(hub, request), request.query_params)
    link = request.url.include_query_params(cursor=more)
    headers = {"link": f'<{hub.base_url}{link.path}?{link.query}>; rel="next"'} if more else {}
    return answer([render.delivery(each) for each in shown], headers=headers)


@router.get("/app/hook/deliveries/{delivery_id}")
async def delivery(request: Request, hub: World, delivery_id: int) -> Response:
    found = deliverylog.entry(hub, _by_jwt(hub, request), delivery_id)
    return answer(render.full_delivery(found))


@router.post("/app/hook/deliveries/{delivery_id}/attempts")
async def attempt(request: Request, hub: World, delivery_id: int) -> Response:
    deliverylog.redeliver(hub, _by_jwt(hub, request), delivery_id)
    return answer({}, 202)


def _by_jwt(hub: Hub, request: Request) -> App:
    """The App that signed the bearer JWT: RS256, issued by it, valid for at most ten minutes.

    The true time counts, not the hub's: whoever signs knows nothing of a clock that a test has moved.
    """
    encoded = request.headers.get("authorization", "").partition(" ")[2]
    try:
        issuer = str(jwt.decode(encoded, options={"verify_signature": False}).get("iss"))
        found = next((each for each in hub.apps if issuer in (str(each.id), f"Iv23li{each.id:014d}")), None)
        if found is None:
            raise NotFound("Integration not found")
        claims = jwt.decode(encoded, found.public_key, algorithms=["RS256"], options=CLAIMS)
    except jwt.PyJWTError:
        raise BadCredentials("A JSON web token could not be decoded") from None
    if claims["exp"] - claims["iat"] > LONGEST_JWT + 60:
        raise BadCredentials("'Expiration time' claim ('exp') is too far in the future")
    request.state.app_login = found.actor.login
    return found


def _installed(hub: Hub, request: Request, installation_id: int) -> App:
    found = _by_jwt(hub, request)
    if found.installation_id != installation_id:
        raise NotFound()
    return found


def _reaches(app: App | None, repo: Repo) -> bool:
    return app is not None and repo.owner is app.account and of(repo, app.actor.login) != "none"
