"""A pull request as GitHub's GraphQL shows it, turned into `core.pull.Pull`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bot.core.pull import PASSING, VERDICTLESS, Check, Pull, Remark, Review, Shown, Thread
from bot.github.actors import GHOST, is_bot, login
from bot.github.descriptions import text_of
from bot.github.times import maybe_time, time

Node = Mapping[str, Any]
State = Literal["pending", "passed", "failed", "unknown"]
STATUSES: Mapping[str, State] = {
    "SUCCESS": "passed",
    "PENDING": "pending",
    "EXPECTED": "pending",
    "ERROR": "unknown",  # whoever reports it is in trouble; of the code they say FAILURE
}
NO_CHECKS: Node = {"nodes": [], "pageInfo": {"hasNextPage": False}}
SUMMARY = 4000  # characters of what a check printed last


def pull(node: Node, has_workflows: bool, me: str) -> Pull:
    """`has_workflows`: the repository has workflow files, so a head without checks is one whose checks are to come.

    What Sluice (`me`) shows itself is no check that it could wait for.
    """
    rollup = (node.get("statusCheckRollup") or {}).get("contexts") or NO_CHECKS
    shown = [each for each in rollup["nodes"] if _made_by(each) == me]
    others = [each for each in rollup["nodes"] if _made_by(each) != me]
    left: Node = next(iter(node["left"]["nodes"]), {})
    return Pull(
        id=node["id"],
        number=node["number"],
        url=node["url"],
        state=node["state"],
        draft=node["isDraft"],
        head=node["headRefOid"],
        base=node["baseRefName"],
        branch=node["headRefName"],
        fork=node["isCrossRepository"],
        text=text_of(node["body"]),
        base_sha=node["baseRefOid"],
        mergeable=node["mergeable"],
        merge_state=node["mergeStateStatus"],
        created_at=time(node["createdAt"]),
        author=login(node["author"]) or GHOST,
        checks=tuple(check(each) for each in others),
        checks_known=bool(others) or not has_workflows,
        checks_left=rollup["pageInfo"]["hasNextPage"],
        shown=tuple(_shown(each) for each in shown),
        reviews=tuple(review(each) for each in node["reviews"]["nodes"] if each["state"] != "PENDING"),
        threads=tuple(_thread(each) for each in node["reviewThreads"]["nodes"]),
        review_decision=node["reviewDecision"],
        requested=tuple(who for each in node["reviewRequests"]["nodes"] if (who := login(each["requestedReviewer"]))),
        head_author=_head_author(node),
        closed_by=login(next((each["actor"] for each in node["closing"]["nodes"]), None)),
        closed_at=next((time(each["createdAt"]) for each in node["closing"]["nodes"]), None),
        merged_by=login(node["mergedBy"]),
        merged_at=maybe_time(node["mergedAt"]),
        merge_commit=(node["mergeCommit"] or {}).get("oid"),
        additions=node["additions"],
        deletions=node["deletions"],
        changed_files=node["changedFiles"],
        commits=node["commits"]["totalCount"],
        in_queue=node["isInMergeQueue"],
        queue=node["isMergeQueueEnabled"],
        left_queue=maybe_time(left.get("createdAt")),
        left_because=(left.get("reason") or "").replace("_", " ").lower(),
    )


def check(node: Node) -> Check:
    """A check run, or a commit status."""
    required = bool(node.get("isRequired"))
    if node["__typename"] == "StatusContext":
        state = STATUSES.get(node["state"], "failed")
        summary = (node["description"] or "")[:SUMMARY]
        return Check(node["context"], state, required, node["targetUrl"] or "", summary, node["id"])
    said = "\n".join(part for part in (node["title"], node["summary"], node["text"]) if part)
    return Check(
        name=node["name"],
        state=_state(node["status"], node["conclusion"]),
        required=required,
        url=node["url"],
        summary=said[-SUMMARY:],
        key=check_key(node),
    )


def _shown(node: Node) -> Shown:
    """GitHub sets a suite back to queued when somebody wants it, or a check run in it, once more."""
    over = node["status"] == "COMPLETED"
    return Shown(
        name=node["name"],
        id=node["databaseId"],
        key=node["externalId"] or "",
        conclusion=(node["conclusion"] or "").lower() if over else "",
        title=node["title"] or "",
        rerequested=over and node["checkSuite"]["status"] == "QUEUED",
    )


def _made_by(node: Node) -> str:
    """The login of the App whose check run it is."""
    app = (node.get("checkSuite") or {}).get("app") or {}
    return f"{app['slug']}[bot]" if app.get("slug") else ""


def _state(status: str, conclusion: str | None) -> State:
    if status != "COMPLETED":
        return "pending"
    if conclusion in PASSING:
        return "passed"
    return "unknown" if conclusion in VERDICTLESS else "failed"


def check_key(node: Node) -> str:
    """Each attempt of a workflow run makes new check runs, so the pair is new evidence when it is run again."""
    run = (node["checkSuite"] or {}).get("workflowRun")
    return f"{run['databaseId']}:{node['databaseId']}" if run else f"{node['databaseId']}"


def review(node: Node) -> Review:
    return Review(
        id=node["id"],
        author=login(node["author"]) or GHOST,
        state=node["state"],
        body=node["body"],
        head=(node["commit"] or {}).get("oid", ""),
        at=time(node["submittedAt"]),
        by_writer=node["authorCanPushToRepository"],
        by_bot=is_bot(node["author"]),
    )


def _thread(node: Node) -> Thread:
    return Thread(node["isResolved"], tuple(_remark(each) for each in node["comments"]["nodes"]))


def _remark(node: Node) -> Remark:
    who = login(node["author"]) or GHOST
    return Remark(node["path"], node["line"], who, node["body"], (node["pullRequestReview"] or {}).get("id", ""))


def _head_author(node: Node) -> str:
    for each in node["commits"]["nodes"]:
        author = each["commit"]["author"] or {}
        return str(login(author.get("user")) or author.get("email") or "")
    return ""
