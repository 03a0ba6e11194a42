"""Who may come in with what: an App's key, its installation's tokens, and people's tokens of both kinds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from shop import attempt, commit, git
from talk import Json, LocalHub

OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EVERYTHING = dict.fromkeys(("contents", "issues", "pull_requests", "checks", "organization_projects"), "write")


class Shops:
    """An App on an organization with a private repository, a public one, a board and Ann as a writer."""

    def __init__(self, hub: LocalHub) -> None:
        self.hub, self.ann = hub, hub.person("ann")
        self.org = hub.org(self.ann["login"])
        roles = {"collaborators": {self.ann["login"]: "write"}}
        self.private = str(hub.repo(self.org, private=True, **roles)["full_name"])
        self.public = str(hub.repo(self.org, **roles)["full_name"])
        self.board = hub.admin("projects", {"owner": self.org, "title": "Board"})
        self.app = hub.admin("apps", {"slug": hub.name("bot"), "owner": self.org, "permissions": EVERYTHING})
        for repo in (self.private, self.public):
            self.rest(self.ann["token"], "POST", f"/repos/{repo}/issues", title="One")

    def rest(self, token: str, verb: str, path: str, **body: Any) -> Any:
        with self.hub.rest(token) as api:
            return api.request(verb, path, json=body or None)

    def key(self, **claims: Any) -> str:
        """What the App shows for itself."""
        now = int(time.time())
        every = {"iss": str(self.app["app_id"]), "iat": now - 60, "exp": now + 540} | claims
        return jwt.encode(
            {name: claim for name, claim in every.items() if claim is not None}, self.app["private_key"], "RS256"
        )

    def mint(self, **asked: Any) -> Json:
        there = f"/app/installations/{self.app['installation_id']}/access_tokens"
        made = self.rest(self.key(), "POST", there, **asked)
        assert made.status_code == 201, made.text
        minted: Json = made.json()
        return minted

    def person(self, **order: Any) -> str:
        return str(self.hub.admin(f"people/{self.ann['login']}/tokens", order)["token"])


@pytest.fixture
def shops(hub: LocalHub) -> Shops:
    return Shops(hub)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iat": 100}, "'Issued at' claim ('iat')"),
        ({"iat": -60, "exp": -1}, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"exp": 660}, "'Expiration time' claim ('exp') is too far in the future"),
        ({"exp": None}, "could not be decoded"),
        ({"iat": None}, "could not be decoded"),
    ],
)
def test_a_key_is_for_ten_minutes_from_now(shops: Shops, claims: dict[str, int | None], said: str) -> None:
    """From the future, over, for too long, or without an end: refused with GitHub's words; seconds are from now."""
    now = int(time.time())
    shown = shops.key(**{name: None if at is None else now + at for name, at in claims.items()})
    refused = shops.rest(shown, "GET", "/app")
    assert refused.status_code == 401 and said in refused.json()["message"]


def test_a_key_must_be_the_apps_own(shops: Shops) -> None:
    """Its id or client id will do; another's key, another algorithm or an App nobody knows will not."""
    now = int(time.time())
    claims = {"iss": str(shops.app["app_id"]), "iat": now - 60, "exp": now + 60}
    shown = shops.rest(shops.key(), "GET", "/app").json()
    assert shops.rest(shops.key(iss=shown["client_id"]), "GET", "/app").json()["id"] == shown["id"]
    for wrong in (
        jwt.encode(claims, OTHER_KEY, "RS256"),
        jwt.encode(claims, "s" * 32, "HS256"),
        "no.thing.",
        "nothing",
    ):
        refused = shops.rest(wrong, "GET", "/app")
        assert (refused.status_code, refused.json()["message"]) == (401, "A JSON web token could not be decoded")
    unknown = shops.rest(shops.key(iss="1"), "GET", "/app")
    assert (unknown.status_code, unknown.json()["message"]) == (404, "Integration not found")
    assert shops.rest(shops.app["token"], "GET", "/app").status_code == 401  # an installation is not the App
    assert shops.rest(shops.key(), "GET", f"/repos/{shops.public}").status_code == 401  # nor the App an installation


