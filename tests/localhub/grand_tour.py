"""A life that visits every route of localhub's REST API once, and lets every webhook be sent that localhub knows.

It goes through the whole application in this process, as HTTP without a socket: cheap enough to be made for both
versions of the API, and the routes there are can be compared with the routes that were visited.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
from localhub import payloads
from localhub.graphql.execute import run
from localhub.hub import Hub
from localhub.permissions import caller_of
from localhub.rest import ROUTERS
from localhub.server import create_app

Json = Any
WORKFLOW = """
name: gate
on: workflow_dispatch
jobs:
  judge: {runs-on: ubuntu-latest, steps: [{run: echo judged}]}
"""
NOWHERE = "http://127.0.0.1:9/hook"  # what is sent is on record, whether it arrives or not


@dataclass
class Answer:
    method: str
    route: str  # as localhub names it: /repos/{owner}/{name}
    status: int
    body: Json


@dataclass
class Tour:
    """One world, and what it answered to whom."""

    root: Path
    version: str
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub = Hub(self.root, "http://localhub.test")
        transport = httpx.ASGITransport(create_app(self.hub), client=("127.0.0.1", 1))
        self.client = httpx.AsyncClient(transport=transport, base_url=self.hub.base_url)
        self.routes = [route for router in ROUTERS for route in router.routes]

    async def build(self) -> None:
        """Ann administers, Bob writes, the App hears of everything."""
        self.tokens = {who: (await self.admin("people", login=who))["token"] for who in ("ann", "bob")}
        await self.admin("orgs", login="acme", members={"ann": "admin", "bob": "member"})
        files = {"README.md": "hello\n", "src/app.py": "print()\n", ".github/workflows/gate.yml": WORKFLOW}
        order = {"collaborators": {"bob": "write"}, "protection": {"main": {"required_checks": ["ci"]}}}
        await self.admin("repos", owner="acme", name="demo", files=files, **order)
        fields = [
            {"name": "Agent", "data_type": "TEXT"}, {"name": "Size", "data_type": "NUMBER"},
            {"name": "Due", "data_type": "DATE"},
            {"name": "Sprint", "data_type": "ITERATION", "iterations": [{"title": "One", "start_date": "2026-11-16"}]},
        ]  # fmt: skip
        order = {"slug": "sluice", "owner": "acme", "events": list(payloads.BODIES), "webhook_url": NOWHERE}
        self.app = await self.admin("apps", **order)
        for owner in ("acme", "ann"):
            await self.admin("projects", owner=owner, title="Roadmap", status=["Ready", "Done"], fields=fields)
        now = int(time.time())
        claims = {"iss": str(self.app["app_id"]), "iat": now - 60, "exp": now + 540}
        self.tokens |= {"app": self.app["token"], "jwt": jwt.encode(claims, self.app["private_key"], "RS256")}

    async def admin(self, path: str, method: str = "POST", **order: Any) -> Json:
        answer = await self.client.request(method, f"/_hub/{path}", json=order)
        assert answer.is_success, answer.text
        return answer.json()

    async def call(self, who: str, method: str, path: str, status: int | None = None, **sent: Any) -> Json:
        """One request in somebody's name, which succeeds; gives the answer's JSON."""
        headers = {"authorization": f"Bearer {self.tokens[who]}", "x-github-api-version": self.version}
        answer = await self.client.request(method, path, headers=headers, **sent)
        wanted = answer.is_success if status is None else answer.status_code == status
        assert wanted, f"{method} {path}: {answer.status_code} {answer.text}"
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body = answer.json() if answer.content and is_json else None
        self.answers.append(Answer(method, self._route(method, path.partition("?")[0]), answer.status_code, body))
        return body

    async def here(self, who: str, method: str, path: str, json: Json = None, **more: Any) -> Json:
        """As `call`, below the repository."""
        sent = {} if json is None else {"json": json}
        return await self.call(who, method, f"/repos/acme/demo{path}", **sent, **more)

    async def ask(self, who: str, query: str, **variables: Any) -> Json:
        """GraphQL that has to succeed, for what REST cannot do."""
        answer = await run(self.hub, caller_of(self.hub, self.hub.tokens[self.tokens[who]]), query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def mutate(self, who: str, name: str, **given: Any) -> None:
        kind = name[0].upper() + name[1:]
        await self.ask(who, f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ clientMutationId }} }}", i=given)

    async def settle(self) -> None:
        await self.admin("idle", timeout=30)

    def heard(self) -> list[tuple[str, Json]]:
        """Every webhook that was sent, as its receiver reads it."""
        return [(each.event, json.loads(json.dumps(each.payload))) for each in self.hub.deliveries]

    def visited(self) -> set[tuple[str, str]]:
        return {(each.method, each.route) for each in self.answers}

    def unvisited(self) -> set[tuple[str, str]]:
        """The routes that nobody asked for."""
        return {(method, route.path) for route in self.routes for method in route.methods} - self.visited()

    def _route(self, method: str, path: str) -> str:
        for route in self.routes:
            if method in route.methods and route.path_regex.match(path):
                return str(route.path)
        raise LookupError(f"no route for {method} {path}")


async def travel(root: Path, version: str) -> Tour:
    """The whole life, from people and Apps to the last merge."""
    tour = Tour(root, version)
    async with tour.client:
        await tour.build()
        parts = (people, repository, issues, comments, relations, board, boards, actions, pulls, reviews, merging)
        parts = (*parts, own, manifest, apps)
        for part in parts:
            await part(tour)
            await tour.settle()
    return tour


async def people(tour: Tour) -> None:
    for path in ("/", "/meta", "/rate_limit", "/user", "/user/repos", "/users/bob", "/users/bob/repos"):
        await tour.call("ann", "GET", path)
    for path in ("/orgs/acme", "/orgs/acme/repos", "/orgs/acme/members/bob"):
        await tour.call("ann", "GET", path)


async def repository(tour: Tour) -> None:
    for path in ("", "/labels", "/collaborators", "/collaborators/bob", "/collaborators/bob/permission", "/assignees"):
        await tour.here("ann", "GET", path)
    await tour.here("ann", "POST", "/labels", {"name": "bug", "color": "ff0000", "description": "Broken"})
    await tour.here("ann", "GET", "/labels/bug")
    await tour.call("ann", "DELETE", "/repos/acme/demo/collaborators/bob")
    await tour.here("ann", "PUT", "/collaborators/bob", {"permission": "push"})
    for path in ("/branches", "/branches/main", "/branches/main/protection", "/contents/README.md", "/contents/src"):
        await tour.here("ann", "GET", path)
    head = (await tour.here("ann", "GET", "/git/ref/heads/main"))["object"]["sha"]
    for path in ("/git/refs", "/git/refs/heads", "/git/matching-refs/heads", f"/git/commits/{head}"):
        await tour.here("ann", "GET", path)
    await branch(tour, "work")
    made = await write(tour, "work", "new.txt", "one\n")
    changed = await write(tour, "work", "new.txt", "two\n", made["content"]["sha"])
    gone = {"message": "Remove", "branch": "work", "sha": changed["content"]["sha"]}
    await tour.here("bob", "DELETE", "/contents/new.txt", gone)
    last = (await write(tour, "work", "new.txt", "three\n"))["commit"]["sha"]
    for path in ("/commits?sha=work", f"/commits/{last}", "/compare/main...work"):
        await tour.here("ann", "GET", path)
    await tour.here("ann", "POST", "/git/refs", {"ref": "refs/tags/v1", "sha": head})
    await tour.here("ann", "POST", "/git/refs", {"ref": "refs/heads/gone", "sha": head})
    await tour.here("ann", "PATCH", "/git/refs/heads/gone", {"sha": last})
    await tour.here("ann", "DELETE", "/git/refs/heads/gone")


async def issues(tour: Tour) -> None:
    order = {"title": "Broken", "body": "It is", "labels": ["bug"], "assignees": ["bob"]}
    await tour.here("ann", "POST", "/issues", order)
    for method, path, sent in (
        ("PATCH", "", {"title": "Was broken", "body": "It was"}), ("POST", "/labels", {"labels": ["later"]}),
        ("PUT", "/labels", {"labels": ["bug", "now"]}), ("DELETE", "/labels/now", None), ("DELETE", "/labels", None),
        ("DELETE", "/assignees", {"assignees": ["bob"]}), ("POST", "/assignees", {"assignees": ["ann"]}),
        ("PUT", "/lock", {}), ("DELETE", "/lock", None), ("PATCH", "", {"state": "closed"}),
        ("PATCH", "", {"state": "open", "labels": ["bug"]}),
    ):  # fmt: skip
        await tour.here("ann", method, f"/issues/1{path}", sent)
    for path in ("s", "s/1", "s/1/labels", "s/1/timeline", "s/1/events"):
        await tour.here("ann", "GET", f"/issue{path}")


async def comments(tour: Tour) -> None:
    by_app = (await tour.here("app", "POST", "/issues/1/comments", {"body": "On it"}))["id"]
    by_ann = (await tour.here("ann", "POST", "/issues/1/comments", {"body": "Thanks"}))["id"]
    await tour.here("app", "PATCH", f"/issues/comments/{by_app}", {"body": "Done"})
    for path in ("/issues/1/comments", "/issues/comments", f"/issues/comments/{by_ann}", "/issues/1/timeline"):
        await tour.here("ann", "GET", path)
    for subject in ("/issues/1", f"/issues/comments/{by_app}"):
        await reactions(tour, subject)
    await tour.here("ann", "DELETE", f"/issues/comments/{by_ann}")


async def reactions(tour: Tour, subject: str) -> None:
    await tour.here("ann", "POST", f"{subject}/reactions", {"content": "rocket"})
    given = await tour.here("ann", "POST", f"{subject}/reactions", {"content": "eyes"})
    await tour.here("ann", "POST", f"{subject}/reactions", {"content": "eyes"}, status=200)
    await tour.here("ann", "GET", f"{subject}/reactions")
    await tour.here("ann", "DELETE", f"{subject}/reactions/{given['id']}")


async def relations(tour: Tour) -> None:
    other = (await tour.here("bob", "POST", "/issues", {"title": "First this"}))["id"]
    await tour.here("ann", "POST", "/issues/1/dependencies/blocked_by", {"issue_id": other})
    await tour.here("ann", "POST", "/issues/1/sub_issues", {"sub_issue_id": other})
    for path in ("1/dependencies/blocked_by", "2/dependencies/blocking", "1/sub_issues", "2/parent", "1", "1/timeline"):
        await tour.here("ann", "GET", f"/issues/{path}")
    await tour.here("ann", "DELETE", f"/issues/1/dependencies/blocked_by/{other}")
    await tour.here("ann", "DELETE", "/issues/1/sub_issue", {"sub_issue_id": other})


async def board(tour: Tour) -> None:
    """Cards, which only GraphQL can archive, restore and reorder."""
    project = tour.hub.projects[0]
    issue = tour.hub.repos["acme/demo"].issues[1]
    where = {"projectId": project.node_id}
    told = {"status": "ON_TRACK", "body": "All is well.", "startDate": "2026-11-01", "targetDate": "2026-12-24"}
    await tour.mutate("ann", "createProjectV2StatusUpdate", **where, **told)
    await tour.mutate("ann", "addProjectV2ItemById", **where, contentId=issue.node_id)
    await tour.mutate("ann", "addProjectV2DraftIssue", **where, title="A thought", body="why")
    card, thought = project.items
    where |= {"itemId": card.node_id}
    fields = {each.name: each for each in project.fields}
    values = {
        "Status": {"singleSelectOptionId": fields["Status"].options[0].id}, "Agent": {"text": "claude"},
        "Size": {"number": 3}, "Due": {"date": "2026-12-01"},
        "Sprint": {"iterationId": fields["Sprint"].iterations[0].id},
    }  # fmt: skip
    for name, value in values.items():
        await tour.mutate("app", "updateProjectV2ItemFieldValue", **where, fieldId=fields[name].node_id, value=value)
    await tour.here("ann", "GET", "/issues/1/timeline")
    await tour.mutate("ann", "clearProjectV2ItemFieldValue", **where, fieldId=fields["Sprint"].node_id)
    draft = thought.content.node_id
    await tour.mutate("ann", "updateProjectV2DraftIssue", draftIssueId=draft, title="A thought", body="because")
    await tour.mutate("ann", "updateProjectV2ItemPosition", projectId=project.node_id, itemId=thought.node_id)
    repo = tour.hub.repos["acme/demo"].node_id
    await tour.mutate("ann", "convertProjectV2DraftIssueItemToIssue", itemId=thought.node_id, repositoryId=repo)
    for name in ("archiveProjectV2Item", "unarchiveProjectV2Item", "deleteProjectV2Item"):
        await tour.mutate("ann", name, **where)


async def boards(tour: Tour) -> None:
    """The board of the organization, and Ann's own; drafts on hers name her by id."""
    issue = (await tour.here("ann", "GET", "/issues/1"))["id"]
    ann = (await tour.call("ann", "GET", "/user"))["id"]
    for base, drafts in (("/orgs/acme", "/orgs/acme"), ("/users/ann", f"/user/{ann}")):
        board = f"{base}/projectsV2/1"
        await tour.call("ann", "GET", f"{base}/projectsV2")
        await tour.call("ann", "GET", board)
        option = {"name": "High", "color": "RED", "description": "Now"}
        order = {"name": "Priority", "data_type": "single_select", "single_select_options": [option]}
        high = await tour.call("ann", "POST", f"{board}/fields", json=order)
        fields = await tour.call("ann", "GET", f"{board}/fields")
        await tour.call("ann", "GET", f"{board}/fields/{high['id']}")
        card = await tour.call("ann", "POST", f"{board}/items", json={"type": "Issue", "id": issue})
        await tour.call("ann", "POST", f"{drafts}/projectsV2/1/drafts", json={"title": "A thought"})
        ids = {each["name"]: each["id"] for each in fields}
        values = {"Priority": high["options"][0]["id"], "Agent": "claude", "Size": 3, "Due": None}
        sent = {"fields": [{"id": ids[name], "value": value} for name, value in values.items()]}
        await tour.call("ann", "PATCH", f"{board}/items/{card['id']}", json=sent)
        every = ",".join(str(each) for each in ids.values())
        await tour.call("ann", "GET", f"{board}/items?fields={every}&q=is:open")
        await tour.call("ann", "GET", f"{board}/items/{card['id']}")
        await tour.call("ann", "DELETE", f"{board}/items/{card['id']}")


