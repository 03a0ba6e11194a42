"""People, organizations, bots and Apps. A bot's login has no `[bot]` in GraphQL, except where it is the viewer."""

from __future__ import annotations

from typing import Any

from localhub.graphql.connections import connection, ordered
from localhub.graphql.errors import unknown
from localhub.graphql.view import View, read
from localhub.model import Actor, App, Project, Repo


class ActorView(View[Actor]):
    types = ("User", "Organization", "Bot")
    plain = read(id="node_id", databaseId="id", login="login", createdAt="created_at")

    def url(self) -> str:
        return f"{self.hub.base_url}/{self.record.login}"

    def resource_path(self) -> str:
        return f"/{self.record.login}"

    def avatar_url(self, size: int | None = None) -> str:
        return f"{self.hub.base_url}/avatars/u/{self.record.id}"


class BotView(View[Actor]):
    types = ("Bot",)

    def login(self) -> str:
        return self.record.login.removesuffix("[bot]")

    def url(self) -> str:
        return f"{self.hub.base_url}/apps/{self.login()}"

    def resource_path(self) -> str:
        return f"/apps/{self.login()}"


class OwnerView(View[Actor]):
    """What people and organizations own."""

    types = ("User", "Organization")
    plain = read(name="name")

    def email(self) -> str:
        return self.record.email or ""

    def project_v2(self, number: int) -> Project:
        for project in self._projects():
            if project.number == number:
                return project
        raise unknown("ProjectV2", f"number {number}")

    def projects_v2(
        self, query: str | None = None, order_by: Any = None, min_permission_level: Any = None, **page: Any
    ) -> Any:
        found = [project for project in self._projects() if (query or "").lower() in project.title.lower()]
        keys = {"NUMBER": lambda each: each.number, "TITLE": lambda each: each.title.lower()}
        if order_by and order_by["field"] not in keys:
            keys[order_by["field"]] = lambda each: each.updated_at
        return connection(ordered(found, order_by, keys), page)

    def repository(self, name: str, follow_renames: bool = True) -> Repo:
        repo = self.hub.repo(f"{self.record.login}/{name}")
        if repo is None or not self.context.readable(repo):
            raise unknown("Repository", f"name '{self.record.login}/{name}'")
        return repo

    def repositories(self, order_by: Any = None, **rest: Any) -> Any:
        page = {bound: rest.get(bound) for bound in ("first", "last", "after", "before")}
        found = [repo for repo in self.hub.repos.values() if repo.owner is self.record and self.context.readable(repo)]
        return connection(ordered(found, order_by, REPOSITORY_ORDER), page)

    def _projects(self) -> list[Project]:
        return [each for each in self.hub.projects if each.owner is self.record and self.context.readable(each)]


class UserView(View[Actor]):
    types = ("User",)

    def is_viewer(self) -> bool:
        return self.record is self.caller.actor

    def organizations(self, order_by: Any = None, **page: Any) -> Any:
        name = self.record.login.lower()
        return connection([actor for actor in self.hub.actors.values() if name in actor.members], page)


class OrganizationView(View[Actor]):
    types = ("Organization",)

    def viewer_is_a_member(self) -> bool:
        return self.caller.login.lower() in self.record.members

    def members_with_role(self, **page: Any) -> Any:
        members = [actor for name in self.record.members if (actor := self.hub.actor(name)) is not None]
        return connection(members, page, lambda each: {"role": self.record.members[each.login.lower()].upper()})


class AppView(View[App]):
    types = ("App",)
    plain = read(databaseId="id", slug="slug", name="slug")


REPOSITORY_ORDER = {
    "NAME": lambda repo: repo.name.lower(),
    "CREATED_AT": lambda repo: repo.id,
    "PUSHED_AT": lambda repo: str(repo.pushed_at),
    "UPDATED_AT": lambda repo: str(repo.pushed_at),
}
