"""`context.GitHub` in the flesh: what Sluice asks of GitHub, told in GraphQL where one document does, else in REST."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.context import Heard, Seen, Written
from bot.core.actions import BoardWrite, ShowCheck
from bot.core.board import Board, Cards, Columns, Kept, Scan
from bot.core.gates.verdict import GateRun
from bot.core.item import Item
from bot.core.own import Deed
from bot.core.pull import Check
from bot.core.report import Report
from bot.core.trust import Role
from bot.github import costs
from bot.github.access import BoardAccess, RepositoryAccess, board_access, policy_text, repository_access
from bot.github.auth import TokenSource
from bot.github.boards import Account, find_board, post_update, read_cards, scan_board
from bot.github.checks import Checks, read_all
from bot.github.comments import pulls_changed, read_back, said_since, status_among
from bot.github.costs import Book, Costs
from bot.github.failures import NARROW, check_whole
from bot.github.graphql import GraphQL
from bot.github.limits import Limits
from bot.github.lookups import Lookups
from bot.github.merging import Merging
from bot.github.probe import Probe, Tried
from bot.github.pulls import check_key
from bot.github.reach import Reach
from bot.github.rest import Rest
from bot.github.seen import issue_node_of, pull_node_of, seen
from bot.github.setup import SetUp, set_up
from bot.github.workflows import Workflows
from bot.github.writes import Known, Writer

NO_COLUMNS: Mapping[str, Columns] = {}
NO_FIELDS: Mapping[str, str] = {}
NO_KEPT: Mapping[str, Kept] = {}
NO_ACCOUNTS: Mapping[str, Account] = {}


class GitHubClient:
    """One GitHub, one identity."""

    def __init__(
        self,
        api_url: str,
        token: TokenSource,
        login: str,
        book: Book,
        timeout: float = 20,
        *,
        columns: Mapping[str, Columns] = NO_COLUMNS,
        priority_fields: Mapping[str, str] = NO_FIELDS,
        kept: Mapping[str, Kept] = NO_KEPT,
        limits: Limits | None = None,
        accounts: Mapping[str, Account] = NO_ACCOUNTS,
        reach: Reach | None = None,
    ) -> None:
        """`columns`, `priority_fields`, `kept` and `accounts` are by board key; one not named has the usual ones."""
        self._login = login
        self._columns = columns
        self._priority_fields = priority_fields
        self._kept = kept
        self._costs = Costs(book, limits)
        self._scanned: dict[str, int] = {}  # points of each board's last scan
        self._graphql = GraphQL(api_url, token, self._costs, timeout)
        self._accounts = accounts
        self._by_account = {
            key: GraphQL(api_url, each.token, Costs(book, each.limits), timeout) for key, each in accounts.items()
        }
        self._reach = reach or Reach(self._shown)
        self._rest = Rest(api_url, token, self._costs, timeout, self._reach.ask)
        self._lookups = Lookups(self._graphql)
        self._workflows = Workflows(self._rest)
        self._checks = Checks(self._rest)
        self._merging = Merging(self._graphql, self._rest)

    @property
    def login(self) -> str:
        return self._login

    async def board(self, key: str) -> Board:
        costs.item.set(None)
        columns, kept = self._columns.get(key, Columns()), self._kept.get(key, Kept())
        return await find_board(self._of(key), key, columns, self._priority_fields.get(key, "Priority"), kept)

    async def scan(self, board: Board, whole: bool = True) -> Scan:
        costs.item.set(None)
        found = await scan_board(self._of(board.key), board, whole)
        self._scanned[board.key] = len(found.cards) // 100 + 1
        return found

    async def cards(self, board: Board, ids: Sequence[str]) -> Cards:
        costs.item.set(None)
        return await read_cards(self._of(board.key), board, ids)

    async def set_up(self, board: Board, dry: bool) -> SetUp:
        costs.item.set(None)
        return await set_up(self._of(board.key), board, dry)

    async def post_update(self, board: Board, report: Report) -> Written:
        costs.item.set(None)
        return await post_update(self._of(board.key), board, report)

    async def probe(self, board: Board, repo: str, number: int | None) -> list[Tried]:
        return await Probe(self._rest, self._of(board.key), board, repo).run(number)

    async def board_access(self, board: Board) -> BoardAccess:
        return await board_access(self._of(board.key), board)

    async def repository_access(self, repo: str) -> RepositoryAccess:
        return await repository_access(self._graphql, repo)

    async def see(self, board: Board, item: Item, deeds: Sequence[Deed] = ()) -> Seen:
        """One document; another when the card's issue is no longer the one the ledger knows, or much was said."""
        costs.item.set(item.id)
        await self._reach.check(item.repo)
        graphql = self._of(board.key)
        answer = await graphql.ask("See", _asked(item))
        content = ((answer.data.get("card") or {}).get("content") or {}).get("id")
        if item.issue_id and content and content != item.issue_id:
            answer = await graphql.ask("See", _asked(replace(item, issue_id="")))
        check_whole(answer.errors, _may_be_missing)
        if item.issue_id and item.repo and issue_node_of(answer.data) is None:
            await self._reach.ask(item.repo)
        since = item.heard_until or item.first_seen
        await read_all(graphql, pull_node_of(answer.data))
        status = status_among(deeds, self._login)
        await read_back(graphql, issue_node_of(answer.data), pull_node_of(answer.data), since, status)
        account = self._accounts.get(board.key)
        mover = account.login if account else self._login
        return await self._with_logs(seen(answer.data, board.project_id, self._login, mover, deeds), answer.data)

    async def said_since(self, repo: str, since: datetime) -> list[tuple[int, Heard]]:
        costs.item.set(None)
        return await said_since(self._rest, repo, since)

    async def pulls_changed(self, repo: str) -> dict[int, datetime]:
        costs.item.set(None)
        return await pulls_changed(self._rest, repo)

    async def react(self, repo: str, comment: str, reaction: str) -> None:
        await self._rest.send("POST", f"/repos/{repo}/issues/comments/{comment}/reactions", {"content": reaction})

    async def policy(self, repo: str) -> str | None:
        costs.item.set(None)
        return await policy_text(self._rest, repo)

    async def role(self, repo: str, login: str) -> Role:
        path = f"/repos/{repo}/collaborators/{quote(login, safe='')}/permission"
        reply = await self._rest.get(path, values=(404,))
        return Role.named(reply.data.get("role_name", ""), reply.data["permission"]) if reply.ok else Role.NONE

    async def write(self, board: Board, item: Item, writes: Sequence[BoardWrite], seen: Seen | None) -> list[Written]:
        costs.item.set(item.id)
        writer = Writer(self._graphql, self._of(board.key), self._rest, self._lookups, board, item)
        written = await writer.write(writes, Known.of(item, seen))
        if any(NARROW in each.error for each in written):
            await self._reach.ask((seen.repo if seen else "") or item.repo)
        return written

    async def merge(self, repo: str, number: int, head: str, method: str) -> Written:
        return await self._merging.merge(repo, number, head, method)

    async def enqueue(self, _repo: str, pull_id: str, head: str) -> Written:
        return await self._merging.enqueue(pull_id, head)

    async def update_branch(self, repo: str, number: int, head: str) -> Written:
        return await self._merging.update_branch(repo, number, head)

    async def dispatch_workflow(self, repo: str, file: str, ref: str, inputs: Mapping[str, str]) -> Written:
        return await self._workflows.dispatch(repo, file, ref, inputs)

    async def workflow_run(self, repo: str, run_id: str) -> GateRun | None:
        return await self._workflows.run(repo, run_id)

    async def workflow_run_named(self, repo: str, file: str, key: str) -> GateRun | None:
        return await self._workflows.run_named(repo, file, key)

    async def show_check(self, repo: str, check: ShowCheck, look: bool = False) -> Written:
        return await self._checks.show(repo, check, look)

    def starts_at(self, _repo: str) -> datetime | None:
        """When GitHub's limits leave room for new work; None: now."""
        return self._costs.limits.starts_at()

    def sweep_pause(self) -> timedelta:
        """How far apart scans of the boards scanned so far may be, by whoever reads them and has the least left."""
        points: Counter[Limits] = Counter()
        for key, spent in self._scanned.items():
            points[self._accounts[key].limits if key in self._accounts else self._costs.limits] += spent
        return max((limits.sweep_pause(spent) for limits, spent in points.items()), default=timedelta())

    async def close(self) -> None:
        for limits in (self._costs.limits, *(each.limits for each in self._accounts.values())):
            await limits.close()
        for graphql in (self._graphql, *self._by_account.values()):
            await graphql.close()

    async def _shown(self, repo: str) -> bool:
        return (await self._rest.get(f"/repos/{repo}", values=(403, 404))).ok

    def _of(self, board: str) -> GraphQL:
        """Whose name a board is read and written in."""
        return self._by_account.get(board, self._graphql)

    async def _with_logs(self, found: Seen, data: Mapping[str, Any]) -> Seen:
        """A failed check of Actions that says nothing itself gets the end of its log."""
        node = pull_node_of(data)
        if found.pull is None or node is None or not any(_silent(each) for each in found.pull.checks):
            return found
        contexts = node["statusCheckRollup"]["contexts"]["nodes"]
        jobs = {check_key(each): each["databaseId"] for each in contexts if _from_actions(each)}
        checks = []
        for check in found.pull.checks:
            if _silent(check) and check.key in jobs:
                check = replace(check, summary=await self._workflows.log_tail(found.repo, jobs[check.key]))
            checks.append(check)
        return replace(found, pull=replace(found.pull, checks=tuple(checks)))


