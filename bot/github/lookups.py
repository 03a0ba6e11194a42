"""Small facts that are looked up once and remembered: ids of repositories and pull requests."""

from __future__ import annotations

from bot.context import Written
from bot.errors import Refused
from bot.github.graphql import GraphQL


class Lookups:
    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql
        self._repositories: dict[str, str] = {}

    async def repository(self, repo: str) -> str:
        """A repository's node id."""
        if repo not in self._repositories:
            answer = await self._graphql.ask("RepositoryId", _named(repo))
            found = (answer.data.get("repository") or {}).get("id", "")
            if not found:
                raise Refused(f"there is no repository {repo} that this token may read", status=404)
            self._repositories[repo] = found
        return self._repositories[repo]

    async def open_pull(self, repo: str, branch: str) -> Written | None:
        """The open pull request of a branch."""
        answer = await self._graphql.ask("OpenPullOf", {**_named(repo), "branch": branch})
        nodes = ((answer.data.get("repository") or {}).get("pullRequests") or {}).get("nodes") or []
        return Written(ok=True, id=nodes[0]["id"], number=nodes[0]["number"]) if nodes else None


def _named(repo: str) -> dict[str, str]:
    owner, _, name = repo.partition("/")
    return {"owner": owner, "name": name}