def test_an_installation_token_is_long_and_has_dots(shops: Shops) -> None:
    """ghs_, the App's id and a JWT; good for an hour, over at once when it is given up."""
    minted = shops.mint()
    prefix, app, rest = minted["token"].split("_", 2)
    assert (prefix, app, rest.count(".")) == ("ghs", str(shops.app["app_id"]), 2) and len(minted["token"]) > 150
    lives = jwt.decode(rest, options={"verify_signature": False})["exp"] - shops.hub.now().timestamp()
    assert 3590 < lives <= 3600 and minted["expires_at"].endswith("Z")
    assert shops.rest(minted["token"], "GET", f"/repos/{shops.private}").status_code == 200
    assert shops.rest(minted["token"], "DELETE", "/installation/token").status_code == 204
    assert shops.rest(minted["token"], "GET", f"/repos/{shops.private}").status_code == 401


def test_a_token_is_narrowed_to_permissions(shops: Shops, tmp_path: Path) -> None:
    """What it was not minted with is 403 and named, over REST, GraphQL and git; more than the App has is 422."""
    minted = shops.mint(permissions={"issues": "read", "contents": "read"})
    token, private = minted["token"], f"/repos/{shops.private}"
    assert minted["permissions"] == {"metadata": "read", "issues": "read", "contents": "read"}
    assert shops.rest(token, "GET", f"{private}/issues/1").status_code == 200
    for verb, path, needed in (
        ("POST", f"{private}/issues/1/comments", "issues=write"),
        ("GET", f"{private}/pulls", "pull_requests=read"),
        ("GET", f"{private}/commits/main/check-runs", "checks=read"),
        ("POST", f"/repos/{shops.public}/issues", "issues=write"),
    ):
        refused = shops.rest(token, verb, path, title="Two", body="Two")
        assert (refused.status_code, refused.headers["x-accepted-github-permissions"]) == (403, needed)
        assert refused.json()["message"] == "Resource not accessible by integration"
    assert shops.rest(token, "GET", f"/repos/{shops.public}/pulls").status_code == 200  # anybody may read these
    written = shops.hub.graphql(
        token,
        "mutation($id: ID!) { closeIssue(input: {issueId: $id}) { clientMutationId } }",
        id=shops.rest(token, "GET", f"{private}/issues/1").json()["node_id"],
    )
    assert [error["type"] for error in written["errors"]] == ["FORBIDDEN"]
    git(tmp_path, "clone", "-q", shops.hub.clone_url(shops.private, token), "work")
    commit(tmp_path / "work", "a", "1")
    assert "403" in attempt(tmp_path / "work", "push", "origin", "HEAD:refs/heads/topic").stderr
    there = f"/app/installations/{shops.app['installation_id']}/access_tokens"
    assert shops.rest(shops.key(), "POST", there, permissions={"administration": "write"}).status_code == 422


def test_a_role_is_no_substitute_for_a_permission(hub: LocalHub) -> None:
    """An App that may administer gives people roles; what any other may not do there or elsewhere is named."""
    org, stranger, bob = hub.org(), hub.org(), hub.person("bob")["login"]
    mine, theirs = (f"/repos/{hub.repo(owner)['full_name']}" for owner in (org, stranger))
    for granted, path, status in (
        ({"administration": "write"}, f"{mine}/collaborators/{bob}", 204),
        ({"issues": "write"}, f"{mine}/collaborators/{bob}", 403),
        ({"administration": "write"}, f"{theirs}/collaborators/{bob}", 403),
    ):
        app = hub.admin("apps", {"slug": hub.name("bot"), "owner": org, "permissions": granted})
        answer = hub.rest(app["token"]).put(path, json={"permission": "push"})
        assert answer.status_code == status
    assert answer.headers["x-accepted-github-permissions"] == "administration=write"


def test_what_a_private_repository_holds_is_kept_from_tokens_without_the_permission(shops: Shops) -> None:
    """GraphQL refuses a pull request, a check or a commit where it is asked for, and answers the rest."""
    token = shops.mint(permissions={"issues": "read"})["token"]
    owner, name = shops.private.split("/")
    answer = shops.hub.graphql(
        token,
        "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {"
        " issue(number: 1) { title } defaultBranchRef { name } object(expression: \"main\") { oid } } }",
        owner=owner, name=name,
    )  # fmt: skip
    assert answer["data"]["repository"] == {"issue": {"title": "One"}, "defaultBranchRef": None, "object": None}
    assert [(error["type"], error["path"][1]) for error in answer["errors"]] == [
        ("FORBIDDEN", "defaultBranchRef"),
        ("FORBIDDEN", "object"),
    ]


