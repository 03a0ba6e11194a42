"""Stories of webhooks: what a receiver is told of what people, the bot and CI do."""

from __future__ import annotations

from hooked import World
from shop import git


def test_a_delivery_is_signed_and_says_where_it_comes_from(world: World) -> None:
    """Headers and envelope are GitHub's; the delivery is on record with its answer."""
    world.shop.post("issues", {"title": "Broken", "body": "It is"})
    world.settle()
    assert world.receiver.names == ["issues.opened"]
    head, body = world.receiver.got[0]
    assert head["user-agent"].startswith("GitHub-Hookshot/") and head["content-type"] == "application/json"
    assert head["x-github-hook-installation-target-id"] == str(world.app["app_id"])
    assert head["x-github-hook-installation-target-type"] == "integration" and head["x-github-hook-id"]
    assert body["issue"]["title"] == "Broken" and body["sender"]["login"] == world.shop.ann["login"]
    assert body["repository"]["full_name"] == world.shop.name and body["organization"]["login"] == world.owner
    assert body["installation"]["id"] == world.app["installation_id"]
    recorded = [each for each in world.hub.admin("deliveries") if each["guid"] == head["x-github-delivery"]]
    assert [(each["status_code"], each["redelivery"]) for each in recorded] == [(204, False)]


def test_the_apps_own_deeds_come_back_with_it_as_the_sender(world: World) -> None:
    """A bot that comments hears of its comment."""
    world.shop.post("issues", {"title": "Broken"})
    with world.hub.rest(world.app["token"]) as api:
        assert api.post(f"/repos/{world.shop.name}/issues/1/comments", json={"body": "On it"}).status_code == 201
    world.settle()
    (body,) = world.receiver.bodies("issue_comment.created")
    assert body["sender"]["login"] == world.app["login"] and body["sender"]["type"] == "Bot"
    assert body["comment"]["body"] == "On it" and body["issue"]["number"] == 1


def test_a_failed_delivery_is_recorded_and_not_repeated(world: World) -> None:
    """GitHub tries once: a receiver that was down has to look into the log of deliveries."""
    world.receiver.status = 500
    world.shop.post("issues", {"title": "Lost"})
    world.settle()
    world.receiver.status = 204
    world.shop.post("issues", {"title": "Found"})
    world.settle()
    assert [body["issue"]["title"] for body in world.receiver.bodies("issues.opened")] == ["Lost", "Found"]
    world.change(webhook_url=None)
    world.shop.post("issues", {"title": "Unheard"})
    world.settle()
    assert len(world.receiver.got) == 2


def test_a_push_tells_its_commits(world: World) -> None:
    """before, after, ref, commits with their files, head commit and pusher; a new branch is created first."""
    first = world.shop.push("src/a.py", "1", "topic", "Add a\n\nMore words")
    second = world.shop.push("src/a.py", "2", "topic", "Change a")
    git(world.shop.checkout, "push", "-q", "origin", ":topic")
    git(world.shop.checkout, "push", "-q", "origin", "HEAD:refs/sluice/work/1")
    world.settle()
    assert world.receiver.names == ["create", "push", "push", "push", "delete"]
    created, changed, deleted = world.receiver.bodies("push")
    assert (created["created"], created["before"], created["after"]) == (True, "0" * 40, first)
    assert [(each["message"], each["added"]) for each in created["commits"]] == [("Add a\n\nMore words", ["src/a.py"])]
    assert (changed["ref"], changed["before"], changed["after"]) == ("refs/heads/topic", first, second)
    assert changed["head_commit"]["id"] == second and changed["head_commit"]["modified"] == ["src/a.py"]
    assert changed["pusher"]["name"] == world.shop.ann["login"] and not changed["forced"]
    assert (deleted["deleted"], deleted["after"], deleted["head_commit"]) == (True, "0" * 40, None)
    assert world.receiver.bodies("create")[0]["ref"] == "topic"


def test_a_moved_card_is_a_hint_without_an_issue_number(world: World) -> None:
    """projects_v2_item comes from the organization: no repository, but who moved it and from where to where."""
    hub, token = world.hub, world.app["token"]
    board = hub.admin("projects", {"owner": world.owner, "title": "Board", "status": ["Ready", "Doing"]})
    issue = world.shop.post("issues", {"title": "Broken"}).json()
    add = "mutation($p: ID!, $c: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }"
    item = hub.graphql(token, add, p=board["id"], c=issue["node_id"])["data"]["addProjectV2ItemById"]["item"]["id"]
    move = """mutation($p: ID!, $i: ID!, $f: ID!, $o: String!) { updateProjectV2ItemFieldValue(input: {
      projectId: $p, itemId: $i, fieldId: $f, value: {singleSelectOptionId: $o}}) { projectV2Item { id } } }"""
    values = {"p": board["id"], "i": item, "f": board["status_field"], "o": board["options"]["Ready"]}
    assert "errors" not in hub.graphql(token, move, **values)
    world.settle()
    (body,) = world.receiver.bodies("projects_v2_item.edited")
    assert "repository" not in body and body["organization"]["login"] == world.owner
    assert body["projects_v2_item"]["node_id"] == item
    assert body["projects_v2_item"]["content_node_id"] == issue["node_id"]
    change = body["changes"]["field_value"]
    assert (change["field_name"], change["field_type"], change["from"]) == ("Status", "single_select", None)
    assert change["to"]["name"] == "Ready" and change["project_number"] == board["number"]
    assert body["sender"]["login"] == world.app["login"]


