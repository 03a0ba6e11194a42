"""Repositories, their labels, collaborators and branches."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from localhub import gitstore, issues, people, render
from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, Label, Permission, Protection, Repo
from localhub.permissions import LEGACY, at_least, of, require
from localhub.render.base import Json, repo_api
from localhub.rest.given import Body, Calling, Here, World, answer, first, new_router, nothing, page

router = new_router()
WORDS: dict[str, Permission] = {  # in the body of a PUT -> role
    "pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin",
}  # fmt: skip


@router.get("/repos/{owner}/{name}")
async def repository(hub: World, caller: Calling, repo: Here) -> Response:
    return answer(render.repository(hub, repo, caller))


@router.get("/repos/{owner}/{name}/labels")
async def labels(request: Request, hub: World, repo: Here) -> Response:
    shown, links = page(request, list(repo.labels.values()))
    return answer([render.label(hub, repo, each) for each in shown], headers=links)


@router.post("/repos/{owner}/{name}/labels")
async def create_label(hub: World, caller: Calling, repo: Here, body: Body) -> Response:
    require(caller, repo, "write", "issues")
    name = str(body.get("name", "")).strip()
    if not name or name.lower() in repo.labels:
        code = "already_exists" if name else "missing_field"
        raise Unprocessable(errors=[{"resource": "Label", "code": code, "field": "name"}])
    made = issues.find_or_make_label(hub, repo, name, body.get("color", "ededed"), body.get("description"))
    hub.record(caller.actor, f"label created {made.name}", repo.full_name)
    return answer(render.label(hub, repo, made), 201)


@router.get("/repos/{owner}/{name}/labels/{label}")
async def label(hub: World, repo: Here, label: str) -> Response:
    found: Label = first(each for each in [repo.labels.get(label.lower())] if each)
    return answer(render.label(hub, repo, found))


@router.get("/repos/{owner}/{name}/collaborators")
async def collaborators(request: Request, hub: World, caller: Calling, repo: Here) -> Response:
    require(caller, repo, "write")
    known = [actor for actor in _users(hub) if at_least(_given(repo, actor.login), "read")]
    shown, links = page(request, known)
    return answer([{**render.user(hub, each), "role_name": of(repo, each.login)} for each in shown], headers=links)


@router.get("/repos/{owner}/{name}/collaborators/{login}")
async def is_collaborator(hub: World, repo: Here, login: str) -> Response:
    people.find(hub, login)
    if not at_least(_given(repo, login), "read"):
        raise NotFound()
    return nothing()


@router.put("/repos/{owner}/{name}/collaborators/{login}")
async def add_collaborator(hub: World, caller: Calling, repo: Here, login: str, body: Body) -> Response:
    """Here nobody has to accept an invitation first."""
    require(caller, repo, "admin", "administration")
    role = WORDS.get(str(body.get("permission", "push")))
    if role is None:
        raise Unprocessable(errors=[{"resource": "Repository", "field": "permission", "code": "invalid"}])
    repo.collaborators[people.find(hub, login).login] = role
    hub.record(caller.actor, f"collaborator {role}", f"{repo.full_name} {login}")
    return nothing()


@router.delete("/repos/{owner}/{name}/collaborators/{login}")
async def remove_collaborator(hub: World, caller: Calling, repo: Here, login: str) -> Response:
    require(caller, repo, "admin", "administration")
    repo.collaborators.pop(people.find(hub, login).login, None)
    hub.record(caller.actor, "collaborator removed", f"{repo.full_name} {login}")
    return nothing()


@router.get("/repos/{owner}/{name}/collaborators/{login}/permission")
async def permission(hub: World, repo: Here, login: str) -> Response:
    """The old word (`maintain` is write, `triage` is read) beside the real role; 404 for nobody."""
    actor, role = people.find(hub, login), of(repo, login)
    user = {**render.user(hub, actor), "role_name": role}
    return answer({"permission": LEGACY.get(role, role), "user": user, "role_name": role})


@router.get("/repos/{owner}/{name}/assignees")
async def assignees(request: Request, hub: World, repo: Here) -> Response:
    known = [actor for actor in _users(hub) if at_least(of(repo, actor.login), "triage")]
    shown, links = page(request, known)
    return answer([render.user(hub, each) for each in shown], headers=links)


@router.get("/repos/{owner}/{name}/branches")
async def branches(request: Request, hub: World, repo: Here) -> Response:
    heads = await gitstore.refs(repo.git_dir, "refs/heads/")
    shown, links = page(request, sorted(heads.items()))
    return answer([_branch(hub, repo, ref.removeprefix("refs/heads/"), sha) for ref, sha in shown], headers=links)


@router.get("/repos/{owner}/{name}/branches/{branch:path}/protection")
async def protection(hub: World, repo: Here, branch: str) -> Response:
    await _head(repo, branch)
    return answer(_protection(hub, repo, branch))


@router.get("/repos/{owner}/{name}/branches/{branch:path}")
async def branch(hub: World, repo: Here, branch: str) -> Response:
    sha = await _head(repo, branch)
    commit = render.commit(hub, repo, await gitstore.commit(repo.git_dir, sha))
    api, page_url = f"{repo_api(hub, repo)}/branches/{branch}", f"{hub.base_url}/{repo.full_name}/tree/{branch}"
    links = {"self": api, "html": page_url}
    return answer({**_branch(hub, repo, branch, sha), "commit": commit, "_links": links})


async def _head(repo: Repo, branch: str) -> str:
    sha = await gitstore.resolve(repo.git_dir, f"refs/heads/{branch}")
    if sha is None:
        raise NotFound("Branch not found")
    return sha


def _users(hub: Hub) -> list[Actor]:
    return [actor for actor in hub.actors.values() if actor.kind == "User"]


def _given(repo: Repo, login: str) -> Permission:
    """The role somebody holds beyond being one of the public."""
    known = login.lower() in {name.lower() for name in repo.collaborators} | set(repo.owner.members)
    return of(repo, login) if known or repo.owner.login.lower() == login.lower() else "none"


def _branch(hub: Hub, repo: Repo, name: str, sha: str) -> Json:
    api, rules = repo_api(hub, repo), repo.protection.get(name)
    level = "everyone" if rules and rules.required_checks else "off"
    contexts = list(rules.required_checks) if rules else []
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api}/commits/{sha}"},
        "protected": rules is not None,
        "protection": {
            "enabled": rules is not None,
            "required_status_checks": {"enforcement_level": level, "contexts": contexts, "checks": _checks(rules)},
        },
        "protection_url": f"{api}/branches/{name}/protection",
    }


def _protection(hub: Hub, repo: Repo, name: str) -> Json:
    rules = repo.protection.get(name)
    if rules is None:
        raise NotFound("Branch not protected")
    url = f"{repo_api(hub, repo)}/branches/{name}/protection"
    checks = {"strict": rules.strict, "contexts": list(rules.required_checks), "checks": _checks(rules)}
    reviews = {
        "url": f"{url}/required_pull_request_reviews",
        "dismiss_stale_reviews": rules.dismiss_stale,
        "require_code_owner_reviews": False,
        "require_last_push_approval": False,
        "required_approving_review_count": rules.required_approvals,
    }
    shown: Json = {"url": url, "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": True}}
    shown["required_conversation_resolution"] = {"enabled": rules.resolve_threads}
    if rules.required_checks or rules.strict:
        shown["required_status_checks"] = {"url": f"{url}/required_status_checks", **checks}
    return shown | ({"required_pull_request_reviews": reviews} if rules.required_approvals else {})


def _checks(rules: Protection | None) -> list[Json]:
    return [{"context": name, "app_id": None} for name in (rules.required_checks if rules else ())]
