"""What every REST answer has in common: headers, refusals, ETags, pages, and what is counted."""

from __future__ import annotations

import re
import subprocess

import pytest
from talk import Json, LocalHub


@pytest.fixture
def owner(hub: LocalHub) -> Json:
    return hub.person("owner")


@pytest.fixture
def repo(hub: LocalHub, owner: Json) -> str:
    return f"/repos/{hub.repo(owner['login'])['full_name']}"


def counted(hub: LocalHub, login: str) -> Json:
    figures: Json = hub.admin(f"counters?login={login}")
    return figures


def test_refusals_look_like_github_s(hub, owner, repo):
    """A wrong token is 401; what is not there, or has no route, is 404 with its documentation; 422 says which field."""
    assert hub.rest("nonsense").get(repo).json()["message"] == "Bad credentials"
    assert hub.rest("nonsense").get(repo).status_code == 401
    client = hub.rest(owner["token"])
    for path in (f"{repo}/issues/99", f"{repo}/issues/x", "/repos/no/where", "/no/such/route", "/teapots"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json().items() >= {"message": "Not Found", "status": "404"}.items()
        assert "documentation_url" in answer.json()
        assert "x-github-request-id" in answer.headers
    untitled = client.post(f"{repo}/issues", json={"title": " "})
    assert (untitled.status_code, untitled.json()["message"]) == (422, "Validation Failed")
    assert untitled.json()["errors"] == [{"resource": "Issue", "field": "title", "code": "missing_field"}]
    garbled = client.post(f"{repo}/issues", content=b"{", headers={"content-type": "application/json"})
    assert (garbled.status_code, garbled.json()["message"]) == (400, "Problems parsing JSON")


def test_what_is_of_the_wrong_kind_is_refused(hub, owner, repo):
    """Values that are no string, number, object or list where GitHub describes one, and a date that is none: 422."""
    client = hub.rest(owner["token"])
    client.post(f"{repo}/issues", json={"title": 5, "labels": [{"name": "bug"}, "ui"]})
    issue = client.get(f"{repo}/issues/1").json()
    assert (issue["title"], [each["name"] for each in issue["labels"]]) == ("5", ["bug", "ui"])
    number = client.post(f"{repo}/issues/1/sub_issues", json={"sub_issue_id": "1"})
    assert number.json()["message"] == "Invalid request.\n\nFor 'properties/sub_issue_id', \"1\" is not an integer."
    for verb, path, sent in (
        ("PATCH", "issues/1", {"title": ["x"]}),
        ("PATCH", "issues/1", {"assignees": "bob"}),
        ("POST", "issues", {"title": "x", "labels": [5]}),
        ("PUT", "issues/1/labels", {"labels": "bug"}),
        ("PUT", "contents/a", {"message": "a"}),
        ("GET", "issues?since=yesterday", None),
    ):
        assert client.request(verb, f"{repo}/{path}", json=sent).status_code == 422, path


def test_head_is_get_without_the_body(hub, owner, repo):
    """The same status and headers, counted as a read."""
    client = hub.rest(owner["token"])
    whole, head = client.get(repo), client.head(repo)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", whole.headers["etag"])
    assert int(head.headers["x-ratelimit-used"]) == int(whole.headers["x-ratelimit-used"]) + 1
    assert client.head(f"{repo}/issues/99").status_code == 404


def test_an_unchanged_answer_is_304_and_free(hub, owner, repo):
    """The ETag of a read answers 304 until something changes, and a 304 costs nothing of the hour."""
    client = hub.rest(owner["token"])
    first = client.get(repo)
    again = client.get(repo, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    client.post(f"{repo}/issues", json={"title": "New"})
    assert client.get(repo, headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_pages_link_to_each_other(hub, owner, repo):
    """Following `next` from page to page gives every issue once, newest first."""
    client = hub.rest(owner["token"])
    for number in range(5):
        client.post(f"{repo}/issues", json={"title": f"Issue {number}"})
    url, seen = f"{repo}/issues?per_page=2", []
    while url:
        answer = client.get(url)
        seen += [issue["number"] for issue in answer.json()]
        following = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        url = following[1] if following else ""
    assert seen == [5, 4, 3, 2, 1]


def test_rate_headers_follow_the_rate_limit_resource(hub, owner, repo):
    """Every call takes one of 5,000; asking for the limit is free; the newer API version leaves out `rate`."""
    client = hub.rest(owner["token"])
    used = int(client.get(repo).headers["x-ratelimit-used"])
    limits = client.get("/rate_limit").json()
    assert limits["resources"]["core"]["used"] == limits["rate"]["used"] == used
    assert limits["resources"]["core"]["limit"] == 5000
    newer = client.get("/rate_limit", headers={"x-github-api-version": "2026-03-10"}).json()
    assert "rate" not in newer
    assert client.get(repo, headers={"x-github-api-version": "1999-01-01"}).status_code == 400


def test_only_new_content_counts_as_content(hub, owner, repo):
    """An issue and a comment are two content-creating writes; edits, labels and reactions are none."""
    client = hub.rest(owner["token"])
    client.post(f"{repo}/issues", json={"title": "One", "labels": ["bug"]})
    comment = client.post(f"{repo}/issues/1/comments", json={"body": "Two"}).json()
    client.patch(f"{repo}/issues/comments/{comment['id']}", json={"body": "Too"})
    client.post(f"{repo}/issues/comments/{comment['id']}/reactions", json={"content": "rocket"})
    client.patch(f"{repo}/issues/1", json={"state": "closed"})
    figures = counted(hub, owner["login"])
    assert (figures["rest_requests"], figures["content_requests"]) == (5, 2)


def test_an_app_is_counted_under_its_bot_and_held_to_its_permissions(hub, owner):
    """What an App may not write is 403 and names the permission that would do."""
    org = hub.org(owner["login"])
    made = hub.repo(org)
    app = hub.admin("apps", {"slug": hub.name("app"), "owner": org, "permissions": {"issues": "write"}})
    client = hub.rest(app["token"])
    where = f"/repos/{made['full_name']}"
    assert client.post(f"{where}/issues", json={"title": "By the App"}).json()["user"]["login"] == app["login"]
    refused = client.post(f"{where}/git/refs", json={"ref": "refs/heads/x", "sha": made["head"]})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["x-accepted-github-permissions"] == "contents=write"
    assert counted(hub, app["login"])["content_requests"] == 1


def test_an_installation_token_ends_after_an_hour(hub, owner):
    """The App's token is refused once its hour is over; a person's token lasts."""
    org = hub.org(owner["login"])
    app = hub.admin("apps", {"slug": hub.name("app"), "owner": org})
    assert hub.rest(app["token"]).get("/installation/repositories").status_code == 200
    hub.admin("clock", {"advance_seconds": 3601})
    late = hub.rest(app["token"]).get("/installation/repositories")
    person = hub.rest(owner["token"]).get("/user")
    hub.admin("clock", {"advance_seconds": -3601})  # the server is shared
    assert (late.status_code, person.status_code) == (401, 200)


def test_what_is_only_named_like_an_apps_installation_is_read_with_a_token(hub, owner):
    """A repository, a branch and a file called `installation` are no place where an App has to show its key."""
    made = hub.admin("repos", {"owner": owner["login"], "name": "installation", "files": {"installation": "here\n"}})
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    assert client.get(repo).json()["name"] == "installation"
    client.post(f"{repo}/git/refs", json={"ref": "refs/heads/new/installation", "sha": made["head"]})
    assert client.get(f"{repo}/git/ref/heads/new/installation").json()["object"]["sha"] == made["head"]
    assert client.get(f"{repo}/contents/installation").json()["name"] == "installation"


def test_below_api_v3_the_addresses_lie_there_too(hub, owner, repo):
    """As on Enterprise Server, every API address in an answer leads back below /api/v3."""
    client = hub.rest(owner["token"])
    seen = client.get(f"/api/v3{repo}").json()
    assert seen["url"] == f"{hub.url}/api/v3{repo}"
    assert client.get(seen["url"]).json()["id"] == seen["id"]


def test_files_are_read_and_written_with_the_sha_they_replace(hub, owner, repo):
    """A write without the sha of what it replaces is refused; with it, the branch moves by one commit."""
    client = hub.rest(owner["token"])
    path = f"{repo}/contents/README.md"
    before = client.get(path).json()
    new = {"message": "Say more", "content": "TW9yZQo="}
    assert client.put(path, json=new).status_code == 422
    assert client.put(path, json=new | {"sha": "0" * 40}).status_code == 409
    written = client.put(path, json=new | {"sha": before["sha"]})
    assert client.get(path, headers={"accept": "application/vnd.github.raw+json"}).text == "More\n"
    history = client.get(f"{repo}/commits").json()
    assert [each["commit"]["message"] for each in history] == ["Say more", "Initial commit"]
    assert history[0]["sha"] == written.json()["commit"]["sha"]
    compared = client.get(f"{repo}/compare/{history[1]['sha']}...main").json()
    assert (compared["status"], compared["ahead_by"], compared["files"][0]["filename"]) == ("ahead", 1, "README.md")


def test_a_former_name_leads_to_the_present_one(hub, owner, repo):
    """With 301, and with 307 for a write; GraphQL and git follow by themselves."""
    present = f"{repo}-renamed"
    hub.admin(repo, {"name": present.rpartition("/")[2]}, method="PATCH")
    client, login = hub.rest(owner["token"]), owner["login"]
    answer = client.get(f"{repo}/issues?state=all")
    assert (answer.status_code, answer.headers["location"]) == (301, f"{hub.url}{present}/issues?state=all")
    written = client.post(f"{repo}/issues", json={"title": "Here"}, follow_redirects=True)
    assert written.history[0].status_code == 307 and written.json()["url"] == f"{hub.url}{present}/issues/1"
    query = "query($o: String!, $n: String!) { repository(owner: $o, name: $n) { nameWithOwner } }"
    found = hub.graphql(owner["token"], query, o=login, n=repo.rpartition("/")[2])
    assert found["data"]["repository"]["nameWithOwner"] == present.removeprefix("/repos/")
    url = hub.clone_url(repo.removeprefix("/repos/"), owner["token"])
    assert "refs/heads/main" in subprocess.run(["git", "ls-remote", url], capture_output=True, text=True).stdout