def test_checks_and_runs_are_told_from_beginning_to_end(world: World) -> None:
    """A push that starts a workflow: the run is requested, begins and ends; its check run and suite too."""
    sha = world.shop.push(".github/workflows/ci.yml", "name: CI\non: push\njobs: {test: {steps: [{run: echo ok}]}}")
    world.settle()
    assert world.receiver.names == [
        "push",
        "workflow_run.requested",
        "check_run.created",
        "workflow_run.in_progress",
        "check_run.completed",
        "check_suite.completed",
        "workflow_run.completed",
    ]
    done = world.receiver.bodies("workflow_run.completed")[0]
    assert (done["workflow"]["name"], done["workflow_run"]["conclusion"]) == ("CI", "success")
    assert (done["workflow_run"]["head_sha"], done["workflow_run"]["run_attempt"]) == (sha, 1)
    check = world.receiver.bodies("check_run.completed")[0]["check_run"]
    assert (check["name"], check["conclusion"], check["head_sha"]) == ("test", "success", sha)
    suite = world.receiver.bodies("check_suite.completed")[0]["check_suite"]
    assert (suite["conclusion"], suite["app"]["slug"]) == ("success", "github-actions")


def test_a_status_names_the_branches_that_hold_its_commit(world: World) -> None:
    """A status is about a commit; the branches are how a receiver finds the pull request."""
    sha = world.shop.push("a", "1", "topic")
    world.shop.push("b", "2", "topic")
    world.shop.post(f"statuses/{sha}", {"state": "error", "context": "coverage"})
    world.settle()
    (body,) = world.receiver.bodies("status")
    assert [branch["name"] for branch in body["branches"]] == ["topic"] and body["state"] == "error"


def test_a_pull_requests_life_is_told(world: World) -> None:
    """Opened, moved, reviewed, merged; each with the head it was about."""
    shop = world.shop
    first = shop.push("a", "1", "topic")
    number = shop.open_pull("topic")
    second = shop.push("a", "2", "topic")
    with world.hub.rest(world.app["token"]) as api:
        api.post(f"/repos/{shop.name}/pulls/{number}/reviews", json={"event": "COMMENT", "body": "Nice"})
    assert shop.get(f"pulls/{number}").json()["mergeable"] is None
    world.settle()
    with world.hub.rest(shop.ann["token"]) as api:
        merged = api.put(f"/repos/{shop.name}/pulls/{number}/merge", json={"sha": second, "merge_method": "squash"})
    assert merged.status_code == 200, merged.text
    world.settle()
    opened, moved = (world.receiver.bodies(f"pull_request.{action}")[0] for action in ("opened", "synchronize"))
    assert (opened["number"], opened["pull_request"]["head"]["sha"]) == (number, first)
    assert (moved["before"], moved["after"], moved["pull_request"]["head"]["sha"]) == (first, second, second)
    review = world.receiver.bodies("pull_request_review.submitted")[0]
    assert (review["review"]["state"], review["pull_request"]["number"]) == ("commented", number)
    closed = world.receiver.bodies("pull_request.closed")[0]
    assert closed["pull_request"]["merged"] and closed["sender"]["login"] == shop.ann["login"]
    landed = world.receiver.bodies("push")[-1]
    assert (landed["ref"], landed["after"]) == ("refs/heads/main", merged.json()["sha"])


def test_relations_between_issues_are_told(world: World) -> None:
    """A dependency and a sub-issue tell both issues."""
    one, two = (world.shop.post("issues", {"title": title}).json() for title in ("One", "Two"))
    world.shop.post(f"issues/{one['number']}/dependencies/blocked_by", {"issue_id": two["id"]})
    world.shop.post(f"issues/{one['number']}/sub_issues", {"sub_issue_id": two["id"]})
    world.settle()
    blocked = world.receiver.bodies("issue_dependencies.blocked_by_added")[0]
    assert (blocked["blocked_issue"]["number"], blocked["blocking_issue"]["number"]) == (1, 2)
    family = world.receiver.bodies("sub_issues.sub_issue_added")[0]
    assert (family["parent_issue"]["number"], family["sub_issue"]["number"]) == (1, 2)
    assert {"issue_dependencies.blocking_added", "sub_issues.parent_issue_added"} <= set(world.receiver.names)