def test_a_token_is_narrowed_to_repositories(shops: Shops, tmp_path: Path) -> None:
    """Others are read only if anybody may, written never, and a private one does not exist."""
    minted = shops.mint(repositories=[shops.public.split("/")[1]])
    token = minted["token"]
    assert minted["repository_selection"] == "selected"
    assert [each["full_name"] for each in minted["repositories"]] == [shops.public]
    listed = shops.rest(token, "GET", "/installation/repositories").json()
    assert [each["full_name"] for each in listed["repositories"]] == [shops.public]
    assert shops.rest(token, "GET", f"/repos/{shops.private}").status_code == 404
    assert "not found" in attempt(tmp_path, "ls-remote", shops.hub.clone_url(shops.private, token)).stderr
    assert shops.rest(token, "POST", f"/repos/{shops.public}/issues", title="Two").status_code == 201
    hidden = shops.rest(shops.ann["token"], "GET", f"/repos/{shops.private}").json()["id"]
    other = shops.mint(repository_ids=[hidden])["token"]
    assert shops.rest(other, "POST", f"/repos/{shops.public}/issues", title="Two").status_code == 403
    assert shops.rest(other, "GET", f"/repos/{shops.public}/issues").status_code == 200
    there = f"/app/installations/{shops.app['installation_id']}/access_tokens"
    refused = shops.rest(shops.key(), "POST", there, repositories=["elsewhere"])
    assert refused.status_code == 422 and "not accessible to the parent installation" in refused.json()["message"]


def test_an_app_may_be_installed_on_several_accounts(shops: Shops) -> None:
    """Each installation has tokens, permissions, repositories and limits of its own; one may go while others stay."""
    hub, slug = shops.hub, str(shops.app["login"]).removesuffix("[bot]")
    other = hub.org()
    theirs = str(hub.repo(other, private=True)["full_name"])
    second = hub.admin(f"apps/{slug}/installations", {"owner": other, "permissions": {"issues": "write"}})
    listed = shops.rest(shops.key(), "GET", "/app/installations").json()
    assert [each["account"]["login"] for each in listed] == [shops.org, other]
    assert shops.rest(shops.key(), "GET", f"/orgs/{other}/installation").json()["id"] == second["installation_id"]
    assert shops.rest(shops.key(), "GET", f"/repos/{theirs}/installation").json()["id"] == second["installation_id"]
    for token, mine, foreign in ((shops.app["token"], shops.private, theirs), (second["token"], theirs, shops.private)):
        found = shops.rest(token, "GET", f"/repos/{mine}")
        assert (found.status_code, shops.rest(token, "GET", f"/repos/{foreign}").status_code) == (200, 404)
    before = int(found.headers["x-ratelimit-used"])
    shops.rest(shops.app["token"], "GET", f"/repos/{shops.private}")
    assert shops.rest(second["token"], "GET", f"/repos/{theirs}").headers["x-ratelimit-used"] == str(before + 2)
    refused = shops.rest(second["token"], "POST", f"/repos/{theirs}/git/refs", ref="refs/heads/x", sha="0" * 40)
    assert refused.headers["x-accepted-github-permissions"] == "contents=write"
    hub.admin(f"apps/{slug}?owner={other}", method="DELETE")
    assert shops.rest(second["token"], "GET", f"/repos/{theirs}").status_code == 401
    assert shops.rest(shops.app["token"], "GET", f"/repos/{shops.private}").status_code == 200


