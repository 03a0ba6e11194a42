"""The log of writes: whatever anybody changed, over REST, GraphQL or git, in the order in which it happened."""

from __future__ import annotations

from pathlib import Path

from shop import Shop, git
from talk import LocalHub


def test_every_write_is_in_the_log_in_order(hub: LocalHub, tmp_path: Path) -> None:
    """One writer's day, from the first push to the last; reads leave no line, and refusals nothing at all."""
    shop = Shop(hub, tmp_path)
    before = len(hub.admin("log"))
    ann, repo = shop.ann["login"], shop.name
    git(shop.checkout, "checkout", "-qb", "topic")
    shop.push("a", "1", "topic")
    git(shop.checkout, "checkout", "-q", "main")
    shop.push("b", "1")
    git(shop.checkout, "push", "-q", "origin", "HEAD:refs/sluice/claim/1")
    number = shop.open_pull("topic")
    with hub.rest(shop.ann["token"]) as api:
        here = f"/repos/{repo}"
        assert api.post(f"{here}/labels", json={"name": "bug"}).status_code == 201
        assert api.post(f"{here}/labels", json={"name": "bug"}).status_code == 422
        review = api.post(f"{here}/pulls/{number}/reviews", json={"body": "Later"}).json()
        assert api.post(f"{here}/pulls/{number}/reviews/{review['id']}/events", json={}).status_code == 422
        api.post(f"{here}/pulls/{number}/reviews/{review['id']}/events", json={"event": "COMMENT"})
        empty = {"event": "COMMENT", "body": "See", "comments": [{"path": "a", "line": 1, "body": " "}]}
        assert api.post(f"{here}/pulls/{number}/reviews", json=empty).status_code == 422
        assert len(api.get(f"{here}/pulls/{number}/reviews").json()) == 1
        assert api.put(f"{here}/pulls/{number}/update-branch").status_code == 202
        assert api.put(f"{here}/pulls/{number}/merge").status_code == 200
        api.get(f"{here}/pulls/{number}")
        issue = api.post(f"{here}/issues", json={"title": "Done"}).json()["number"]
        for reason in ("completed", "completed", "not_planned", "tired"):
            api.patch(f"{here}/issues/{issue}", json={"state": "closed", "state_reason": reason})
        assert api.patch(f"{here}/issues/{issue}", json={"title": "Undone", "state": "ajar"}).status_code == 422
    close = 'mutation($id: ID!) { addComment(input: {subjectId: $id, body: "Done"}) { clientMutationId } }'
    hub.graphql(shop.ann["token"], close, id=shop.pull(number)["node_id"])
    git(shop.checkout, "push", "-q", "origin", ":refs/sluice/claim/1", ":topic")
    pull = f"{repo}#{number}"
    log = [(each["verb"], each["target"]) for each in hub.admin("log")[before:] if each["actor"] == ann]
    assert log == [
        ("push", f"{repo} refs/heads/topic"),
        ("push", f"{repo} refs/heads/main"),
        ("push", f"{repo} refs/sluice/claim/1"),
        ("pull opened", pull),
        ("label created bug", repo),
        ("review started", pull),
        ("review submitted COMMENTED", pull),
        ("pull branch updated", pull),
        ("pull synchronize", pull),
        ("pull merged", pull),
        ("pull closed", pull),
        ("issue opened", f"{repo}#{issue}"),
        ("issue closed", f"{repo}#{issue}"),
        ("issue closed as not_planned", f"{repo}#{issue}"),
        ("comment created", pull),
        ("push", f"{repo} refs/heads/topic"),
        ("push", f"{repo} refs/sluice/claim/1"),
    ]
