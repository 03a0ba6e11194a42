"""What a webhook hints at: which items are worth a look. Never more than a hint: the pass reads the world again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.actions import WAITS
from bot.core.item import Move
from bot.core.own import is_app

Payload = Mapping[str, Any]
AUTOMATION = "github-project-automation[bot]"  # GitHub's own project workflows
BRANCH = re.compile(r"(?:refs/heads/)?sluice/(\d+)-")  # `core.worktree.branch_name`
POLICY = ".github/sluice.toml"


@dataclass(frozen=True)
class CardHint:
    """A card changed. Who moved a draft is known from here alone: a draft has no timeline."""

    cause: str
    card: str
    project: str
    move: Move | None = None


@dataclass(frozen=True)
class ItemHint:
    """Something happened to an issue or a pull request with one of these numbers."""

    cause: str
    repo: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class WordHint:
    """A command was written somewhere: where that is no item, a sweep hears it."""

    cause: str
    repo: str
    number: int


@dataclass(frozen=True)
class WaitingHint:
    """Something concerns every item that waits for one of these, or with none named all that Sluice works on."""

    cause: str
    repo: str | None  # None: in every repository
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class BoardHint:
    """The order of a board changed, which only a scan can tell."""

    cause: str
    project: str


@dataclass(frozen=True)
class ReachHint:
    """What Sluice reaches is another: an installation was made, suspended, or given other repositories."""

    cause: str


Hint = CardHint | ItemHint | WordHint | WaitingHint | BoardHint | ReachHint


def hints(event: str, payload: Payload, me: str, guid: str, at: datetime) -> list[Hint]:
    """The hints of one delivery; none for what cannot matter, and none for the echo of an App's own writes.

    What came in a person's name may be theirs though Sluice writes in it too: the look at the item finds out.
    """
    cause = ".".join(filter(None, (event, payload.get("action"))))
    reader = READERS.get(cause) or READERS.get(event)
    mine = is_app(me) and (payload.get("sender") or {}).get("login") == me
    if reader is None or (mine and event not in NEWS and cause not in NEWS):
        return []
    return list(reader(Heading(cause, guid, at, mine), payload))


@dataclass(frozen=True)
class Heading:
    cause: str
    guid: str
    at: datetime
    mine: bool  # Sluice's own doing


def _card(head: Heading, payload: Payload) -> Iterable[Hint]:
    """GitHub's own workflows follow what happened elsewhere, which was a hint already; of a draft every move counts."""
    item = payload["projects_v2_item"]
    automated = (payload.get("sender") or {}).get("login") == AUTOMATION
    if automated and head.cause.endswith(".edited") and item.get("content_type") != "DraftIssue":
        return
    change = (payload.get("changes") or {}).get("field_value") or {}
    draft_moved = item.get("content_type") == "DraftIssue" and change.get("field_name") == "Status"
    move = _move(head, payload, change) if draft_moved else None
    yield CardHint(head.cause, item["node_id"], item["project_node_id"], move)


def _move(head: Heading, payload: Payload, change: Payload) -> Move:
    actor = (payload.get("sender") or {}).get("login")
    told = payload["projects_v2_item"].get("updated_at")
    at = datetime.fromisoformat(told) if told else head.at
    return Move(head.guid, (change.get("to") or {}).get("name"), actor, actor == AUTOMATION, at)


def _board(head: Heading, payload: Payload) -> Iterable[Hint]:
    yield BoardHint(head.cause, payload["projects_v2_item"]["project_node_id"])


def _reach(head: Heading, _payload: Payload) -> Iterable[Hint]:
    yield ReachHint(head.cause)


def _issue(head: Heading, payload: Payload) -> Iterable[Hint]:
    yield ItemHint(head.cause, _repo(payload), (payload["issue"]["number"],))


def _said(head: Heading, payload: Payload) -> Iterable[Hint]:
    yield from _issue(head, payload)
    if "/sluice" in ((payload.get("comment") or {}).get("body") or "").casefold():
        yield WordHint(head.cause, _repo(payload), payload["issue"]["number"])


def _issue_state(head: Heading, payload: Payload) -> Iterable[Hint]:
    """Others may wait for this issue; which ones, their passes find out."""
    if not head.mine:
        yield from _issue(head, payload)
    yield WaitingHint(head.cause, None, ("dependency",))


def _blocked(head: Heading, payload: Payload) -> Iterable[Hint]:
    blocked = payload.get("blocked_issue") or {}
    repo = (payload.get("blocked_issue_repo") or payload.get("repository") or {}).get("full_name", "")
    if blocked and repo:
        yield ItemHint(head.cause, repo, (blocked["number"],))


