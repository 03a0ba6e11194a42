"""What the endpoints below /_hub are told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from localhub.model import Permission

Role = Literal["admin", "member"]


class Order(BaseModel):
    """A body; a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid")


class PersonOrder(Order):
    login: str
    name: str | None = None


class OrgOrder(Order):
    login: str
    members: list[str] | dict[str, Role] = []


class ProtectionOrder(Order):
    required_checks: list[str] = []
    required_approvals: int = 0
    dismiss_stale: bool = True
    strict: bool = False
    merge_queue: bool = False


class RepoOrder(Order):
    owner: str
    name: str
    files: dict[str, str] = {}
    private: bool = False
    collaborators: dict[str, Permission] = {}
    protection: dict[str, ProtectionOrder] = {}
    labels: list[str] = []


class FieldOrder(Order):
    name: str
    data_type: str
    options: list[str] = []


class ProjectOrder(Order):
    owner: str
    title: str
    status: list[str] = ["Todo", "In Progress", "Done"]
    built_in: list[str] | None = None
    fields: list[FieldOrder] = []
    repos: list[str] = []
    public: bool = False
    collaborators: list[str] = []


class AppOrder(Order):
    slug: str
    owner: str
    webhook_url: str | None = None
    secret: str = ""
    events: list[str] = []
    permissions: dict[str, str] = {}
    repositories: list[str] | None = None


class AppChange(Order):
    webhook_url: str | None = None
    webhook_patience: float | None = None
    permissions: dict[str, str] | None = None


class IdleOrder(Order):
    timeout: float = 30.0


class ClockOrder(Order):
    advance_seconds: float