async def actions(tour: Tour) -> None:
    run = "/actions/runs"
    for path in ("/actions/workflows", "/actions/workflows/gate.yml"):
        await tour.here("ann", "GET", path)
    order = {"ref": "main", "return_run_details": True} if tour.version == "2022-11-28" else {"ref": "main"}
    made = await tour.here("app", "POST", "/actions/workflows/gate.yml/dispatches", order)
    await tour.settle()
    run = f"/actions/runs/{made['workflow_run_id']}"
    listed = ("/actions/workflows/gate.yml/runs", "/actions/runs")
    for path in (*listed, run, f"{run}/attempts/1", f"{run}/jobs", f"{run}/artifacts"):
        await tour.here("ann", "GET", path)
    job = (await tour.here("ann", "GET", f"{run}/attempts/1/jobs"))["jobs"][0]["id"]
    for path in (f"/actions/jobs/{job}", f"/actions/jobs/{job}/logs"):
        await tour.here("ann", "GET", path)
    await tour.here("ann", "POST", f"{run}/rerun-failed-jobs")
    await tour.settle()
    await tour.here("ann", "GET", run)
    await tour.here("ann", "POST", f"{run}/rerun")
    await tour.here("ann", "POST", f"{run}/cancel")
    await tour.here("ann", "POST", "/dispatches", {"event_type": "gate", "client_payload": {"why": "elsewhere"}})