async def shown_to(api_url: str, token: TokenSource, repo: str) -> bool:
    """Whether a person's token is shown a repository."""
    reply = await Rest(api_url, token, Costs(_unbooked), timeout=20).get(f"/repos/{repo}", values=(401, 403, 404))
    return reply.ok


async def viewer_login(api_url: str, token: TokenSource) -> str:
    """Whom a person's token belongs to."""
    graphql = GraphQL(api_url, token, Costs(_unbooked), timeout=20)
    try:
        answer = await graphql.ask("Viewer", {})
        return str(answer.data["viewer"]["login"])
    finally:
        await graphql.close()


async def scopes_of(api_url: str, token: TokenSource) -> frozenset[str] | None:
    """What a classic token was given; None: it is of a kind that has permissions instead. The question is free."""
    reply = await Rest(api_url, token, Costs(_unbooked), timeout=20).get("/rate_limit", values=(404,))
    told = reply.headers.get("x-oauth-scopes")
    return None if told is None else frozenset(scope.strip() for scope in told.split(","))


async def _unbooked(_item: str | None, _kind: str, _amount: int) -> None:
    """Asked before there is a ledger, or for no item."""


def _asked(item: Item) -> dict[str, Any]:
    """The variables of `see.graphql`. What is left out is still declared, so it gets a harmless value."""
    branch = item.claim.branch if item.claim else ""
    by_number = item.pull_number is not None
    owner, _, name = item.repo.partition("/")
    return {
        "card": item.id,
        "issue": item.issue_id or item.id,
        "byIssue": bool(item.issue_id),
        "branch": branch,
        "ref": f"refs/heads/{branch}",
        "hasBranch": bool(branch),
        "byBranch": bool(branch) and not by_number,
        "number": item.pull_number or 0,
        "byNumber": by_number,
        "owner": owner,
        "name": name,
        "byHome": bool(name) and not item.issue_id,
    }


def _may_be_missing(path: Sequence[str | int]) -> bool:
    """A card, issue or pull request that is gone, and a blocking issue that may not be read, are facts of their own."""
    return path[-1] in ("card", "issue", "pullRequest", "home") or "blockedBy" in path


def _silent(check: Check) -> bool:
    return check.state == "failed" and not check.summary


def _from_actions(node: Mapping[str, Any]) -> bool:
    return node["__typename"] == "CheckRun" and bool((node["checkSuite"] or {}).get("workflowRun"))
