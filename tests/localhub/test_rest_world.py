"""The hub's own side: built-in project workflows, auto-merge, the log of writes, faults on order, the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from talk import Json, LocalHub

ADD = "mutation($p: ID!, $c: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }"
COLUMN = """query($i: ID!) { node(id: $i) { ... on ProjectV2Item {
    fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } } } } }"""
AUTO = """mutation($p: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $p}) {
    pullRequest { autoMergeRequest { enabledBy { login } } } } }"""


@pytest.fixture
def owner(hub: LocalHub) -> Json:
    return hub.person("owner")


@pytest.fixture
def org(hub: LocalHub, owner: Json) -> str:
    return hub.org(**{owner["login"]: "admin"})


def propose(client: httpx.Client, repo: str, head: str) -> Json:
    client.post(f"{repo}/git/refs", json={"ref": "refs/heads/work", "sha": head})
    client.put(f"{repo}/contents/new.txt", json={"message": "Add", "content": "eA==", "branch": "work"})
    opened: Json = client.post(f"{repo}/pulls", json={"title": "Work", "head": "work", "base": "main"}).json()
    return opened


def test_a_closed_issue_goes_to_done_by_itself(hub, owner, org):
    """The built-in workflow writes Status as GitHub's own bot, and the timeline says it was automated."""
    made = hub.repo(org)
    board = hub.admin("projects", {"owner": org, "title": "Board", "status": ["Ready", "Done"]})
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    issue = client.post(f"{repo}/issues", json={"title": "Do it"}).json()
    added = hub.graphql(owner["token"], ADD, p=board["id"], c=issue["node_id"])
    item = added["data"]["addProjectV2ItemById"]["item"]["id"]
    client.patch(f"{repo}/issues/{issue['number']}", json={"state": "closed"})
    seen = hub.graphql(owner["token"], COLUMN, i=item)
    assert seen["data"]["node"]["fieldValueByName"] == {"name": "Done"}
    moved = [each for each in client.get(f"{repo}/issues/1/events").json() if "status" in each]
    assert [(each["actor"]["login"], each["status"], each["was_automated"]) for each in moved] == [
        ("github-project-automation[bot]", "Done", True)
    ]


def test_a_pull_request_merges_by_itself_once_its_check_passes(hub, owner, org):
    """Auto-merge waits for the required check and then merges in the name of whoever asked for it."""
    made = hub.repo(org, protection={"main": {"required_checks": ["ci"]}})
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    pull = propose(client, repo, made["head"])
    hub.graphql(owner["token"], AUTO, p=pull["node_id"])
    hub.idle()
    assert client.get(pull["url"]).json()["merged"] is False
    client.post(f"{repo}/statuses/{pull['head']['sha']}", json={"state": "success", "context": "ci"})
    hub.idle()
    merged = client.get(pull["url"]).json()
    assert (merged["merged"], merged["merged_by"]["login"]) == (True, owner["login"])


def test_the_log_tells_every_write_in_order(hub, owner):
    """Who did what, oldest first."""
    made = hub.repo(owner["login"])
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    client.post(f"{repo}/issues", json={"title": "One"})
    client.post(f"{repo}/issues/1/comments", json={"body": "Two"})
    client.patch(f"{repo}/issues/1", json={"state": "closed"})
    log = hub.admin("log")
    mine = [each["verb"] for each in log if each["actor"] == owner["login"]]
    assert mine == ["issue opened", "comment created", "issue closed"]
    assert hub.admin(f"log?after={len(log) - 1}") == log[-1:]


def test_a_turned_clock_is_every_records_clock(hub, owner):
    """What is committed through the API is as late as what is commented; reset, the clock is true."""
    made = hub.repo(owner["login"])
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    client.post(f"{repo}/issues", json={"title": "One"})
    hub.admin("clock", {"advance_seconds": 1800})
    comment = client.post(f"{repo}/issues/1/comments", json={"body": "Two"}).json()
    file = {"message": "Three", "content": "", "branch": "main"}
    commit = client.put(f"{repo}/contents/three.txt", json=file).json()["commit"]
    hub.admin("clock", method="DELETE")
    after = client.post(f"{repo}/issues/1/comments", json={"body": "Four"}).json()
    assert comment["created_at"] <= commit["committer"]["date"]
    assert after["created_at"] < comment["created_at"]


def test_dependencies_and_sub_issues_are_summed_up(hub, owner):
    """An issue says how many it waits for and how many of its parts are done."""
    made = hub.repo(owner["login"])
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    one, two = (client.post(f"{repo}/issues", json={"title": title}).json() for title in ("One", "Two"))
    client.post(f"{repo}/issues/1/dependencies/blocked_by", json={"issue_id": two["id"]})
    client.post(f"{repo}/issues/1/sub_issues", json={"sub_issue_id": two["id"]})
    client.patch(f"{repo}/issues/2", json={"state": "closed"})
    seen = client.get(f"{repo}/issues/1").json()
    assert seen["issue_dependencies_summary"]["blocked_by"] == 0
    assert seen["issue_dependencies_summary"]["total_blocked_by"] == 1
    assert seen["sub_issues_summary"] == {"total": 1, "completed": 1, "percent_completed": 100}
    assert [each["id"] for each in client.get(f"{repo}/issues/2/dependencies/blocking").json()] == [one["id"]]


def test_a_fault_after_the_work_has_done_the_work(hub, owner):
    """`status_after` answers 502 although the comment is there; the next request is healthy again."""
    made = hub.repo(owner["login"])
    client, repo = hub.rest(owner["token"]), f"/repos/{made['full_name']}"
    client.post(f"{repo}/issues", json={"title": "One"})
    match = {"method": "POST", "path": f"{made['full_name']}/issues/1/comments"}
    hub.admin("faults", {"match": match, "kind": "status_after", "status": 502, "skip": 1})
    answers = [client.post(f"{repo}/issues/1/comments", json={"body": str(n)}).status_code for n in range(3)]
    assert answers == [201, 502, 201]
    assert len(client.get(f"{repo}/issues/1/comments").json()) == 3


def test_a_graphql_operation_can_be_broken_off_or_left_waiting(hub, owner):
    """A fault finds its operation by a part of the document: `reset` breaks the line, `timeout` never answers."""
    body = {"query": "query Whoami { viewer { login } }"}
    headers = {"authorization": f"Bearer {owner['token']}"}
    hub.admin("faults", {"match": {"operation": "Whoami"}, "kind": "reset"})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{hub.url}/graphql", json=body, headers=headers)
    hub.admin("faults", {"match": {"operation": "Whoami"}, "kind": "timeout"})
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{hub.url}/graphql", json=body, headers=headers, timeout=0.2)
    assert httpx.post(f"{hub.url}/graphql", json=body, headers=headers).json()["data"]["viewer"]["login"]


def test_serve_says_where_it_listens_and_ends_cleanly():
    """`localhub serve` prints one line when it is ready, and SIGTERM is a clean end."""
    command = [str(Path(sys.executable).with_name("localhub")), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert httpx.get(f"{ready.split()[-1]}/meta").status_code == 200
        process.terminate()
        assert (process.wait(10), process.stdout.read()) == (0, "")
