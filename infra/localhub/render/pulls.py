"""Pull requests, reviews, review comments and threads as REST JSON."""

from __future__ import annotations

from localhub import merging
from localhub.association import association
from localhub.asyncmerge import AsyncMerge
from localhub.hub import Hub
from localhub.model import Actor, PullRequest, Review, ReviewComment, ReviewThread
from localhub.render.base import Json, moment, repo_api, repo_page
from localhub.render.issues import label, reactions
from localhub.render.people import user
from localhub.render.repos import repository

LINKS = {
    "comments": "/issues/{n}/comments", "commits": "/pulls/{n}/commits", "issue": "/issues/{n}",
    "review_comment": "/pulls/comments{{/number}}", "review_comments": "/pulls/{n}/comments", "self": "/pulls/{n}",
    "statuses": "/statuses/{sha}",
}  # fmt: skip


def pull(hub: Hub, record: PullRequest, *, ask_mergeable: bool = False) -> Json:
    """The whole pull request. Only a read of one pull request asks whether it is mergeable, as on GitHub."""
    if ask_mergeable:
        merging.mergeable(hub, record)
    known = merging.settled(record) and record.state == "open"
    return {
        **pull_lite(hub, record),
        "merged": record.merged_at is not None,
        "mergeable": record.mergeable if known else None,
        "rebaseable": record.mergeable if known else None,
        "mergeable_state": merging.merge_state(hub, record).lower() if known else "unknown",
        "merged_by": user(hub, record.merged_by) if record.merged_by else None,
        "comments": len(record.comments),
        "review_comments": sum(len(thread.comments) for thread in record.threads),
        "maintainer_can_modify": False,
        "commits": record.commits,
        "additions": record.additions,
        "deletions": record.deletions,
        "changed_files": record.changed_files,
    }


def pull_lite(hub: Hub, record: PullRequest) -> Json:
    """The shape of lists."""
    api = repo_api(hub, record.repo)
    page = f"{repo_page(hub, record.repo)}/pull/{record.number}"
    links = {name: api + path.format(n=record.number, sha=record.head_sha) for name, path in LINKS.items()}
    return {
        "url": links["self"],
        "id": record.id,
        "node_id": record.node_id,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "number": record.number,
        "state": record.state,
        "locked": record.locked,
        "title": record.title,
        "user": user(hub, record.author),
        "body": record.body or None,
        "labels": [label(hub, record.repo, each) for each in record.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "closed_at": moment(record.closed_at),
        "merged_at": moment(record.merged_at),
        "merge_commit_sha": record.merge_commit_sha,
        "assignee": user(hub, record.assignees[0]) if record.assignees else None,
        "assignees": [user(hub, each) for each in record.assignees],
        "requested_reviewers": [user(hub, each) for each in record.requested_reviewers],
        "requested_teams": [],
        "head": _end(hub, record, record.head_ref, record.head_sha),
        "base": _end(hub, record, record.base_ref, record.base_sha),
        "_links": {"html": {"href": page}, **{name: {"href": url} for name, url in links.items()}},
        "author_association": association(record.repo, record.author),
        "auto_merge": _auto_merge(hub, record),
        "draft": record.draft,
    }


def review(hub: Hub, record: Review) -> Json:
    parent = record.pull
    url = f"{repo_api(hub, parent.repo)}/pulls/{parent.number}"
    page = f"{repo_page(hub, parent.repo)}/pull/{parent.number}#pullrequestreview-{record.id}"
    return {
        "id": record.id,
        "node_id": record.node_id,
        "user": user(hub, record.author),
        "body": record.body,
        "state": record.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(parent.repo, record.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        **({"submitted_at": moment(record.submitted_at)} if record.submitted_at else {}),
        "commit_id": record.commit_id,
    }


def review_comment(hub: Hub, record: ReviewComment) -> Json:
    parent = record.review.pull
    api = repo_api(hub, parent.repo)
    url, pull_url = f"{api}/pulls/comments/{record.id}", f"{api}/pulls/{parent.number}"
    page = f"{repo_page(hub, parent.repo)}/pull/{parent.number}#discussion_r{record.id}"
    shown = {
        "url": url,
        "pull_request_review_id": record.review.id,
        "id": record.id,
        "node_id": record.node_id,
        "diff_hunk": "@@",
        "path": record.path,
        "commit_id": record.commit_id,
        "original_commit_id": record.commit_id,
        "user": user(hub, record.author),
        "body": record.body,
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(parent.repo, record.author),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": reactions(url, record.reactions),
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": record.line,
        "original_line": record.line,
        "side": "RIGHT",
        "position": record.line,
        "original_position": record.line or 1,
        "subject_type": "line" if record.line else "file",
    }
    return shown | ({"in_reply_to_id": record.in_reply_to.id} if record.in_reply_to else {})


def async_merge(record: AsyncMerge) -> Json:
    """What became of a merge in the background: each state with the details it has."""
    details: Json = {"message": record.said}
    if record.status == "pending":
        about = {"uuid": record.uuid, "merge_method": record.method, "merge_action": record.action}
        details |= {**about, "expected_head_sha": record.head}
    if record.status == "merged":
        details["sha"] = record.sha
    return {"status": record.status, "details": details}


def thread(hub: Hub, record: ReviewThread) -> Json:
    return {"node_id": record.node_id, "comments": [review_comment(hub, each) for each in record.comments]}


def _end(hub: Hub, record: PullRequest, ref: str, sha: str) -> Json:
    owner = record.repo.owner
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(hub, owner),
        "repo": repository(hub, record.repo),
    }


def _auto_merge(hub: Hub, record: PullRequest) -> Json | None:
    wish = record.auto_merge
    if wish is None or not isinstance(wish["enabled_by"], Actor):
        return None
    return {
        "enabled_by": user(hub, wish["enabled_by"]),
        "merge_method": wish["method"],
        "commit_title": wish["title"],
        "commit_message": wish["message"],
    }
