"""Stories of what only Apps are told: their installation, merge groups and dispatches; and the rest of the list."""

from __future__ import annotations

import time

import jwt
from hooked import World


def test_an_installation_is_told_from_its_beginning_to_its_end(world: World) -> None:
    """Created, suspended, allowed more and taken away; while it is suspended nothing else is heard of."""
    slug = world.hub.name("bot")
    order = {"slug": slug, "owner": world.owner, "secret": "It's a Secret to Everybody", "events": ["issues"]}
    app = world.hub.admin("apps", {**order, "webhook_url": world.receiver.url})
    for change in ({"suspended": True}, {"suspended": False}, {"permissions": {"issues": "write"}}):
        world.hub.admin(f"apps/{slug}", change, "PATCH")
        world.shop.post("issues", {"title": "Heard by one of us"})
    world.hub.admin(f"apps/{slug}", method="DELETE")
    world.settle()
    mine = [body for _, body in world.receiver.got if body["installation"]["id"] == app["installation_id"]]
    assert [body["action"] for body in mine] == [
        "created", "suspend", "unsuspend", "opened", "new_permissions_accepted", "opened", "deleted",
    ]  # fmt: skip
    assert [each["full_name"] for each in mine[0]["repositories"]] == [world.shop.name]
    assert mine[1]["installation"]["suspended_at"] and not mine[2]["installation"]["suspended_at"]
    assert mine[4]["installation"]["permissions"]["issues"] == "write"
    assert mine[0]["sender"]["login"] == world.owner and mine[0]["installation"]["app_slug"] == slug


def test_a_suspended_installation_is_refused_and_a_removed_one_unknown(world: World) -> None:
    """Its token is 403 while suspended and 401 once it is gone; no new one is minted. An App may do both itself."""
    app, hub = world.app, world.hub
    now = int(time.time())
    claims = {"iss": str(app["app_id"]), "iat": now - 60, "exp": now + 60}
    with hub.rest(jwt.encode(claims, app["private_key"], "RS256")) as me, hub.rest(app["token"]) as bot:
        there = f"/app/installations/{app['installation_id']}"
        assert me.put(f"{there}/suspended").status_code == 204
        refused = bot.get(f"/repos/{world.shop.name}")
        assert (refused.status_code, refused.json()["message"]) == (403, "This installation has been suspended")
        asked = bot.post("/graphql", json={"query": "{ viewer { login } }"})
        assert (asked.status_code, me.post(f"{there}/access_tokens").status_code) == (403, 403)
        assert me.delete(f"{there}/suspended").status_code == 204
        assert bot.get(f"/repos/{world.shop.name}").status_code == 200
        assert me.delete(there).status_code == 204
        assert bot.get(f"/repos/{world.shop.name}").status_code == 401
        assert me.get(there).status_code == 404 and me.get("/app/installations").json() == []


def test_other_repositories_are_told_and_what_is_gone_is_out_of_reach(world: World) -> None:
    """Added and removed, each with the repositories it is about; a removed one tells nothing any more."""
    other = world.hub.repo(world.owner)["full_name"]
    world.change(repositories=[other])
    world.shop.post("issues", {"title": "Unheard"})
    world.change(repositories=None)
    world.settle()
    assert world.receiver.names == ["installation_repositories.removed", "installation_repositories.added"]
    removed, added = (body for _, body in world.receiver.got)
    assert [each["full_name"] for each in removed["repositories_removed"]] == [world.shop.name]
    assert [each["full_name"] for each in added["repositories_added"]] == [world.shop.name]
    assert (removed["repository_selection"], added["repository_selection"]) == ("selected", "all")


def test_a_merge_group_is_to_be_checked_and_then_gone(world: World) -> None:
    """The queue proposes a commit on a branch of its own; once merged, the group is destroyed."""
    shop, rules = world.shop, {"merge_queue": True}
    world.hub.admin(f"repos/{shop.name}/protection/main", rules, "PUT")
    head = shop.push("a", "1", "topic")
    number = shop.open_pull("topic")
    pull = shop.pull(number)
    enqueue = "mutation($id: ID!) { enqueuePullRequest(input: {pullRequestId: $id}) { clientMutationId } }"
    assert "errors" not in world.hub.graphql(shop.ann["token"], enqueue, id=pull["node_id"])
    world.settle()
    (asked,), (gone,) = (world.receiver.bodies(f"merge_group.{action}") for action in ("checks_requested", "destroyed"))
    group = asked["merge_group"]
    assert group["head_ref"] == f"refs/heads/gh-readonly-queue/main/pr-{number}-{pull['base']['sha']}"
    assert group["base_ref"] == "refs/heads/main" and group["head_commit"]["id"] == group["head_sha"] != head
    assert (gone["reason"], gone["merge_group"]["head_sha"]) == ("merged", group["head_sha"])


