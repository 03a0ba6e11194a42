"""An App is made from a manifest as GitHub does it: a page, a way back with a code, one exchange, an installation."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import jwt
import pytest
from browser import Form
from talk import LocalHub

BACK = "http://127.0.0.1:1/back"


class Makers:
    """Ann owns an organization with a repository, and a browser."""

    def __init__(self, hub: LocalHub) -> None:
        self.hub, self.ann = hub, hub.person("ann")
        self.org = hub.org(**{self.ann["login"]: "admin"})
        self.repo = hub.repo(self.org, private=True)["full_name"]
        self.name = hub.name("Sluice of the day ")
        self.browser = httpx.Client(base_url=hub.url, verify=False, timeout=30)

    def manifest(self, **changed: Any) -> dict[str, Any]:
        usual = {"name": self.name, "url": "http://sluice.test", "redirect_url": BACK, "public": False}
        return {**usual, "default_permissions": {"issues": "write"}, **changed}

    def propose(self, manifest: dict[str, Any]) -> httpx.Response:
        there = f"/organizations/{self.org}/settings/apps/new"
        return self.browser.post(there, params={"state": "mine"}, data={"manifest": json.dumps(manifest)})

    def confirm(self, manifest: dict[str, Any]) -> httpx.URL:
        form = Form(self.propose(manifest).text)
        return httpx.URL(self.browser.post(form.action, data=form.fields).headers["location"])

    def convert(self, code: str) -> httpx.Response:
        return self.browser.post(f"/app-manifests/{code}/conversions")

    def made(self, **changed: Any) -> dict[str, Any]:
        answer = self.convert(self.confirm(self.manifest(**changed)).params["code"])
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def as_app(self, made: dict[str, Any]) -> httpx.Client:
        now = int(time.time())
        key = jwt.encode({"iss": str(made["id"]), "iat": now - 60, "exp": now + 540}, made["pem"], "RS256")
        return self.hub.rest(key)


@pytest.fixture
def makers(hub: LocalHub) -> Makers:
    return Makers(hub)


def test_the_way_back_has_a_code_that_is_good_once(makers: Makers):
    """The browser comes back with the state it left with; the App's key and secrets are told once."""
    back = makers.confirm(makers.manifest(hook_attributes={"url": "http://sluice.test/hook"}))
    assert (back.copy_with(query=None), back.params["state"]) == (BACK, "mine")
    told = makers.convert(back.params["code"])
    made = told.json()
    assert told.status_code == 201 and made["pem"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert made["webhook_secret"] and made["client_secret"] and made["owner"]["login"] == makers.org
    assert makers.convert(back.params["code"]).status_code == 404


def test_a_code_ends_after_an_hour(makers: Makers):
    """Whoever comes back late starts again."""
    code = makers.confirm(makers.manifest()).params["code"]
    makers.hub.admin("clock", {"advance_seconds": 3600})
    assert makers.convert(code).status_code == 404
    makers.hub.admin("clock", method="DELETE")


def test_it_is_nowhere_until_it_is_installed(makers: Makers):
    """The new App signs with its key, has no installation, and gets one on GitHub's page."""
    made = makers.made()
    assert made["webhook_secret"] is None
    with makers.as_app(made) as app:
        assert app.get("/app").json()["installations_count"] == 0
        assert app.get("/app/installations").json() == []
        form = Form(makers.browser.get(f"/apps/{made['slug']}/installations/new").text)
        assert form.fields["account"] == makers.org  # private: nowhere else
        makers.browser.post(form.action, data=form.fields | {"by": makers.ann["login"]}).raise_for_status()
        [installed] = app.get("/app/installations").json()
        assert (installed["account"]["login"], installed["permissions"]["issues"]) == (makers.org, "write")
        token = app.post(f"/app/installations/{installed['id']}/access_tokens").json()["token"]
    with makers.hub.rest(token) as api:
        assert [repo["full_name"] for repo in api.get("/installation/repositories").json()["repositories"]] == [
            makers.repo
        ]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"url": ""}, '"url" wasn\'t supplied'),
        ({"hook_attributes": {"active": False}}, '"url" wasn\'t supplied'),
        ({"default_events": ["push", "installation"]}, "Default events unsupported: installation"),
    ],
)
def test_a_manifest_github_does_not_take(makers: Makers, changed: dict[str, Any], why: str):
    """A webhook without an address, even a sleeping one, and events that no App subscribes to, are refused."""
    told = makers.propose(makers.manifest(**changed))
    assert told.status_code == 422 and why in told.json()["message"]


def test_a_name_belongs_to_one_app(makers: Makers):
    """On all of GitHub."""
    makers.made()
    form = Form(makers.propose(makers.manifest()).text)
    told = makers.browser.post(form.action, data=form.fields)
    assert told.status_code == 422 and "already taken" in told.json()["message"]


def test_anybody_may_ask_whether_an_owner_is_an_organization(makers: Makers):
    """Before there is any token; of what is not public nothing is told."""
    assert makers.browser.get(f"/users/{makers.org}").json()["type"] == "Organization"
    assert makers.browser.get(f"/users/{makers.ann['login']}").json()["type"] == "User"
    assert makers.browser.get("/users/nobody-at-all").status_code == 404
    assert makers.browser.get(f"/repos/{makers.repo}").status_code == 401