async def pulls(tour: Tour) -> None:
    order = {"title": "Add it", "head": "work", "base": "main", "body": "Closes #1", "draft": True}
    number = (await tour.here("bob", "POST", "/pulls", order))["number"]
    pull = f"/pulls/{number}"
    await tour.here("ann", "GET", pull)
    await tour.settle()
    node = (await tour.here("ann", "GET", pull))["node_id"]
    await tour.mutate("bob", "markPullRequestReadyForReview", pullRequestId=node)
    await tour.mutate("bob", "convertPullRequestToDraft", pullRequestId=node)
    await tour.mutate("bob", "markPullRequestReadyForReview", pullRequestId=node)
    for path in ("/pulls", f"{pull}/commits", f"{pull}/files", f"/issues/{number}"):
        await tour.here("ann", "GET", path)
    for method, path, sent in (
        ("POST", "labels", {"labels": ["bug"]}), ("DELETE", "labels/bug", None),
        ("POST", "labels", {"labels": ["now"]}), ("POST", "assignees", {"assignees": ["ann"]}),
        ("DELETE", "assignees", {"assignees": ["ann"]}), ("PUT", "lock", {}), ("DELETE", "lock", None),
    ):  # fmt: skip
        await tour.here("ann", method, f"/issues/{number}/{path}", sent)
    for sent in ({"title": "Add it now"}, {"state": "closed"}, {"state": "open"}):
        await tour.here("bob", "PATCH", pull, sent)
    await write(tour, "work", "more.txt", "more\n")


