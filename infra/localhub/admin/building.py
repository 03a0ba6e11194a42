"""Building a world: people, organizations, repositories, projects and Apps."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from localhub import gitstore, installations, issues, manifests, people, projects, renames, repos, stocking
from localhub.admin.orders import (
    AppChange,
    AppOrder,
    InstallationOrder,
    OrgOrder,
    PersonOrder,
    ProjectOrder,
    ProtectionOrder,
    RenameOrder,
    RepoOrder,
    Role,
    StockOrder,
    TokenOrder,
)
from localhub.errors import NotFound
from localhub.hub import Hub
from localhub.model import App, Protection
from localhub.rest.given import World

Json = dict[str, Any]
router = APIRouter()


@router.post("/people")
async def person(hub: World, order: PersonOrder) -> Json:
    token = people.create_user(hub, order.login, order.name)
    actor = token.actor
    return {"login": actor.login, "token": token.value, "id": actor.id, "node_id": actor.node_id}


@router.post("/people/{login}/tokens")
async def token(hub: World, login: str, order: TokenOrder) -> Json:
    """One more token of somebody's, with less in it than the first."""
    actor = people.find(hub, login)
    life = timedelta(seconds=order.lives_seconds) if order.lives_seconds is not None else None
    if order.permissions is None:
        return {"token": people.classic_token(hub, actor, order.scopes, life).value}
    owner = people.find(hub, order.owner or login)
    names = order.repositories
    chosen = None if names is None else [repo for name in names if (repo := hub.repo(name)) is not None]
    made = people.fine_grained_token(hub, actor, owner, order.permissions, chosen, life)
    return {"token": made.value}


@router.post("/orgs")
async def organization(hub: World, order: OrgOrder) -> Json:
    """Members are named, or given with their role."""
    members: dict[str, Role] = {}
    members |= order.members if isinstance(order.members, dict) else dict.fromkeys(order.members, "member")
    actor = people.create_org(hub, order.login, members, order.public_members)
    return {"login": actor.login, "id": actor.id, "node_id": actor.node_id}


@router.post("/repos")
async def repository(hub: World, order: RepoOrder) -> Json:
    owner = people.find(hub, order.owner)
    repo = await repos.create(hub, owner, order.name, order.files, private=order.private)
    repo.collaborators |= order.collaborators
    repo.merge_methods = order.merge_methods
    for branch, rules in order.protection.items():
        repo.protection[branch] = _protection(rules)
    for name in order.labels:
        issues.find_or_make_label(hub, repo, name)
    head = await gitstore.resolve(repo.git_dir, "refs/heads/main")
    shown = {"id": repo.id, "node_id": repo.node_id, "full_name": repo.full_name, "head": head}
    return {**shown, "clone_url": f"{hub.base_url}/{repo.full_name}.git"}


@router.patch("/repos/{owner}/{name}")
async def rename_repository(hub: World, owner: str, name: str, order: RenameOrder) -> Json:
    repo = hub.repos.get(f"{owner}/{name}".lower())
    if repo is None:
        raise NotFound()
    renames.rename(hub, repo, order.name)
    return {"full_name": repo.full_name}


@router.put("/repos/{owner}/{name}/protection/{branch:path}")
async def protect(hub: World, owner: str, name: str, branch: str, order: ProtectionOrder) -> Json:
    repo = hub.repo(f"{owner}/{name}")
    if repo is None:
        raise NotFound()
    repo.protection[branch] = _protection(order)
    return order.model_dump()


@router.post("/projects")
async def project(hub: World, order: ProjectOrder) -> Json:
    owner = people.find(hub, order.owner)
    board = projects.create(hub, owner, owner, order.title, order.status)
    board.public = order.public
    board.collaborators = {login.lower() for login in order.collaborators}
    if order.built_in is not None:
        board.built_in = set(order.built_in)
    for field in order.fields:
        made = projects.add_field(hub, board, field.name, field.data_type, field.options)
        made.iterations = [projects.new_iteration(**dict(each)) for each in field.iterations]
    board.repos = [repo for name in order.repos if (repo := hub.repo(name)) is not None]
    status = projects.find_field(board, projects.STATUS)
    assert status is not None
    options = {option.name: option.id for option in status.options}
    fields = {field.name: field.node_id for field in board.fields}
    shown: Json = {"id": board.node_id, "database_id": board.id, "number": board.number, "fields": fields}
    return shown | {"status_field": status.node_id, "options": options}


