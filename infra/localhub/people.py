"""People, organizations and Apps: how they come to be, and the tokens they carry."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import jwt

from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, App, Repo, Token

ACTIONS = "github-actions[bot]"
PROJECT_AUTOMATION = "github-project-automation[bot]"
PREFIXES = {"User": "U", "Organization": "O", "Bot": "BOT"}
SCOPES = ("repo", "project", "workflow")
TOKEN_LIFE = timedelta(hours=1)


def create_user(hub: Hub, login: str, name: str | None = None) -> Token:
    """A person, and a personal token of theirs."""
    actor = _create(hub, login, "User", name)
    actor.email = f"{login}@users.noreply.localhub"
    return classic_token(hub, actor, SCOPES)


def create_org(
    hub: Hub, login: str, members: dict[str, Literal["admin", "member"]] | None = None, public: Iterable[str] = ()
) -> Actor:
    """Membership is private unless somebody is among the `public`, as it is on GitHub."""
    actor = _create(hub, login, "Organization", None)
    actor.members = {who.lower(): role for who, role in (members or {}).items()}
    actor.public_members = {who.lower() for who in public}
    return actor


def bot(hub: Hub, login: str) -> Actor:
    """The bot of that login, made on first use (GitHub's own bots need no installation)."""
    return hub.actor(login) or _create(hub, login, "Bot", None)


def create_app(
    hub: Hub, slug: str, account: Actor, *, public_key: str, repositories: list[str] | None = None,
    installed: bool = True,
) -> App:  # fmt: skip
    """An App installed on `account`: on the named repositories, or on all there are and will be."""
    app = App(
        id=hub.new_id(), slug=slug, actor=_create(hub, f"{slug}[bot]", "Bot", None), installation_id=hub.new_id(),
        account=account, permissions={}, events=[], public_key=public_key, repositories=repositories,
        installed=installed, owner=account,
    )  # fmt: skip
    hub.apps.append(app)
    for repo in hub.repos.values():
        let_in(app, repo)
    return app


def install_again(hub: Hub, app: App, account: Actor, **own: Any) -> App:
    """A further installation of the App, on another account; `own` is what it is granted there."""
    if any(each.id == app.id and each.account is account and each.installed for each in hub.apps):
        raise Unprocessable("The App is installed on this account already")
    alive: dict[str, Any] = {"installed": True, "suspended_at": None, "suspended_by": None, "further": True}
    made = replace(app, installation_id=hub.new_id(), account=account, **alive | own)
    hub.apps.append(made)
    for repo in hub.repos.values():
        let_in(made, repo)
    return made


def let_in(app: App, repo: Repo) -> None:
    """Give an App its place in a repository it is installed on."""
    wanted = app.repositories is None or repo.full_name.lower() in [name.lower() for name in app.repositories]
    if app.installed and repo.owner is app.account and wanted:
        repo.collaborators[app.actor.login] = "write"


def let_out(app: App, repo: Repo) -> None:
    repo.collaborators.pop(app.actor.login, None)


def installation_token(
    hub: Hub, app: App, permissions: dict[str, str] | None = None, repositories: list[Repo] | None = None
) -> Token:
    """A token of the installation for one hour, with fewer permissions or repositories where so asked.

    In the shape GitHub mints since 2026, `ghs_APPID_JWT`: not 40 characters, with dots. Nobody but the hub reads it.
    """
    until = hub.now() + TOKEN_LIFE
    claims = {"iss": "localhub", "sub": str(app.installation_id), "exp": until, "jti": secrets.token_hex(8)}
    value = f"ghs_{app.id}_{jwt.encode(claims, hub.secret, 'HS256')}"
    return _keep(hub, Token(value, app.actor, app, until, (), permissions, repositories))


def classic_token(hub: Hub, actor: Actor, scopes: Iterable[str], life: timedelta | None = None) -> Token:
    until = hub.now() + life if life else None
    return _keep(hub, Token(f"ghp_{secrets.token_hex(18)}", actor, expires_at=until, scopes=tuple(scopes)))


def fine_grained_token(
    hub: Hub, actor: Actor, owner: Actor, permissions: dict[str, str], repositories: list[Repo] | None = None,
    life: timedelta | None = None,
) -> Token:  # fmt: skip
    """For what is one owner's, with permissions as an App has them."""
    value = f"github_pat_{secrets.token_hex(11)}_{secrets.token_hex(29)}"
    until = hub.now() + life if life else None
    return _keep(hub, Token(value, actor, None, until, (), permissions, repositories, owner))


def find(hub: Hub, login: str) -> Actor:
    actor = hub.actor(login)
    if actor is None:
        raise NotFound()
    return actor


def _create(hub: Hub, login: str, kind: Literal["User", "Organization", "Bot"], name: str | None) -> Actor:
    if hub.actor(login) is not None:
        raise Unprocessable("Login is taken", [{"resource": "User", "field": "login", "code": "already_exists"}])
    actor = Actor(hub.new_id(), "", login, kind, name, created_at=hub.now())
    hub.register(PREFIXES[kind], actor)
    hub.actors[login.lower()] = actor
    return actor


def _keep(hub: Hub, token: Token) -> Token:
    hub.tokens[token.value] = token
    return token