async def reviews(tour: Tour) -> None:
    number = (await tour.here("ann", "GET", "/pulls"))[0]["number"]
    pull = f"/pulls/{number}"
    await tour.here("bob", "POST", f"{pull}/requested_reviewers", {"reviewers": ["ann"]})
    await tour.here("bob", "GET", f"{pull}/requested_reviewers")
    await tour.here("bob", "DELETE", f"{pull}/requested_reviewers", {"reviewers": ["ann"]})
    line = {"path": "new.txt", "line": 1, "body": "Why three?"}
    pending = (await tour.here("ann", "POST", f"{pull}/reviews", {"body": "Hm", "comments": [line]}))["id"]
    await tour.here("ann", "POST", f"{pull}/reviews/{pending}/events", {"event": "REQUEST_CHANGES"})
    for path in ("reviews", f"reviews/{pending}", f"reviews/{pending}/comments", "comments"):
        await tour.here("ann", "GET", f"{pull}/{path}")
    await tour.here("ann", "PUT", f"{pull}/reviews/{pending}/dismissals", {"message": "Never mind"})
    said = (await tour.here("bob", "POST", f"{pull}/comments", line | {"body": "Because"}))["id"]
    answered = await tour.here("ann", "POST", f"{pull}/comments/{said}/replies", {"body": "I see"})
    await tour.here("ann", "PATCH", f"/pulls/comments/{answered['id']}", {"body": "I saw"})
    await tour.here("ann", "GET", f"/pulls/comments/{answered['id']}")
    await reactions(tour, f"/pulls/comments/{said}")
    await tour.here("ann", "DELETE", f"/pulls/comments/{answered['id']}")
    thread = tour.hub.repos["acme/demo"].issues[number].threads[0].node_id  # type: ignore[attr-defined]
    await tour.mutate("ann", "resolveReviewThread", threadId=thread)
    await tour.mutate("ann", "unresolveReviewThread", threadId=thread)
    await tour.here("ann", "POST", f"{pull}/reviews", {"event": "APPROVE"})