def test_a_classic_token_has_scopes(shops: Shops, tmp_path: Path) -> None:
    """Without `repo` a private repository is not there and nothing is written; boards and workflows need their own."""
    bare, public = shops.person(scopes=[]), shops.person(scopes=["public_repo"])
    for token in (bare, public):
        assert shops.rest(token, "GET", f"/repos/{shops.private}").status_code == 404
        assert shops.rest(token, "GET", f"/repos/{shops.public}").status_code == 200
    refused = shops.rest(bare, "POST", f"/repos/{shops.public}/issues", title="Two")
    assert (refused.status_code, refused.headers["x-accepted-oauth-scopes"]) == (404, "public_repo, repo")
    written = shops.rest(public, "POST", f"/repos/{shops.public}/issues", title="Two")
    assert (written.status_code, written.headers["x-oauth-scopes"]) == (201, "public_repo")
    reader = shops.person(scopes=["repo", "read:project"])
    look = "query($id: ID!) { node(id: $id) { ... on ProjectV2 { title } } }"
    draft = 'mutation($id: ID!) { addProjectV2DraftIssue(input: {projectId: $id, title: "x"}) { clientMutationId } }'
    assert shops.hub.graphql(reader, look, id=shops.board["id"])["data"]["node"] == {"title": "Board"}
    for token, document in ((public, look), (reader, draft)):
        (error,) = shops.hub.graphql(token, document, id=shops.board["id"])["errors"]
        assert error["type"] == "INSUFFICIENT_SCOPES" and "project" in error["message"]
    git(tmp_path, "clone", "-q", shops.hub.clone_url(shops.public, public), "work")
    commit(tmp_path / "work", ".github/workflows/ci.yml", "on: push\n")
    pushed = attempt(tmp_path / "work", "push", "origin", "HEAD:refs/heads/topic")
    assert "refusing to allow a Personal Access Token" in pushed.stderr and "without `workflow` scope" in pushed.stderr


def test_a_fine_grained_token_has_permissions_for_one_owner(shops: Shops) -> None:
    """As an installation's, in the person's name; beyond its owner or its repositories it only reads what is public."""
    token = shops.person(permissions={"issues": "write"}, owner=shops.org, repositories=[shops.private])
    assert token.startswith("github_pat_")
    written = shops.rest(token, "POST", f"/repos/{shops.private}/issues", title="Two")
    assert written.json()["user"]["login"] == shops.ann["login"] and "x-oauth-scopes" not in written.headers
    for repo, path in ((shops.public, "issues"), (shops.private, "git/refs")):
        refused = shops.rest(token, "POST", f"/repos/{repo}/{path}", title="Two", ref="refs/heads/x", sha="0" * 40)
        assert refused.json()["message"] == "Resource not accessible by personal access token"
    assert refused.headers["x-accepted-github-permissions"] == "contents=write"
    elsewhere = shops.hub.repo(shops.ann["login"], private=True)["full_name"]
    assert shops.rest(token, "GET", f"/repos/{elsewhere}").status_code == 404
    brief = shops.person(permissions={"issues": "read"}, owner=shops.org, lives_seconds=-1)
    assert shops.rest(brief, "GET", f"/repos/{shops.private}").status_code == 401


def test_the_association_of_private_members_is_wrong(hub: LocalHub, tmp_path: Path) -> None:
    """A member is NONE, and CONTRIBUTOR once merged, unless it is public, in both APIs; permissions know better."""
    ann, bob = (hub.person(name) for name in ("ann", "bob"))
    order = {"members": [ann["login"], bob["login"]], "public_members": [bob["login"]]}
    org = hub.admin("orgs", {"login": hub.name("org"), **order})["login"]
    roles = {ann["login"]: "admin", bob["login"]: "write"}
    repo = f"/repos/{hub.repo(org, collaborators=roles)['full_name']}"
    with hub.rest(ann["token"]) as api, hub.rest(bob["token"]) as theirs:
        ids = []
        for client, title, who in ((api, "One", "NONE"), (theirs, "Two", "MEMBER")):
            made = client.post(f"{repo}/issues", json={"title": title}).json()
            ids.append(made["node_id"])
            assert made["author_association"] == who
        look = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue { authorAssociation } } }"
        shown = hub.graphql(bob["token"], look, ids=ids)["data"]["nodes"]
        assert [each["authorAssociation"] for each in shown] == ["NONE", "MEMBER"]
        assert api.get(f"{repo}/collaborators/{ann['login']}/permission").json()["role_name"] == "admin"
        head = api.get(f"{repo}/git/ref/heads/main").json()["object"]["sha"]
        api.post(f"{repo}/git/refs", json={"ref": "refs/heads/topic", "sha": head})
        api.put(f"{repo}/contents/a", json={"message": "a", "content": "YQ==", "branch": "topic"})
        api.post(f"{repo}/pulls", json={"title": "Three", "head": "topic", "base": "main"})
        assert api.put(f"{repo}/pulls/3/merge").status_code == 200
        assert api.get(f"{repo}/issues/1").json()["author_association"] == "CONTRIBUTOR"
