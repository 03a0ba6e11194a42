"""What becomes of an App's installation: made, suspended, given other repositories or permissions, taken away.

People do these things on GitHub's pages, which localhub does not have, so `/_hub/apps` orders them; an App may suspend
and remove its own installation over REST. Everything here tells the App, even one that is suspended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localhub import people
from localhub.errors import Forbidden, NotFound
from localhub.hub import Hub
from localhub.model import Actor, App, Repo


def created(hub: Hub, app: App) -> None:
    """The App has just been installed with everything it was given."""
    _tell(hub, app, "created", owner_of(hub, app.account))


def install(hub: Hub, app: App, account: Actor, repositories: list[str] | None, by: Actor) -> App:
    """On the named repositories or on all; a private App on its owner's account alone."""
    if not app.public and account is not app.owner:
        raise NotFound()
    everywhere = [each for each in hub.apps if each.id == app.id]
    if any(each.installed for each in everywhere):
        made = people.install_again(hub, app, account, permissions=app.permissions, repositories=repositories)
    else:
        made = app
        made.account, made.repositories, made.installed = account, repositories, True
        for repo in hub.repos.values():
            people.let_in(made, repo)
    _tell(hub, made, "created", by)
    return made


def suspend(hub: Hub, app: App, by: Actor) -> None:
    """Its tokens are refused and it hears of nothing until somebody lifts the suspension."""
    if app.suspended_at is None:
        app.suspended_at, app.suspended_by = hub.now(), by
        _tell(hub, app, "suspend", by)


def unsuspend(hub: Hub, app: App, by: Actor) -> None:
    if app.suspended_at is not None:
        app.suspended_at = app.suspended_by = None
        _tell(hub, app, "unsuspend", by)


def uninstall(hub: Hub, app: App, by: Actor) -> None:
    """The App itself lives on, without a place to work in."""
    if not app.installed:
        raise NotFound()
    reached = repositories(hub, app)
    app.installed = False
    for repo in reached:
        people.let_out(app, repo)
    _tell(hub, app, "deleted", by, reached)


def accept(hub: Hub, app: App, permissions: Mapping[str, str], by: Actor) -> None:
    """Somebody agreed to other permissions."""
    app.permissions = dict(permissions)
    _tell(hub, app, "new_permissions_accepted", by)


def choose(hub: Hub, app: App, names: Iterable[str] | None, by: Actor) -> None:
    """The installation reaches these repositories from now on, or all there are and will be."""
    before = repositories(hub, app)
    app.repositories = None if names is None else list(names)
    for repo in hub.repos.values():
        people.let_out(app, repo)
        people.let_in(app, repo)
    after = repositories(hub, app)
    _tell_repositories(hub, app, "added", by, [repo for repo in after if repo not in before])
    _tell_repositories(hub, app, "removed", by, [repo for repo in before if repo not in after])


def repositories(hub: Hub, app: App) -> list[Repo]:
    """The repositories the installation reaches."""
    return [repo for repo in hub.repos.values() if reaches(app, repo)]


def reaches(app: App, repo: Repo) -> bool:
    return repo.owner is app.account and app.actor.login in repo.collaborators


def check_alive(app: App) -> None:
    """What a suspended installation is told, whatever it asks."""
    if app.suspended_at is not None:
        raise Forbidden("This installation has been suspended")


def owner_of(hub: Hub, account: Actor) -> Actor:
    """Who decides about an account's installations: an organization's first owner, or the person."""
    owners = [hub.actor(login) for login, role in account.members.items() if role == "admin"]
    return next((actor for actor in owners if actor is not None), account)


def _tell(hub: Hub, app: App, action: str, by: Actor, reached: list[Repo] | None = None) -> None:
    hub.record(by, f"installation {action}", app.slug)
    found = repositories(hub, app) if reached is None else reached
    hub.emit("installation", action, by, installation=app, repositories=found)


def _tell_repositories(hub: Hub, app: App, action: str, by: Actor, changed: list[Repo]) -> None:
    if not changed:
        return
    hub.record(by, f"installation repositories {action}", f"{app.slug} {' '.join(each.full_name for each in changed)}")
    both: dict[str, Any] = {"added": [], "removed": [], action: changed}
    hub.emit("installation_repositories", action, by, installation=app, **both)