def _pull(head: Heading, payload: Payload) -> Iterable[Hint]:
    pull = payload["pull_request"]
    yield ItemHint(head.cause, _repo(payload), _numbers([pull], (pull.get("head") or {}).get("ref")))


def _result(head: Heading, payload: Payload) -> Iterable[Hint]:
    """The end of a check suite, a check run or a workflow run."""
    result = payload[head.cause.partition(".")[0]]
    if head.mine and f"{(result.get('app') or {}).get('slug')}[bot]" == payload["sender"]["login"]:
        return  # a check that Sluice made itself
    suite = result.get("check_suite") or result
    yield _on_head(head, payload, _numbers(result.get("pull_requests") or [], suite.get("head_branch")))


def _rerun(head: Heading, payload: Payload) -> Iterable[Hint]:
    """Of runs that begin, only another attempt is news: a verdict was given before it."""
    if payload["workflow_run"].get("run_attempt", 1) > 1:
        yield from _result(head, payload)


def _check_run(head: Heading, payload: Payload) -> Iterable[Hint]:
    """Those of Actions come by the dozen, and their suite says the same once."""
    if (payload["check_run"].get("app") or {}).get("slug") != "github-actions":
        yield from _result(head, payload)


def _status(head: Heading, payload: Payload) -> Iterable[Hint]:
    """A status names a commit, not a pull request."""
    if payload.get("state") == "pending":
        return
    numbers = {number for branch in payload.get("branches") or [] for number in _numbers([], branch.get("name"))}
    yield _on_head(head, payload, tuple(sorted(numbers)))


def _on_head(head: Heading, payload: Payload, numbers: tuple[int, ...]) -> Hint:
    """A commit that names no item may be any item's that waits for a machine."""
    repo = _repo(payload)
    return ItemHint(head.cause, repo, numbers) if numbers else WaitingHint(head.cause, repo, ("machine",))


def _push(head: Heading, payload: Payload) -> Iterable[Hint]:
    """To the default branch it concerns all work in progress, and with a new policy everything else too."""
    ref, repository = payload["ref"], payload["repository"]
    if ref == f"refs/heads/{repository.get('default_branch') or repository.get('master_branch')}":
        files = [path for commit in payload.get("commits") or [] for path in _touched(commit)]
        yield WaitingHint(head.cause, _repo(payload), WAITS if POLICY in files else ())
    elif not head.mine and (numbers := _numbers([], ref)):
        yield ItemHint(head.cause, _repo(payload), numbers)


def _touched(commit: Payload) -> list[str]:
    return [path for kind in ("added", "modified", "removed") for path in commit.get(kind) or []]


def _numbers(pulls: Iterable[Payload], branch: str | None) -> tuple[int, ...]:
    """Of the pull requests, and of the issue that one of Sluice's branches is for."""
    named = BRANCH.match(branch or "")
    issue = (int(named[1]),) if named else ()
    return tuple(dict.fromkeys((*(pull["number"] for pull in pulls), *issue)))


def _repo(payload: Payload) -> str:
    return str((payload.get("repository") or {}).get("full_name", ""))


# News even when Sluice caused it: results carry the name of whoever pushed, and others may wait for a closed issue.
# Its own merge is none: the pass that merged wakes whoever else it concerns.
NEWS = frozenset({"check_suite", "check_run", "workflow_run", "status", "issues.closed"})
PULL_ACTIONS = ("opened", "closed", "reopened", "synchronize", "edited", "ready_for_review", "converted_to_draft")
READERS: dict[str, Callable[[Heading, Payload], Iterable[Hint]]] = {
    "projects_v2_item.created": _card,
    "projects_v2_item.edited": _card,
    "projects_v2_item.converted": _card,
    "projects_v2_item.archived": _card,
    "projects_v2_item.restored": _card,
    "projects_v2_item.deleted": _card,
    "projects_v2_item.reordered": _board,
    **{f"issues.{action}": _issue for action in ("edited", "labeled", "unlabeled", "transferred", "deleted")},
    "issues.closed": _issue_state,
    "issues.reopened": _issue_state,
    "issue_comment.created": _said,
    "issue_dependencies": _blocked,
    **{f"pull_request.{action}": _pull for action in PULL_ACTIONS},
    **{f"pull_request_review.{action}": _pull for action in ("submitted", "edited", "dismissed")},
    "pull_request_review_thread": _pull,
    "check_suite.completed": _result,
    "check_suite.rerequested": _result,
    "workflow_run.completed": _result,
    "workflow_run.requested": _rerun,
    "check_run.completed": _check_run,
    "check_run.rerequested": _result,
    "status": _status,
    "push": _push,
    "installation": _reach,
    "installation_repositories": _reach,
}
