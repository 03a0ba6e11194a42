"""What a token was given, beside what its owner may do: scopes, permissions, and the repositories it reaches.

Three kinds: an installation token has the App's permissions, or the fewer it was minted with; a person's fine-grained
token has permissions too; a person's classic token has scopes. What anybody may read needs no grant.
"""

from __future__ import annotations

from localhub import installations
from localhub.errors import Forbidden, InsufficientScopes
from localhub.model import App, Repo, Token

LEVELS = ("read", "write", "admin")
WORKFLOWS = ".github/workflows/"


def require(token: Token, repo: Repo, scope: str, level: str) -> None:
    """Refuse what the token was not given in this repository, in the words for its kind."""
    if level == "read" and not repo.private:
        return
    if token.is_classic:
        if not _has_scope(token, repo):
            raise lacking(token, ("repo",) if repo.private else ("public_repo", "repo"))
    elif not reaches(token, repo) or not may(token, scope, level):
        raise ungranted(token, scope, level)


def hides(token: Token, repo: Repo) -> bool:
    """A private repository out of the token's reach does not exist."""
    if not repo.private:
        return False
    return not (_has_scope(token, repo) if token.is_classic else reaches(token, repo))


def reaches(token: Token, repo: Repo) -> bool:
    if token.app is not None and not installations.reaches(token.app, repo):
        return False
    if token.owner is not None and repo.owner is not token.owner:
        return False
    return token.repositories is None or repo in token.repositories


def may(token: Token, scope: str, level: str) -> bool:
    """Whether the token carries this permission; the App's own are the most it can have."""
    granted = token.app is None or app_may(token.app, scope, level)
    return granted and (token.permissions is None or _at_least(token.permissions.get(scope), scope, level))


def app_may(app: App, scope: str, level: str) -> bool:
    """Whether the App was granted `scope`; an App set up without a list may do everything."""
    return not app.permissions or _at_least(app.permissions.get(scope), scope, level)


def may_change_workflows(token: Token) -> bool:
    return "workflow" in token.scopes if token.is_classic else may(token, "workflows", "write")


def check_workflows(token: Token, paths: list[str]) -> None:
    """Files of workflows need a grant of their own, whoever may write all else."""
    if any(path.startswith(WORKFLOWS) for path in paths) and not may_change_workflows(token):
        raise lacking(token, ("workflow",)) if token.is_classic else ungranted(token, "workflows", "write")


def ungranted(token: Token, scope: str, level: str) -> Forbidden:
    who = "integration" if token.app else "personal access token"
    refusal = Forbidden(f"Resource not accessible by {who}")
    refusal.headers = {"x-accepted-github-permissions": f"{scope}={level}"}
    return refusal


def lacking(token: Token, scopes: tuple[str, ...]) -> InsufficientScopes:
    given = ", ".join(f"'{scope}'" for scope in token.scopes)
    wanted = ", ".join(f"'{scope}'" for scope in scopes)
    refusal = InsufficientScopes(
        "Your token has not been granted the required scopes to execute this query. It requires one of the following"
        f" scopes: [{wanted}], but your token has only been granted the: [{given}] scopes. Please modify your token's"
        " scopes at: https://github.com/settings/tokens."
    )
    refusal.headers = {"x-accepted-oauth-scopes": ", ".join(scopes)}
    return refusal


def _has_scope(token: Token, repo: Repo) -> bool:
    return "repo" in token.scopes or (not repo.private and "public_repo" in token.scopes)


def _at_least(granted: str | None, scope: str, level: str) -> bool:
    if scope == "metadata":
        return level == "read"
    return granted in LEVELS and LEVELS.index(granted) >= LEVELS.index(level)
