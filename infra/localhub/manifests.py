"""Apps made from a manifest: what a person confirms on GitHub's page becomes an App when its code is exchanged."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from localhub import people
from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, App

Json = dict[str, Any]
LIFE = timedelta(hours=1)
LONGEST_NAME = 34
# Every App hears of its own installation; to ask for it is an error.
UNASKED = ("installation", "installation_repositories", "github_app_authorization", "meta", "installation_target")


@dataclass(frozen=True)
class Proposal:
    """A manifest that somebody confirmed, waiting to be exchanged."""

    owner: Actor
    name: str
    manifest: Json
    at: datetime


def check(manifest: Any) -> Json:
    """GitHub names the missing key without the object it is missing from."""
    if not isinstance(manifest, dict):
        raise _invalid("the manifest is not a JSON object")
    hook = manifest.get("hook_attributes")
    if not manifest.get("url") or not manifest.get("redirect_url") or (hook is not None and not hook.get("url")):
        raise _invalid('"url" wasn\'t supplied')
    if unasked := [event for event in manifest.get("default_events") or [] if event in UNASKED]:
        raise _invalid(f"Default events unsupported: {', '.join(unasked)}")
    return manifest


def confirm(hub: Hub, owner: Actor, manifest: Json, name: str, state: str) -> str:
    """Where the browser is sent: back to whoever made the manifest, with a code that is good for an hour."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise _invalid(f"Name must have 1 to {LONGEST_NAME} characters")
    if hub.actor(f"{slug_of(name)}[bot]") is not None:
        raise _invalid("Name is already taken")
    code = secrets.token_hex(20)
    hub.manifests[code] = Proposal(owner, name, manifest, hub.now())
    there = str(manifest["redirect_url"])
    asked = {"code": code} | ({"state": state} if state else {})
    return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(asked)}"


async def convert(hub: Hub, code: str) -> tuple[App, Json]:
    """The App, and what is told this one time."""
    proposal: Proposal | None = hub.manifests.pop(code, None)
    if proposal is None or hub.now() - proposal.at >= LIFE:
        raise NotFound()
    private, public = await asyncio.to_thread(new_key)
    slug = slug_of(proposal.name)
    app = people.create_app(hub, slug, proposal.owner, public_key=public, installed=False)
    manifest, hook = proposal.manifest, proposal.manifest.get("hook_attributes")
    app.name, app.homepage, app.public = proposal.name, str(manifest["url"]), bool(manifest.get("public"))
    app.permissions, app.events = manifest.get("default_permissions") or {}, manifest.get("default_events") or []
    if hook is not None:
        app.webhook_url, app.webhook_secret = hook["url"], secrets.token_hex(20)
    hub.record(proposal.owner, "app created", slug)
    return app, {"pem": private, "webhook_secret": app.webhook_secret or None, "client_secret": secrets.token_hex(20)}


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def new_key() -> tuple[str, str]:
    """A private and a public key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _invalid(why: str) -> Unprocessable:
    return Unprocessable(f"Invalid GitHub App configuration. Error {why}.")
