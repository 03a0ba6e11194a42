"""`context.GitHub` for several owners: each call goes out under the identity that is good for the owner it concerns.

An App is installed on each owner by itself, with limits of its own. A board and its cards are the board's owner's;
everything else goes by the repository, and so do the cards of a board that is worked with a token of its own. A
person's token is good everywhere, so with one all owners are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from bot.context import Heard, Seen, Written
from bot.core.actions import BoardWrite, ShowCheck
from bot.core.board import Board, Cards, Scan
from bot.core.gates.verdict import GateRun
from bot.core.item import Item
from bot.core.limits import Importance
from bot.core.report import Report
from bot.core.trust import Role
from bot.github import costs
from bot.github.access import BoardAccess, RepositoryAccess
from bot.github.client import GitHubClient
from bot.github.deliverylog import DeliveryLog
from bot.github.setup import SetUp

Open = Callable[[str], GitHubClient]  # for an owner


class Installations:
    """The clients, each made when it is first needed."""

    def __init__(
        self,
        login: str,
        open_: Open,
        *,
        shared: bool,
        apart: Collection[str] = (),
        deliveries: DeliveryLog | None = None,
    ) -> None:
        """`shared`: one identity is good for every owner. `apart`: the boards that have a token of their own."""
        self.deliveries = deliveries  # an App's alone
        self._login = login
        self._open = open_
        self._shared = shared
        self._apart = apart
        self._clients: dict[str, GitHubClient] = {}

    @property
    def login(self) -> str:
        return self._login

    def of(self, place: str) -> GitHubClient:
        """For a board `owner/number` or a repository `owner/name`."""
        owner = "" if self._shared else place.partition("/")[0].casefold()
        if owner not in self._clients:
            self._clients[owner] = self._open(owner)
        return self._clients[owner]

    # --- boards -------------------------------------------------------------------------------------------------------

    async def board(self, key: str) -> Board:
        costs.importance.set(Importance.WORK)
        return await self.of(key).board(key)

    async def scan(self, board: Board, whole: bool = True) -> Scan:
        costs.importance.set(Importance.SWEEP)
        return await self.of(board.key).scan(board, whole)

    async def cards(self, board: Board, ids: Sequence[str]) -> Cards:
        costs.importance.set(Importance.SWEEP)
        return await self.of(board.key).cards(board, ids)

    async def set_up(self, board: Board, dry: bool) -> SetUp:
        costs.importance.set(Importance.WORK)
        return await self.of(board.key).set_up(board, dry)

    async def post_update(self, board: Board, report: Report) -> Written:
        return await self.of(board.key).post_update(board, report)

    async def board_access(self, board: Board) -> BoardAccess:
        return await self.of(board.key).board_access(board)

    async def see(self, board: Board, item: Item) -> Seen:
        under_way = item.claim is not None or item.pull_number is not None
        costs.importance.set(Importance.WORK if under_way else Importance.START)
        return await self._for(board, item.repo).see(board, item)

    async def write(self, board: Board, item: Item, writes: Sequence[BoardWrite], seen: Seen | None) -> list[Written]:
        return await self._for(board, (seen.repo if seen else "") or item.repo).write(board, item, writes, seen)

    def _for(self, board: Board, repo: str) -> GitHubClient:
        """For one card: with a board of another owner it is the repository that says whose installation is meant."""
        return self.of(repo if repo and board.key in self._apart else board.key)

    # --- repositories -------------------------------------------------------------------------------------------------

    async def repository_access(self, repo: str) -> RepositoryAccess:
        return await self.of(repo).repository_access(repo)

    async def role(self, repo: str, login: str) -> Role:
        return await self.of(repo).role(repo, login)

    async def policy(self, repo: str) -> str | None:
        costs.importance.set(Importance.WORK)
        return await self.of(repo).policy(repo)

    async def said_since(self, repo: str, since: datetime) -> list[tuple[int, Heard]]:
        costs.importance.set(Importance.WORK)
        return await self.of(repo).said_since(repo, since)

    async def pulls_changed(self, repo: str) -> dict[int, datetime]:
        costs.importance.set(Importance.WORK)
        return await self.of(repo).pulls_changed(repo)

    async def react(self, repo: str, comment: str, reaction: str) -> None:
        await self.of(repo).react(repo, comment, reaction)

    async def merge(self, repo: str, number: int, head: str, method: str) -> Written:
        return await self.of(repo).merge(repo, number, head, method)

    async def enqueue(self, repo: str, pull_id: str, head: str) -> Written:
        return await self.of(repo).enqueue(repo, pull_id, head)

    async def update_branch(self, repo: str, number: int, head: str) -> Written:
        return await self.of(repo).update_branch(repo, number, head)

    async def dispatch_workflow(self, repo: str, file: str, ref: str, inputs: Mapping[str, str]) -> Written:
        return await self.of(repo).dispatch_workflow(repo, file, ref, inputs)

    async def workflow_run(self, repo: str, run_id: str) -> GateRun | None:
        return await self.of(repo).workflow_run(repo, run_id)

    async def workflow_run_named(self, repo: str, file: str, key: str) -> GateRun | None:
        return await self.of(repo).workflow_run_named(repo, file, key)

    async def show_check(self, repo: str, check: ShowCheck, look: bool = False) -> Written:
        return await self.of(repo).show_check(repo, check, look)

    # --- limits -------------------------------------------------------------------------------------------------------

    def starts_at(self, repo: str) -> datetime | None:
        return self.of(repo).starts_at(repo)

    def sweep_pause(self, boards: Sequence[str]) -> timedelta:
        """How far apart sweeps of these boards may be, by whoever has the least left."""
        return max((self.of(key).sweep_pause() for key in boards), default=timedelta())

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
        if self.deliveries:
            await self.deliveries.close()
