"""Apps: who they are by their JWT, their installation, its tokens, and the log of their webhook's deliveries."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from localhub import deliverylog, grants, installations, manifests, people, render
from localhub.credentials import app_by_jwt
from localhub.errors import Forbidden, Unprocessable
from localhub.grants import app_may
from localhub.hub import Hub
from localhub.model import App, Repo
from localhub.rest.given import Body, Calling, World, answer, first, new_router, nothing, page

router = new_router()
OUT_OF_REACH = "There is at least one repository that does not exist or is not accessible to the parent installation."


@router.get("/app")
async def app(request: Request, hub: World) -> Response:
    found = _by_jwt(hub, request)
    return answer({**render.app(hub, found), "installations_count": len(_everywhere(hub, found))})


@router.post("/app-manifests/{code}/conversions")
async def convert(hub: World, code: str) -> Response:
    """What nobody but the bearer of the code is told, once: the new App's key and secrets."""
    made, secrets = await manifests.convert(hub, code)
    return answer({**render.app(hub, made), **secrets}, 201)


@router.get("/app/installations")
async def all_installations(request: Request, hub: World) -> Response:
    shown, links = page(request, _everywhere(hub, _by_jwt(hub, request)))
    return answer([render.installation(hub, each) for each in shown], headers=links)


@router.get("/app/installations/{installation_id}")
async def installation(request: Request, hub: World, installation_id: int) -> Response:
    return answer(render.installation(hub, _installed(hub, request, installation_id)))


@router.get("/repos/{owner}/{name}/installation")
async def installation_on_repo(request: Request, hub: World, owner: str, name: str) -> Response:
    app, repo = _by_jwt(hub, request), hub.repo(f"{owner}/{name}")
    found = first(each for each in _everywhere(hub, app) if repo is not None and installations.reaches(each, repo))
    return answer(render.installation(hub, found))


@router.get("/orgs/{login}/installation")
@router.get("/users/{login}/installation")
async def installation_on_account(request: Request, hub: World, login: str) -> Response:
    everywhere = _everywhere(hub, _by_jwt(hub, request))
    return answer(render.installation(hub, first(each for each in everywhere if each.account is hub.actor(login))))


@router.delete("/app/installations/{installation_id}")
async def uninstall(request: Request, hub: World, installation_id: int) -> Response:
    found = _installed(hub, request, installation_id)
    installations.uninstall(hub, found, found.actor)
    return nothing()


@router.put("/app/installations/{installation_id}/suspended")
async def suspend(request: Request, hub: World, installation_id: int) -> Response:
    found = _installed(hub, request, installation_id)
    installations.suspend(hub, found, found.actor)
    return nothing()


@router.delete("/app/installations/{installation_id}/suspended")
async def unsuspend(request: Request, hub: World, installation_id: int) -> Response:
    found = _installed(hub, request, installation_id)
    installations.unsuspend(hub, found, found.actor)
    return nothing()


@router.post("/app/installations/{installation_id}/access_tokens")
async def access_token(request: Request, hub: World, body: Body, installation_id: int) -> Response:
    """A token for one hour. It may ask for fewer permissions and repositories, never for more."""
    found = _installed(hub, request, installation_id)
    installations.check_alive(found)
    wanted: dict[str, str] = body.get("permissions") or {}
    if any(not app_may(found, scope, level) for scope, level in wanted.items()):
        raise Unprocessable("The permissions requested are not granted to this installation.")
    chosen = _chosen(installations.repositories(hub, found), body)
    token = people.installation_token(hub, found, wanted or None, chosen)
    granted = {"metadata": "read", **(wanted or found.permissions)}
    shown: dict[str, Any] = {"token": token.value, "expires_at": render.moment(token.expires_at)}
    selection = "all" if found.repositories is None and chosen is None else "selected"
    shown |= {"permissions": granted, "repository_selection": selection}
    if chosen is not None:
        shown["repositories"] = [render.repository(hub, repo) for repo in chosen]
    return answer(shown, 201)


@router.delete("/installation/token")
async def revoke(hub: World, caller: Calling) -> Response:
    if caller.app is None:
        raise Forbidden()
    del hub.tokens[caller.token.value]
    return nothing()


@router.get("/installation/repositories")
async def installation_repositories(request: Request, hub: World, caller: Calling) -> Response:
    mine = [repo for repo in hub.repos.values() if caller.app and grants.reaches(caller.token, repo)]
    shown, links = page(request, mine)
    repos = [render.repository(hub, repo, caller) for repo in shown]
    whole = caller.token.repositories is None and (caller.app is None or caller.app.repositories is None)
    selection = {"repository_selection": "all" if whole else "selected"}
    return answer({"total_count": len(mine), **selection, "repositories": repos}, headers=links)


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
    found = app_by_jwt(hub, request.headers.get("authorization"))
    request.state.app_login = found.actor.login
    return found


def _chosen(reached: list[Repo], body: dict[str, Any]) -> list[Repo] | None:
    """The repositories a token is to be narrowed to, by name or id; none named is no narrowing."""
    names, ids = body.get("repositories") or [], body.get("repository_ids") or []
    found = [repo for repo in reached if repo.name in names or repo.id in ids]
    if len(found) < len(set(names)) + len(set(ids)) - sum(repo.name in names and repo.id in ids for repo in found):
        raise Unprocessable(OUT_OF_REACH)
    return found if names or ids else None


def _installed(hub: Hub, request: Request, installation_id: int) -> App:
    everywhere = _everywhere(hub, _by_jwt(hub, request))
    return first(each for each in everywhere if each.installation_id == installation_id)


def _everywhere(hub: Hub, app: App) -> list[App]:
    """All installations of the App."""
    return [each for each in hub.apps if each.id == app.id and each.installed]