async def merging(tour: Tour) -> None:
    """Checks on the head, auto-merge, an update of the branch, the merge; and one pull request through the queue."""
    pull = (await tour.here("ann", "GET", "/pulls"))[0]
    path, head = f"/pulls/{pull['number']}", pull["head"]["sha"]
    await tour.mutate("bob", "enablePullRequestAutoMerge", pullRequestId=pull["node_id"], mergeMethod="SQUASH")
    await tour.here("ann", "GET", path)
    await tour.mutate("bob", "disablePullRequestAutoMerge", pullRequestId=pull["node_id"])
    await checks(tour, head)
    await write(tour, "main", "README.md", "moved on\n", await blob(tour, "README.md"), "ann")
    await tour.here("bob", "PUT", f"{path}/update-branch", {})
    head = (await tour.here("ann", "GET", path))["head"]["sha"]
    await tour.here("bob", "POST", f"/statuses/{head}", {"state": "success", "context": "ci", "description": "Fine"})
    await tour.here("bob", "PUT", f"{path}/merge", {"sha": head})
    for each in ("/merge", "", "/commits"):
        await tour.here("ann", "GET", path + each)
    await tour.here("ann", "GET", "/issues/1/timeline")
    await queue(tour)


async def own(tour: Tour) -> None:
    """What the App itself writes says so."""
    number = (await tour.here("app", "POST", "/issues", {"title": "By the App", "labels": ["by-app"]}))["number"]
    await tour.here("app", "POST", f"/issues/{number}/comments", {"body": "So is this"})
    await tour.here("ann", "PATCH", f"/issues/{number}", {"state": "closed"})
    await tour.here("ann", "GET", f"/issues/{number}")


