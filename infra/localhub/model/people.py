"""People, organizations and Apps, and the tokens they carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from localhub.model.repos import Repo

Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]


@dataclass(eq=False)
class Actor:
    """Somebody who acts: a person, an organization or a bot (an App's login ends in `[bot]`)."""

    id: int
    node_id: str
    login: str
    kind: Literal["User", "Organization", "Bot"]
    name: str | None = None
    email: str | None = None
    created_at: datetime | None = None
    members: dict[str, Literal["admin", "member"]] = field(default_factory=dict)  # of an organization, by lower login
    public_members: set[str] = field(default_factory=set)  # those of them who let it be seen


@dataclass(eq=False)
class App:
    """A GitHub App with one installation of it; a further one shares all but what is the installation's own."""

    id: int
    slug: str
    actor: Actor
    installation_id: int
    account: Actor
    permissions: dict[str, str]
    events: list[str]
    webhook_url: str | None = None
    webhook_secret: str = ""
    webhook_patience: float = 10.0  # seconds GitHub waits for an answer; a test may make it shorter
    public_key: str = ""  # PEM; checks the App's RS256 tokens
    repositories: list[str] | None = None  # full names it is installed on; None: all of the account's
    installed: bool = True
    suspended_at: datetime | None = None
    suspended_by: Actor | None = None
    further: bool = False  # the App was installed elsewhere before
    owner: Actor | None = None  # whose App it is, when that is not who has it installed
    name: str = ""  # what people call it; empty: its slug
    homepage: str = ""
    public: bool = True  # others than its owner may install it

    @property
    def client_id(self) -> str:
        return f"Iv23li{self.id:014d}"


@dataclass(eq=False)
class Token:
    """A bearer token of a person, classic or fine-grained, or of an App's installation (`app` set)."""

    value: str
    actor: Actor
    app: App | None = None
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ("repo", "project", "workflow")  # of a classic one
    permissions: dict[str, str] | None = None  # of a fine-grained one; the fewer an installation's was minted with
    repositories: list[Repo] | None = None  # the only ones it reaches
    owner: Actor | None = None  # whose repositories and projects alone a fine-grained one is for

    @property
    def counts_as(self) -> str:
        """Whose limits it draws on: all tokens of a person together, and each installation by itself."""
        if self.app is not None and self.app.further:
            return f"{self.actor.login} on {self.app.account.login}"
        return self.actor.login

    @property
    def is_classic(self) -> bool:
        return self.app is None and self.permissions is None
