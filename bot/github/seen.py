"""One item as GitHub's GraphQL shows it: the answer to `see.graphql`, turned into `context.Seen`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.context import Heard, Seen
from bot.core.item import Dependency, Draft, Face, Issue, Move
from bot.core.own import Deed, Marked, found_out, known_comments, known_moves
from bot.core.pull import Pull
from bot.core.snapshot import StatusComment
from bot.github.actors import GHOST, login
from bot.github.comments import STATUS_MARK
from bot.github.comments import comments as comments_of
from bot.github.pulls import pull
from bot.github.times import maybe_time, time

Node = Mapping[str, Any]
MARK = "<!-- sluice:mark:{} -->"
VALUES = ("one", "text", "number", "date", "iteration")  # as `see.graphql` names what a field can hold
MARKS = re.compile(r"<!-- sluice:mark:(.+?) -->")


def seen(data: Node, project: str, me: str, mover: str, deeds: Sequence[Deed] = ()) -> Seen:
    """`me`: in whose name Sluice writes; `mover`: in whose it moves this board's cards. Which of what stands there in
    those names is its own, `core.own` says by the `deeds` the ledger recorded."""
    card = data.get("card") or None
    content = (card or {}).get("content") or {}
    node = issue_node_of(data)
    repo = (node or {}).get("repository") or data.get("home") or {}  # home: of a draft
    pull_node = _pull_node(repo)
    comments = comments_of(node, pull_node)
    marked = [one for each in comments for one in _marked(each)]
    face = _face(card) if card else None
    known = found_out(deeds, face, marked, me)
    mine = known_comments(marked, known, me)
    own = {each.id for each in mine}
    found = _pull(repo, pull_node, me)
    return Seen(
        face=face,
        issue=_issue(node) if node else None,
        draft=_draft(content) if content.get("__typename") == "DraftIssue" else None,
        redacted=bool(card) and card is not None and card["type"] == "REDACTED",
        repo=repo.get("nameWithOwner") or (content.get("repository") or {}).get("nameWithOwner", ""),
        moves=known_moves(tuple(_moves(node, project)), known, mover) if node else (),
        pull=found,
        status=next((StatusComment(each.id, each.text) for each in mine if not each.mark), None),
        asked=tuple(each.mark for each in mine if each.mark),
        comments=tuple(each for each in comments if each.subject not in own),
        default_branch=(repo.get("defaultBranchRef") or {}).get("name", "main"),
        base_head=_base_head(repo, pull_node),
        branch_head=((repo.get("ref") or {}).get("target") or {}).get("oid"),
        policy_text=(repo.get("policy") or {}).get("text"),
        policy_since=_policy_since(repo),
        repo_id=repo.get("id", ""),
        repo_archived=bool(repo.get("isArchived")),
        description=(pull_node or {}).get("body", ""),
        pushed_at=maybe_time(repo.get("pushedAt")),
        default_head=((repo.get("defaultBranchRef") or {}).get("target") or {}).get("oid"),
        deeds=known,
    )


def _face(card: Node) -> Face:
    status, fields = card["status"] or {}, dict(_fields(card["fieldValues"]["nodes"]))
    return Face(status.get("name"), card["isArchived"], fields, maybe_time(status.get("updatedAt")))


def _fields(nodes: Iterable[Node | None]) -> Iterable[tuple[str, str]]:
    """What the fields say, by name; kinds that mirror the issue are left out."""
    for node in nodes:
        kind = next((kind for kind in VALUES if node and node.get(kind) is not None), None)
        if node and kind:
            said = node[kind]
            yield node["field"]["name"], str(int(said) if isinstance(said, float) and said.is_integer() else said)


def _marked(comment: Heard) -> Iterable[Marked]:
    """Each mark with the text as it was said: with the mark no status would ever equal the one to be said."""
    if STATUS_MARK in comment.body:
        yield Marked(comment.subject, comment.author, comment.body.removesuffix(STATUS_MARK).rstrip(), "")
    for mark in MARKS.findall(comment.body):
        yield Marked(comment.subject, comment.author, comment.body, mark)


def issue_node_of(data: Node) -> Node | None:
    """The raw issue of the answer."""
    content: Node = (data.get("card") or {}).get("content") or {}
    issue: Node | None = data.get("issue") or (content if content.get("__typename") == "Issue" else None)
    return issue


def pull_node_of(data: Node) -> Node | None:
    """The raw pull request of the answer, for who needs more of it than `Seen` keeps."""
    return _pull_node((issue_node_of(data) or {}).get("repository") or {})


def _issue(node: Node) -> Issue:
    renamed: Node | None = next(iter(node["renames"]["nodes"]), None)
    reopened: Node | None = next(iter(node["reopened"]["nodes"]), None)
    return Issue(
        id=node["id"],
        repo=node["repository"]["nameWithOwner"],
        number=node["number"],
        url=node["url"],
        title=node["title"],
        body=node["body"],
        author=login(node["author"]) or GHOST,
        open=node["state"] == "OPEN",
        state_reason=node["stateReason"],
        labels=tuple(label["name"] for label in node["labels"]["nodes"]),
        editor=login(node["editor"]),
        edited_at=maybe_time(node["lastEditedAt"]),
        renamed_by=login(renamed["actor"]) if renamed else None,
        renamed_at=time(renamed["createdAt"]) if renamed else None,
        reopened_at=time(reopened["createdAt"]) if reopened else None,
        blocked_by=tuple(_dependency(each) for each in node["blockedBy"]["nodes"]),
        blockers_total=node["blockedBy"]["totalCount"],
        sub_issues=tuple(each["title"] for each in node["subIssues"]["nodes"] if each and each["state"] == "OPEN"),
    )


def _dependency(node: Node | None) -> Dependency:
    """One that may not be read comes as null: open for all we know."""
    if not node:
        return Dependency(ref="", open=True)
    return Dependency(f"{node['repository']['nameWithOwner']}#{node['number']}", node["state"] == "OPEN")


def _draft(content: Node) -> Draft:
    return Draft(content["title"], content["body"], login(content["creator"]) or GHOST)


def _moves(node: Node, project: str) -> Iterable[Move]:
    """Status events on this board, oldest first; an issue may lie on several boards."""
    for event in node["timelineItems"]["nodes"]:
        if event and (event.get("project") or {}).get("id") == project:
            yield Move(
                key=event["id"],
                to=event["status"] or None,
                actor=login(event["actor"]),
                automated=event["wasAutomated"],
                at=time(event["createdAt"]),
            )


def _pull_node(repo: Node) -> Node | None:
    """A branch of the same name in a fork is somebody else's: its pull request is none of the item's."""
    by_branch = (repo.get("pullRequests") or {}).get("nodes") or []
    mine = (each for each in by_branch if not each["isCrossRepository"])
    node: Node | None = repo.get("pullRequest") or next(mine, None)
    return node


def _pull(repo: Node, node: Node | None, me: str) -> Pull | None:
    return pull(node, bool((repo.get("workflows") or {}).get("entries")), me) if node else None


def _base_head(repo: Node, pull_request: Node | None) -> str | None:
    """The newest commit of the branch that the work is for: the pull request's base, else the default branch."""
    ref = (pull_request or {}).get("baseRef") or repo.get("defaultBranchRef") or {}
    return (ref.get("target") or {}).get("oid")


def _policy_since(repo: Node) -> Any:
    target = (repo.get("defaultBranchRef") or {}).get("target") or {}
    commits = (target.get("history") or {}).get("nodes") or []
    return maybe_time(commits[0]["committedDate"]) if commits else None
