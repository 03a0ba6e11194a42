"""Which permission a read of a private repository takes, by what the path names below it."""

from __future__ import annotations

from collections.abc import Sequence

from localhub import grants
from localhub.model import Repo, Token

ISSUES = ("issues", "pull_requests")  # pull requests are issues, so either will do
BELOW_COMMITS = {"check-runs": "checks", "check-suites": "checks", "status": "statuses", "statuses": "statuses"}
FIRST: dict[str, Sequence[str]] = {
    **dict.fromkeys(("issues", "labels", "assignees"), ISSUES),
    **dict.fromkeys(("contents", "git", "branches", "commits", "compare"), ("contents",)),
    **dict.fromkeys(("check-runs", "check-suites"), ("checks",)),
    "pulls": ("pull_requests",),
    "statuses": ("statuses",),
    "actions": ("actions",),
}


def require_read(token: Token, repo: Repo, path: str) -> None:
    """`path` is that of the request: /repos/{owner}/{name}/issues/1."""
    if token.is_classic or not repo.private:
        return
    parts = path.strip("/").split("/")[3:] or [""]
    scopes = FIRST.get(parts[0], ("metadata",))
    if parts[0] == "commits" and parts[-1] in BELOW_COMMITS:
        scopes = (BELOW_COMMITS[parts[-1]],)
    if not any(grants.may(token, scope, "read") for scope in scopes):
        raise grants.ungranted(token, scopes[0], "read")