@router.post("/stock")
async def stock(hub: World, order: StockOrder) -> Json:
    """A large board at once, without a word to anybody."""
    board = next((each for each in hub.projects if each.node_id == order.project), None)
    repo = hub.repo(order.repo)
    if board is None or repo is None:
        raise NotFound()
    return {"cards": [item.node_id for item in stocking.stock(hub, board, repo, order.columns)]}


@router.post("/apps")
async def app(hub: World, order: AppOrder) -> Json:
    private, public = await asyncio.to_thread(manifests.new_key) if order.key else ("", "")
    account = people.find(hub, order.owner)
    made = people.create_app(hub, order.slug, account, public_key=public, repositories=order.repositories)
    made.permissions, made.events = order.permissions, order.events
    made.webhook_url, made.webhook_secret = order.webhook_url, order.secret
    installations.created(hub, made)
    token = people.installation_token(hub, made)
    ids = {"app_id": made.id, "installation_id": made.installation_id, "login": made.actor.login}
    return {**ids, "token": token.value, "private_key": private}


@router.patch("/apps/{slug}")
async def change_app(hub: World, slug: str, order: AppChange) -> Json:
    """Webhooks elsewhere, or off, or with less patience; other permissions or repositories (null: all); suspended."""
    found = _app(hub, slug, order.owner)
    by = people.find(hub, order.by) if order.by else installations.owner_of(hub, found.account)
    everywhere = [each for each in hub.apps if each.id == found.id]
    for each in everywhere:  # the webhook is the App's, not the installation's
        each.webhook_url = order.webhook_url if "webhook_url" in order.model_fields_set else each.webhook_url
        each.webhook_patience = order.webhook_patience or each.webhook_patience
        each.events = each.events if order.events is None else order.events
    if order.permissions is not None:
        installations.accept(hub, found, order.permissions, by)
    if "repositories" in order.model_fields_set:
        installations.choose(hub, found, order.repositories, by)
    if order.suspended is not None:
        (installations.suspend if order.suspended else installations.unsuspend)(hub, found, by)
    return {"slug": found.slug, "webhook_url": found.webhook_url, "permissions": found.permissions}


@router.post("/apps/{slug}/installations")
async def install_again(hub: World, slug: str, order: InstallationOrder) -> Json:
    """The App on one more account."""
    app, account = _app(hub, slug), people.find(hub, order.owner)
    granted = app.permissions if order.permissions is None else order.permissions
    made = people.install_again(hub, app, account, permissions=granted, repositories=order.repositories)
    installations.created(hub, made)
    return {"installation_id": made.installation_id, "token": people.installation_token(hub, made).value}


@router.delete("/apps/{slug}")
async def uninstall_app(hub: World, slug: str, owner: str | None = None) -> Json:
    found = _app(hub, slug, owner)
    installations.uninstall(hub, found, installations.owner_of(hub, found.account))
    return {"slug": found.slug, "installed": found.installed}


@router.post("/apps/{slug}/token")
async def app_token(hub: World, slug: str) -> Json:
    return {"token": people.installation_token(hub, _app(hub, slug)).value}


def _protection(order: ProtectionOrder) -> Protection:
    return Protection(**order.model_dump() | {"required_checks": tuple(order.required_checks)})


def _app(hub: Hub, slug: str, owner: str | None = None) -> App:
    """The App, in its first installation or in that on an account."""
    mine = [each for each in hub.apps if each.slug == slug]
    found = next((each for each in mine if owner is None or each.account is hub.actor(owner)), None)
    if found is None:
        raise NotFound()
    return found
