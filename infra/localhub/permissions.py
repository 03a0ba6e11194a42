"""Who is calling, and what they may do: the only place where access is judged."""

from __future__ import annotations

from dataclasses import dataclass

from localhub import grants, installations
from localhub.credentials import token_in
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

    @property
    def counts_as(self) -> str:
        return self.token.counts_as

    @property
    def subject(self) -> str:
        """How GitHub names the caller when it counts."""
        return f"installation ID {self.app.installation_id}" if self.app else f"user ID {self.actor.id}"


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


def require(caller: Caller, repo: Repo, needed: Permission, scope: str | None = None, level: str = "write") -> None:
    """Refuse as GitHub does: what one may not read does not exist; what one may not do is forbidden.

    `scope` is what the token must have been given for it, at that level (`issues`, `contents`, `checks` ...). An App
    that may administer needs no role for it.
    """
    role = of(repo, caller.login)
    if not at_least(role, "read") or grants.hides(caller.token, repo):
        raise NotFound()
    if not at_least(role, needed) and not (caller.app and scope == "administration"):
        if caller.app:
            raise grants.ungranted(caller.token, scope, level) if scope else Forbidden()
        raise Forbidden(f"Must have {needed} rights to Repository.")
    if scope is not None:
        grants.require(caller.token, repo, scope, level)


def readable_repo(hub: Hub, caller: Caller, full_name: str) -> Repo:
    repo = hub.repo(full_name)
    if repo is None:
        raise NotFound()
    require(caller, repo, "read")
    return repo


def require_project(caller: Caller, project: Project, needed: str) -> None:
    """Projects are their owner's: members, collaborators and the App read and write; others read a public one only.

    A person's own board is out of reach for Apps and for fine-grained tokens, public or not: no permission names it.
    """
    owner, token = project.owner, caller.token
    personal = owner.kind == "User"
    public = needed == "read" and project.public and not (personal and caller.app)
    if not public and not _belongs(caller, project):
        raise NotFound()
    if token.is_classic and not {"project", f"{needed}:project"} & set(token.scopes):
        raise grants.lacking(token, ("read:project",) if needed == "read" else ("project",))
    if token.is_classic:
        return
    if personal or not (public or grants.may(token, "organization_projects", needed)):
        raise grants.ungranted(token, "organization_projects", needed)


def _belongs(caller: Caller, project: Project) -> bool:
    owner, name, token = project.owner, caller.login.lower(), caller.token
    if caller.app is not None:
        return caller.app.account is owner and owner.kind == "Organization"
    inside = owner.login.lower() == name or name in owner.members or name in project.collaborators
    return inside and token.owner in (None, owner)


def authenticate(hub: Hub, header: str | None) -> Caller:
    """The caller behind an `Authorization` header."""
    token = token_in(hub, header)
    if token is None:
        raise BadCredentials()
    return caller_of(hub, token)


def caller_of(hub: Hub, token: Token) -> Caller:
    if token.expires_at is not None and token.expires_at <= hub.now():
        raise BadCredentials()
    if token.app is not None:
        if not token.app.installed:
            raise BadCredentials()
        installations.check_alive(token.app)
    return Caller(token.actor, token.app, token)


def acting(actor: Actor, app: App | None = None) -> Caller:
    """A caller for what GitHub itself does in somebody's name (a push that closes an issue, Actions)."""
    return Caller(actor, app, Token("", actor, app))
