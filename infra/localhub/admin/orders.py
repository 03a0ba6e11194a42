"""What the endpoints below /_hub are told."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from localhub.limits import Limits
from localhub.model import Permission

Role = Literal["admin", "member"]


class Order(BaseModel):
    """A body; a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid")


class PersonOrder(Order):
    login: str
    name: str | None = None


class TokenOrder(Order):
    """Classic with `scopes`; with `permissions` it is fine-grained, for what is the `owner`'s (else one's own)."""

    scopes: list[str] = ["repo", "project", "workflow"]
    permissions: dict[str, str] | None = None
    owner: str | None = None
    repositories: list[str] | None = None
    lives_seconds: float | None = None


class OrgOrder(Order):
    login: str
    members: list[str] | dict[str, Role] = []
    public_members: list[str] = []


class ProtectionOrder(Order):
    required_checks: list[str] = []
    required_approvals: int = 0
    dismiss_stale: bool = True
    strict: bool = False
    resolve_threads: bool = False
    merge_queue: bool = False


class RepoOrder(Order):
    owner: str
    name: str
    files: dict[str, str] = {}
    private: bool = False
    collaborators: dict[str, Permission] = {}
    protection: dict[str, ProtectionOrder] = {}
    merge_methods: tuple[Literal["merge", "squash", "rebase"], ...] = ("merge", "squash", "rebase")
    labels: list[str] = []


class RenameOrder(Order):
    name: str


class IterationOrder(Order):
    title: str
    start_date: date
    duration: int = 14


class FieldOrder(Order):
    name: str
    data_type: str
    options: list[str] = []
    iterations: list[IterationOrder] = []


class ProjectOrder(Order):
    owner: str
    title: str
    status: list[str] = ["Todo", "In Progress", "Done"]
    built_in: list[str] | None = None
    fields: list[FieldOrder] = []
    repos: list[str] = []
    public: bool = False
    collaborators: list[str] = []


class StockOrder(Order):
    """So many cards in each column, every one of an issue in this repository."""

    project: str  # its node id
    repo: str
    columns: dict[str, int]


class AppOrder(Order):
    slug: str
    owner: str
    webhook_url: str | None = None
    secret: str = ""
    events: list[str] = []
    permissions: dict[str, str] = {}
    repositories: list[str] | None = None
    key: bool = True  # whether it has a private key, which takes a moment to make


class InstallationOrder(Order):
    owner: str
    permissions: dict[str, str] | None = None
    repositories: list[str] | None = None


class AppChange(Order):
    """`owner` picks one of several installations; `by` is who does it on GitHub's pages, else the account's owner."""

    owner: str | None = None
    webhook_url: str | None = None
    webhook_patience: float | None = None
    events: list[str] | None = None
    permissions: dict[str, str] | None = None
    repositories: list[str] | None = None
    suspended: bool | None = None
    by: str | None = None


class LimitsOrder(Limits):
    """Only what is named changes; with a login, for that caller alone."""

    login: str | None = None


class IdleOrder(Order):
    timeout: float = 30.0


class IndexOrder(Order):
    lag_seconds: float


class ClockOrder(Order):
    advance_seconds: float
