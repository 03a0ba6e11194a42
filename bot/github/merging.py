"""What changes a pull request's place in the history: merging it, queueing it, bringing it up to date."""

from __future__ import annotations

from bot.context import Written
from bot.core.limits import Importance
from bot.github.documents import Mutation, combine
from bot.github.graphql import GraphQL
from bot.github.rest import Rest


class Merging:
    """Each step names the head it is meant for; GitHub refuses when the branch has moved."""

    def __init__(self, graphql: GraphQL, rest: Rest) -> None:
        self._graphql = graphql
        self._rest = rest

    async def merge(self, repo: str, number: int, head: str, method: str) -> Written:
        """Not mergeable (405) and moved (409) are answers; a method the repository does not allow is a final one."""
        path = f"/repos/{repo}/pulls/{number}/merge"
        body = {"sha": head, "merge_method": method}
        reply = await self._rest.send("PUT", path, body, (405, 409, 422), Importance.FIRST)
        if not reply.ok:
            final = reply.status == 405 and "not allowed" in reply.message
            return Written(ok=False, error=reply.message or f"GitHub answered {reply.status}", final=final)
        return Written(ok=True, id=reply.data["sha"], number=number)

    async def update_branch(self, repo: str, number: int, head: str) -> Written:
        """GitHub does it a moment later; conflicts and a moved head (422) are answers."""
        path = f"/repos/{repo}/pulls/{number}/update-branch"
        reply = await self._rest.send("PUT", path, {"expected_head_sha": head}, values=(409, 422))
        return Written(ok=reply.ok, number=number, error="" if reply.ok else reply.message or "GitHub refused")

    async def enqueue(self, pull_id: str, head: str) -> Written:
        document, variables = combine([Mutation("Enqueue", {"pullRequestId": pull_id, "expectedHeadOid": head})])
        answer = await self._graphql.tell(document, variables, Importance.FIRST)
        entry = (answer.data.get("w0") or {}).get("mergeQueueEntry")
        if not entry:
            return Written(ok=False, error=answer.error_at("w0") or "GitHub did not queue it")
        return Written(ok=True, id=entry["id"])
