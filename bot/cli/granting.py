"""Where what is missing is granted: on an App's pages, or by whoever gave the token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.cli.finding import Finding
from bot.github.auth import Pages
from bot.github.identity import Identity
from bot.github.permissions import Permission, ungranted
from bot.github.surroundings import Installed, installations


@dataclass(frozen=True)
class Granting:
    """Who is to be granted something; without an App it is `login`'s token."""

    login: str
    pages: Pages | None = None
    at: tuple[Installed, ...] = ()
    scopes: frozenset[str] | None = None  # of a classic token

    def lacking(self, owners: Iterable[str], boards: bool) -> Iterator[Finding]:
        """Of the App's permissions, on each of these accounts it is installed on; of a classic token's scopes.

        `boards`: there are some that have no token of their own.
        """
        if self.scopes is not None and (missing := _unscoped(self.scopes, boards)):
            named = " and ".join(f"“{scope}”" for scope in missing)
            told = f"lacks the scope {named}: add it where the token was made, in the settings of {self.login}"
            yield Finding("token", "wrong", told)
        wanted = {owner.casefold() for owner in owners}
        for place in self.at:
            if place.owner.casefold() in wanted:
                yield self._lacking(place)

    def _lacking(self, place: Installed) -> Finding:
        what = f"permissions on {place.owner}"
        missing = ungranted(place.permissions, place.personal)
        if not missing:
            return Finding(what, "ok", "all that Sluice asks for")
        reasons = ", ".join(f"{each} ({each.why})" for each in missing)
        told = f"lacks {reasons}: {self._pages_of(place)}"
        return Finding(what, "wrong" if any(each.essential for each in missing) else "warning", told)

    def remedy(self, permission: Permission, place: str) -> str:
        """What to do so that `permission` is there for a board or repository of that name."""
        owner = place.partition("/")[0].casefold()
        where = next((each for each in self.at if each.owner.casefold() == owner), None)
        if self.pages and where:
            return f"give the App {permission}: {self._pages_of(where)}"
        if self.pages:
            return f"install the App on {place}: {self.pages.installing}"
        scope = "project" if permission.of == "organization" else "repo"
        role = f"give {self.login} the role Write on {place}"
        return f"{role}, and its token the scope “{scope}” (a fine-grained one: {permission})"

    def _pages_of(self, place: Installed) -> str:
        assert self.pages is not None  # there is a place only with an App
        return f"add it at {self.pages.permissions} and accept it at {place.page}"


async def granting(identity: Identity, login: str) -> Granting:
    app = identity.itself()
    if app is None:
        return Granting(login, scopes=await identity.scopes())
    return Granting(login, await app.pages(), tuple(await installations(app)))


def _unscoped(scopes: frozenset[str], boards: bool) -> list[str]:
    """Of a public repository a token without any scope tells the role of its owner, though it may write nothing."""
    repo = [] if scopes & {"repo", "public_repo"} else ["repo"]
    return [*repo, "project"] if boards and "project" not in scopes else repo
