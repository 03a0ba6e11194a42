"""The root, rate limits, users and organizations."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from localhub import people, render
from localhub.errors import NotFound
from localhub.limits import Resource
from localhub.meter import Window
from localhub.model import Actor
from localhub.permissions import at_least, of
from localhub.render.people import organization_profile, profile
from localhub.rest.given import Calling, World, answer, new_router, nothing, page
from localhub.rest.route import ANONYMOUS, DEFAULT_VERSION, version

router = new_router()
ROOT = {
    "current_user_url": "/user",
    "current_user_authorizations_html_url": "/settings/connections/applications{/client_id}",
    "authorizations_url": "/authorizations",
    "code_search_url": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search_url": "/search/commits?q={query}{&page,per_page,sort,order}",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "hub_url": "/hub",
    "issue_search_url": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications_url": "/notifications",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams_url": "/orgs/{org}/teams",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "repository_search_url": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "current_user_repositories_url": "/user/repos{?type,page,per_page,sort}",
    "starred_url": "/user/starred{/owner}{/repo}",
    "starred_gists_url": "/gists/starred",
    "user_url": "/users/{user}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": "/search/users?q={query}{&page,per_page,sort,order}",
}  # where everything begins; most of it leads nowhere here


@router.get("/")
async def root(hub: World) -> Response:
    return answer({name: hub.base_url + path for name, path in ROOT.items()})


@router.get("/meta")
async def meta() -> Response:
    return answer({"verifiable_password_authentication": False, "installed_version": "localhub"})


@router.get("/rate_limit")
async def rate_limit(request: Request, hub: World) -> Response:
    """Free of charge. The newer API version has no `rate` beside the resources."""
    caller = request.state.caller
    login = caller.counts_as if caller else ANONYMOUS
    names: tuple[Resource, ...] = ("core", "graphql", "search")
    resources = {name: _window(hub.meter.window(login, name)) for name in names}
    old = version(request) == DEFAULT_VERSION
    return answer({"resources": resources} | ({"rate": resources["core"]} if old else {}))


@router.get("/user")
async def me(hub: World, caller: Calling) -> Response:
    return answer(profile(hub, caller.actor))


@router.get("/user/repos")
async def my_repos(request: Request, hub: World, caller: Calling) -> Response:
    mine = [repo for repo in hub.repos.values() if at_least(of(repo, caller.login), "triage")]
    shown, links = page(request, mine)
    return answer([render.repository(hub, repo, caller) for repo in shown], headers=links)


@router.get("/users/{login}")
async def user(hub: World, login: str) -> Response:
    return answer(profile(hub, people.find(hub, login)))


@router.get("/orgs/{login}")
async def organization(hub: World, login: str) -> Response:
    return answer(organization_profile(hub, _org(hub.actor(login))))


@router.get("/orgs/{login}/repos")
@router.get("/users/{login}/repos")
async def repos_of(request: Request, hub: World, caller: Calling, login: str) -> Response:
    owner = people.find(hub, login)
    theirs = [repo for repo in hub.repos.values() if repo.owner is owner and at_least(of(repo, caller.login), "read")]
    shown, links = page(request, theirs)
    return answer([render.repository(hub, repo, caller) for repo in shown], headers=links)


@router.get("/orgs/{login}/members/{member}")
async def is_member(hub: World, login: str, member: str) -> Response:
    if member.lower() not in _org(hub.actor(login)).members:
        raise NotFound()
    return nothing()


def _org(actor: Actor | None) -> Actor:
    if actor is None or actor.kind != "Organization":
        raise NotFound()
    return actor


def _window(window: Window) -> dict[str, object]:
    reset = int(window.reset.timestamp())
    left = {"remaining": window.remaining, "used": window.used}
    return {"limit": window.limit, **left, "reset": reset, "resource": window.resource}
