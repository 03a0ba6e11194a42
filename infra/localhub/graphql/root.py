"""The query root: where every read begins."""

from __future__ import annotations

import re
from typing import Any

from localhub.graphql.errors import Refusal, unknown, unknown_node
from localhub.graphql.kinds import type_name
from localhub.graphql.view import View
from localhub.model import Actor, Repo

RESOURCE = re.compile(r"//[^/]+/(?P<repo>[^/]+/[^/]+)(?:/(?:issues|pull)/(?P<number>\d+))?/?$")


class QueryView(View[Any]):
    types = ("Query",)

    def viewer(self) -> Actor:
        return self.caller.actor

    def node(self, id: str) -> Any:
        record = self.hub.nodes.get(id)
        if record is None or not self.context.readable(record):
            raise unknown_node(id)
        if type_name(record) is None:
            raise Refusal("NOT_SIMULATED", f"A node like '{id}' is not simulated by localhub")
        return record

    def nodes(self, ids: list[str]) -> list[Any]:
        """Each id for itself: one unknown leaves null and an error in its place."""
        return [self._node_or_error(node_id) for node_id in ids]

    def repository(self, owner: str, name: str, follow_renames: bool = True) -> Repo:
        repo = self.hub.repo(f"{owner}/{name}")
        if repo is None or not self.context.readable(repo):
            raise unknown("Repository", f"name '{owner}/{name}'")
        return repo

    def organization(self, login: str) -> Actor:
        return self._actor(login, "Organization")

    def user(self, login: str) -> Actor:
        return self._actor(login, "User")

    def repository_owner(self, login: str) -> Actor | None:
        actor = self.hub.actor(login)
        return actor if actor and actor.kind != "Bot" else None

    def resource(self, url: str) -> Any:
        """What lies at an address of the pages, whatever the host: clients think that they talk to another one."""
        place = RESOURCE.search(url)
        repo = self.hub.repo(place["repo"]) if place else None
        found = repo.issues.get(int(place["number"])) if place and repo and place["number"] else repo
        return found if found is not None and self.context.readable(found) else None

    def rate_limit(self, dry_run: bool = False) -> dict[str, Any]:
        window = self.hub.meter.window(self.caller.counts_as, "graphql")
        return {
            "cost": self.context.cost.points,
            "limit": window.limit,
            "nodeCount": self.context.cost.nodes,
            "remaining": window.remaining,
            "resetAt": window.reset,
            "used": window.used,
        }

    def _actor(self, login: str, kind: str) -> Actor:
        actor = self.hub.actor(login)
        if actor is None or actor.kind != kind:
            raise unknown(kind, f"login of '{login}'")
        return actor

    def _node_or_error(self, node_id: str) -> Any:
        """graphql-core takes an exception in a list as that entry's error."""
        try:
            return self.node(node_id)
        except Refusal as refusal:
            return refusal