def test_dispatches_are_told_and_start_what_listens(world: World) -> None:
    """workflow_dispatch says which workflow on which ref; repository_dispatch carries its sender's own words."""
    world.shop.push(
        ".github/workflows/by-hand.yml",
        "on: {workflow_dispatch: {}, repository_dispatch: {types: [gate]}}\njobs: {a: {steps: [{run: echo hi}]}}",
    )
    world.settle()
    assert world.shop.post("actions/workflows/by-hand.yml/dispatches", {"ref": "main"}).status_code == 204
    for kind in ("gate", "other"):
        said = {"event_type": kind, "client_payload": {"sha": "abc"}}
        assert world.shop.post("dispatches", said).status_code == 204
    assert world.shop.post("dispatches", {"event_type": ""}).status_code == 422
    world.settle()
    (by_hand,), (gate,) = (world.receiver.bodies(name) for name in ("workflow_dispatch", "repository_dispatch.gate"))
    assert (by_hand["ref"], by_hand["workflow"]) == ("refs/heads/main", ".github/workflows/by-hand.yml")
    assert (gate["branch"], gate["client_payload"]) == ("main", {"sha": "abc"})
    runs = [body["workflow_run"]["event"] for body in world.receiver.bodies("workflow_run.completed")]
    assert sorted(runs) == ["repository_dispatch", "workflow_dispatch"]


def test_a_check_that_is_wanted_again_is_told(world: World) -> None:
    """Re-run on a check run or its suite is a word to its App alone and queues the suite, until the App sees to it."""
    sha = world.shop.push("a", "1", "topic")
    with world.hub.rest(world.app["token"]) as bot, world.hub.rest(world.shop.ann["token"]) as ann:
        here = f"/repos/{world.shop.name}"
        run = bot.post(f"{here}/check-runs", json={"name": "gate", "head_sha": sha, "conclusion": "failure"}).json()
        assert ann.post(f"{here}/check-runs/{run['id']}/rerequest").status_code == 201
        asked = ann.get(f"{here}/check-suites/{run['check_suite']['id']}").json()
        assert (asked["status"], asked["conclusion"]) == ("queued", None)
        assert ann.get(f"{here}/check-runs/{run['id']}").json()["conclusion"] == "failure"
        assert ann.post(f"{here}/check-suites/{run['check_suite']['id']}/rerequest").status_code == 201
        bot.patch(f"{here}/check-runs/{run['id']}", json={"status": "in_progress"})
        assert ann.get(f"{here}/check-suites/{run['check_suite']['id']}").json()["status"] == "in_progress"
    world.settle()
    (again,), (suite,) = (world.receiver.bodies(f"{what}.rerequested") for what in ("check_run", "check_suite"))
    assert (again["check_run"]["id"], again["sender"]["login"]) == (run["id"], world.shop.ann["login"])
    assert suite["check_suite"]["head_commit"]["id"] == sha


def test_what_a_check_may_say_is_limited(world: World) -> None:
    """65,535 characters of text, fifty annotations a request, which add up; and no output without a summary."""
    sha = world.shop.push("a", "1", "topic")
    note = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "Hm"}
    with world.hub.rest(world.app["token"]) as bot:
        here = f"/repos/{world.shop.name}/check-runs"
        refused = (
            {"title": "T", "summary": "s" * 65_536},
            {"title": "T", "summary": "s", "text": "t" * 65_536},
            {"title": "T", "summary": "s", "annotations": [note] * 51},
            {"title": "T", "summary": "s", "annotations": [note | {"annotation_level": "odd"}]},
            {"title": "T"},
        )
        for output in refused:
            assert bot.post(here, json={"name": "gate", "head_sha": sha, "output": output}).status_code == 422
        output = {"title": "T", "summary": "s" * 65_535, "annotations": [note] * 50}
        made = bot.post(here, json={"name": "gate", "head_sha": sha, "output": output}).json()
        bot.patch(f"{here}/{made['id']}", json={"output": {"summary": "s", "annotations": [note]}})
        shown = bot.get(f"{here}/{made['id']}").json()["output"]
        assert (shown["annotations_count"], shown["title"], shown["summary"]) == (51, "T", "s")
        assert bot.get(f"{here}/{made['id']}/annotations?per_page=100").json()[50]["message"] == "Hm"


def test_what_reviewers_write_on_lines_is_told(world: World) -> None:
    """A comment on a line, its thread resolved and unresolved, and the comment changed and taken away."""
    shop, hub = world.shop, world.hub
    shop.push("a", "1\n", "topic")
    number = shop.open_pull("topic")
    line = shop.post(f"pulls/{number}/comments", {"body": "Why?", "path": "a", "line": 1, "commit_id": "x"}).json()
    found = hub.graphql(
        shop.ann["token"],
        "query($id: ID!) { node(id: $id) { ... on PullRequest { reviewThreads(first: 1) { nodes { id } } } } }",
        id=shop.pull(number)["node_id"],
    )
    thread = found["data"]["node"]["reviewThreads"]["nodes"][0]["id"]
    for verb in ("resolve", "unresolve"):
        settle = f"mutation($id: ID!) {{ {verb}ReviewThread(input: {{threadId: $id}}) {{ clientMutationId }} }}"
        hub.graphql(shop.ann["token"], settle, id=thread)
    with hub.rest(shop.ann["token"]) as api:
        there = f"/repos/{shop.name}/pulls/comments/{line['id']}"
        assert api.patch(there, json={"body": "Why this?"}).status_code == 200
        assert api.delete(there).status_code == 204
    world.settle()
    told = [name for name in world.receiver.names if name.startswith("pull_request_review_")]
    assert told == [
        "pull_request_review_comment.created",
        "pull_request_review_thread.resolved",
        "pull_request_review_thread.unresolved",
        "pull_request_review_comment.edited",
        "pull_request_review_comment.deleted",
    ]
