"""A GitHub App of one's own, made from a manifest: what a browser takes to GitHub, and what comes back for a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from bot.errors import Refused, UserError
from bot.github.auth import API_VERSION
from bot.github.failures import failure, sentence, unreachable
from bot.github.permissions import EVENTS, asked

LONGEST_NAME = 34  # of an App
ABOUT = "Drains a Project board with coding agents."


@dataclass(frozen=True)
class Made:
    """An App that has just come to be. GitHub tells the key and the webhook secret this one time."""

    app_id: int
    slug: str
    owner: str
    page: str  # where it is installed from
    private_key: str
    webhook_secret: str | None


def manifest(owner: str, homepage: str, redirect: str, webhook: str) -> dict[str, Any]:
    """Without a webhook there is no word of one: GitHub refuses a webhook without an address even when it sleeps."""
    name = f"Sluice of {owner}"
    told: dict[str, Any] = {
        "name": name[:LONGEST_NAME].strip(),
        "description": ABOUT,
        "url": homepage,
        "redirect_url": redirect,
        "public": False,
        "default_permissions": asked(),
    }
    hook = {"hook_attributes": {"url": webhook, "active": True}, "default_events": list(EVENTS)}
    return told | (hook if webhook else {})


def form_url(web_url: str, organization: str, state: str) -> str:
    """Where the form is posted to; without an organization the App is the signed-in person's."""
    whose = f"organizations/{quote(organization)}/" if organization else ""
    return f"{web_url}/{whose}settings/apps/new?{urlencode({'state': state})}"


async def convert(api_url: str, code: str) -> Made:
    """Nobody is signed in for this: the code, good for an hour and once, is all there is to show."""
    made = await _call("POST", f"{api_url}/app-manifests/{quote(code, safe='')}/conversions")
    return Made(
        app_id=made["id"],
        slug=made["slug"],
        owner=made["owner"]["login"],
        page=f"{made['html_url']}/installations/new",
        private_key=made["pem"],
        webhook_secret=made["webhook_secret"],
    )


async def kind_of(api_url: str, login: str) -> str:
    """Whether an owner is an `Organization` or a `User`. Anybody may ask, but of a server that shows itself to nobody
    unknown, where most boards are an organization's."""
    try:
        return str((await _call("GET", f"{api_url}/users/{quote(login, safe='')}"))["type"])
    except Refused as error:
        if error.status in (401, 403):
            return "Organization"
        if error.status != 404:
            raise
        raise UserError(f"GitHub knows no organization and nobody called {login}: check the name") from None


async def _call(verb: str, url: str) -> Any:
    headers = {"accept": "application/vnd.github+json", "x-github-api-version": API_VERSION}
    try:
        async with httpx.AsyncClient(headers=headers, timeout=20, follow_redirects=True) as client:
            reply = await client.request(verb, url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(error, write=verb != "GET") from error
    if reply.is_error:
        raise failure(reply.status_code, sentence(reply.text), reply.headers, write=verb != "GET")
    return reply.json()
