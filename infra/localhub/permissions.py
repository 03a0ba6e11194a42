"""Who is calling, and what they may do: the only place where access is judged."""

from __future__ import annotations

from dataclasses import dataclass

from localhub.errors import BadCredentials, Forbidden, NotFound
from localhub.hub import Hub
from localhub.model import Actor, App, Permission, Project, Repo, Token

ORDER: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")
LEGACY: dict[Permission, str] = {"maintain": "write", "triage": "read"}  # the `permission` beside `role_name`


@dataclass(frozen=True)
class Caller:
    """The somebody behind a request; `app` is set when an installation token was used."""

    actor: Actor
    app: App | None
    token: Token

    @property
    def login(self) -> str:
        return self.actor.login


def of(repo: Repo, login: str) -> Permission:
    """The role of `login` in `repo`: owner, organization owner, collaborator, member, or the public's read."""
    name = login.lower()
    if repo.owner.login.lower() == name or repo.owner.members.get(name) == "admin":
        return "admin"
    explicit = next((role for who, role in repo.collaborators.items() if who.lower() == name), None)
    if explicit is not None:
        return explicit
    if name in repo.owner.members or not repo.private:
        return "read"
    return "none"


def at_least(role: Permission, needed: Permission) -> bool:
    return ORDER.index(role) >= ORDER.index(needed)


def require(caller: Caller, repo: Repo, needed: Permission, scope: str | None = None) -> None:
    """Refuse as GitHub does: what one may not read does not exist; what one may not do is forbidden.

    `scope` is given for a write: the permission an App must have for it (`issues`, `contents`, `checks` ...).
    """
    role = of(repo, caller.login)
    if not at_least(role, "read"):
        raise NotFound()
    if not at_least(role, needed):
        raise Forbidden(None if caller.app else f"Must have {needed} rights to Repository.")
    if caller.app is not None and scope is not None and not app_may(caller.app, scope, "write"):
        refusal = Forbidden()
        refusal.accepted = f"{scope}=write"
        raise refusal


def app_may(app: App, scope: str, needed: str) -> bool:
    """Whether the App was granted `scope`; an App set up without a list may do everything."""
    granted = app.permissions.get(scope)
    return not app.permissions or granted == needed or granted in ("write", "admin") or scope == "metadata"


def readable_repo(hub: Hub, caller: Caller, full_name: str) -> Repo:
    repo = hub.repo(full_name)
    if repo is None:
        raise NotFound()
    require(caller, repo, "read")
    return repo


def require_project(caller: Caller, project: Project, needed: str) -> None:
    """Projects are their owner's: members, collaborators and the App read and write; others read a public one only."""
    owner, name = project.owner, caller.login.lower()
    if caller.app is not None:
        inside = caller.app.account is owner and owner.kind == "Organization"
        allowed = inside and app_may(caller.app, "organization_projects", needed)
    else:
        inside = owner.login.lower() == name or name in owner.members or name in project.collaborators
        allowed = inside and "project" in caller.token.scopes
    if allowed or (needed == "read" and project.public):
        return
    raise Forbidden() if inside else NotFound()


def authenticate(hub: Hub, header: str | None) -> Caller:
    """The caller behind an `Authorization` header (`Bearer`, `token`)."""
    kind, _, value = (header or "").partition(" ")
    token = hub.tokens.get(value.strip()) if kind.lower() in ("bearer", "token") else None
    if token is None:
        raise BadCredentials()
    return caller_of(hub, token)


def caller_of(hub: Hub, token: Token) -> Caller:
    if token.expires_at is not None and token.expires_at <= hub.now():
        raise BadCredentials()
    return Caller(token.actor, token.app, token)


def acting(actor: Actor, app: App | None = None) -> Caller:
    """A caller for what GitHub itself does in somebody's name (a push that closes an issue, Actions)."""
    return Caller(actor, app, Token("", actor, app))