async def checks(tour: Tour, head: str) -> None:
    note = {"path": "new.txt", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "Three"}
    output = {"title": "Looking", "summary": "At it", "text": "Closely", "annotations": [note]}
    made = await tour.here("app", "POST", "/check-runs", {"name": "ci", "head_sha": head, "output": output})
    await tour.here("app", "PATCH", f"/check-runs/{made['id']}", {"conclusion": "success", "external_id": "1"})
    suite = f"/check-suites/{made['check_suite']['id']}"
    for what in (f"/check-runs/{made['id']}", suite):
        await tour.here("bob", "POST", f"{what}/rerequest")
    await tour.here("bob", "POST", f"/statuses/{head}", {"state": "pending", "context": "other"})
    for path in (f"/check-runs/{made['id']}", f"/check-runs/{made['id']}/annotations", suite, f"{suite}/check-runs"):
        await tour.here("ann", "GET", path)
    for kind in ("check-runs", "check-suites", "status", "statuses"):
        await tour.here("ann", "GET", f"/commits/{head}/{kind}")


async def queue(tour: Tour) -> None:
    await tour.admin("repos/acme/demo/protection/main", "PUT", merge_queue=True)
    await branch(tour, "queued")
    await write(tour, "queued", "queued.txt", "one\n")
    made = await tour.here("bob", "POST", "/pulls", {"title": "Queued", "head": "queued", "base": "main"})
    await tour.mutate("bob", "enqueuePullRequest", pullRequestId=made["node_id"])
    await tour.mutate("bob", "dequeuePullRequest", id=made["node_id"])
    path = f"/pulls/{made['number']}/merge-async"
    asked = await tour.here("bob", "PUT", path, {"sha": made["head"]["sha"]}, status=202)
    await tour.here("bob", "PUT", path, {}, status=409)
    await tour.settle()
    await tour.here("bob", "GET", f"{path}/{asked['details']['uuid']}")
    await tour.here("bob", "PUT", path, {}, status=200)


async def apps(tour: Tour) -> None:
    installation = f"/app/installations/{tour.app['installation_id']}"
    for path in ("/app", "/app/installations", installation, "/app/hook/deliveries"):
        await tour.call("jwt", "GET", path)
    for path in ("/repos/acme/demo/installation", "/orgs/acme/installation", "/users/acme/installation"):
        await tour.call("jwt", "GET", path)
    delivery = f"/app/hook/deliveries/{tour.hub.deliveries[0].id}"
    await tour.call("jwt", "GET", delivery)
    await tour.call("jwt", "POST", f"{delivery}/attempts")
    await tour.call("jwt", "POST", f"{installation}/access_tokens")
    await tour.call("app", "GET", "/installation/repositories")
    for change in ({"repositories": []}, {"repositories": None}, {"permissions": {"issues": "write"}}):
        await tour.admin("apps/sluice", "PATCH", **change)
    await tour.call("app", "DELETE", "/installation/token")
    await tour.call("jwt", "PUT", f"{installation}/suspended")
    await tour.call("jwt", "GET", installation)
    for path in (f"{installation}/suspended", installation):
        await tour.call("jwt", "DELETE", path)


async def manifest(tour: Tour) -> None:
    """An App that Ann makes on GitHub's own pages."""
    told = {"name": "Made", "url": "http://made.test", "redirect_url": "http://made.test/back"}
    told |= {"default_permissions": {"issues": "write"}, "hook_attributes": {"url": NOWHERE}}
    order = {"manifest": json.dumps(told), "name": "Made", "by": "ann", "state": "s"}
    sent = await tour.client.post("/organizations/acme/settings/apps", data=order)
    code = httpx.URL(sent.headers["location"]).params["code"]
    await tour.call("ann", "POST", f"/app-manifests/{code}/conversions", 201)


async def branch(tour: Tour, name: str) -> None:
    head = (await tour.here("bob", "GET", "/git/ref/heads/main"))["object"]["sha"]
    await tour.here("bob", "POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": head})


async def write(tour: Tour, where: str, path: str, text: str, sha: str | None = None, who: str = "bob") -> Json:
    sent = {"message": "Write", "content": base64.b64encode(text.encode()).decode(), "branch": where}
    return await tour.here(who, "PUT", f"/contents/{path}", sent | ({"sha": sha} if sha else {}))


async def blob(tour: Tour, path: str) -> str:
    return str((await tour.here("ann", "GET", f"/contents/{path}"))["sha"])
