"""The pages where people make an App from a manifest and install it. Nobody signs in here: a page asks who you are."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import Request
from starlette.responses import Response

from localhub import installations, manifests, people
from localhub.errors import Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, App
from localhub.rest.given import World, first

router = APIRouter()
Fields = dict[str, str]


async def fields(request: Request) -> Fields:
    """What a form sends."""
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}


Form = Annotated[Fields, Depends(fields)]


@router.post("/organizations/{login}/settings/apps/new")
@router.post("/settings/apps/new")
async def propose(hub: World, form: Form, login: str = "", state: str = "") -> Response:
    """The manifest comes from another place's form; here a person may change the name and says yes."""
    try:
        manifest = manifests.check(json.loads(form.get("manifest", "")))
    except ValueError:
        raise Unprocessable("Invalid GitHub App configuration. Error the manifest is no JSON.") from None
    whose = _organization(hub, login) if login else None
    kept = {"manifest": json.dumps(manifest), "state": state}
    name = f'Name <input name="name" value="{html.escape(str(manifest.get("name", "")))}">'
    permissions = manifest.get("default_permissions") or {}
    wanted = "".join(f"<li>{html.escape(f'{what}: {level}')}</li>" for what, level in permissions.items())
    title = f"Create GitHub App for {login or 'yourself'}"
    there = f"/organizations/{login}/settings/apps" if login else "/settings/apps"
    return _page(title, f"<ul>{wanted}</ul>", there, kept, name, _who(hub, whose))


@router.post("/organizations/{login}/settings/apps")
@router.post("/settings/apps")
async def confirm(hub: World, form: Form, login: str = "") -> Response:
    by = people.find(hub, form["by"])
    owner = _organization(hub, login) if login else by
    if login and owner.members.get(by.login.lower()) != "admin":
        raise Unprocessable(f"{by.login} is no owner of {login}")
    manifest = manifests.check(json.loads(form["manifest"]))
    there = manifests.confirm(hub, owner, manifest, form.get("name", ""), form.get("state", ""))
    return RedirectResponse(there, 302)


@router.get("/apps/{slug}/installations/new")
async def choose(hub: World, slug: str) -> Response:
    app = _app(hub, slug)
    accounts = [app.owner or app.account] if not app.public else _accounts(hub)
    where = _select("account", (each.login for each in accounts))
    which = 'Only these repositories (empty: all) <input name="repositories" placeholder="owner/name owner/name">'
    return _page(f"Install {app.name or slug}", "", f"/apps/{slug}/installations", {}, where, which, _who(hub, None))


@router.post("/apps/{slug}/installations")
async def install(hub: World, slug: str, form: Form) -> Response:
    account, by = people.find(hub, form["account"]), people.find(hub, form["by"])
    if account is not by and account.members.get(by.login.lower()) != "admin":
        raise Unprocessable(f"{by.login} is no owner of {account.login}")
    installations.install(hub, _app(hub, slug), account, form.get("repositories", "").split() or None, by)
    return HTMLResponse(f"<!doctype html><title>Installed</title><p>Installed on {html.escape(account.login)}.</p>")


def _page(title: str, about: str, there: str, kept: Fields, *asked: str) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in kept.items()
    )
    rows = "".join(f"<p><label>{each}</label></p>" for each in asked)
    button = f"<button>{html.escape(title)}</button>"
    form = f'<form method="post" action="{html.escape(there)}">{hidden}{rows}{button}</form>'
    heading = html.escape(title)
    return HTMLResponse(f"<!doctype html><title>{heading}</title><h1>{heading}</h1>{about}{form}")


def _who(hub: Hub, organization: Actor | None) -> str:
    """Those who may: an organization's owners, else anybody."""
    everybody = [each for each in hub.actors.values() if each.kind == "User"]
    if organization is not None:
        everybody = [each for each in everybody if organization.members.get(each.login.lower()) == "admin"]
    return f"You are {_select('by', (each.login for each in everybody))}"


def _select(name: str, choices: Iterable[str]) -> str:
    options = "".join(f"<option>{html.escape(each)}</option>" for each in choices)
    return f'<select name="{name}">{options}</select>'


def _accounts(hub: Hub) -> list[Actor]:
    return [each for each in hub.actors.values() if each.kind != "Bot"]


def _organization(hub: Hub, login: str) -> Actor:
    return first(each for each in hub.actors.values() if each.kind == "Organization" and each is hub.actor(login))


def _app(hub: Hub, slug: str) -> App:
    return first(each for each in hub.apps if each.slug == slug)
