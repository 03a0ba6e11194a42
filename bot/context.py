"""The outside world as Sluice sees it: four protocols and a clock. `wiring` fills them with the real things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.core.actions import Action, BoardWrite, Claim, Decision, NoteOrder, RunPlan, ShowCheck
from bot.core.board import Board, Cards, Scan
from bot.core.budget import Caps, Refusal, Usage
from bot.core.events import Event
from bot.core.gates.verdict import GateRun
from bot.core.item import Draft, Face, GoAhead, Issue, Item, Move, Order, Refused
from bot.core.message import Message
from bot.core.own import Deed
from bot.core.plans.direct import End
from bot.core.plans.execution import Execution
from bot.core.plans.happened import Happened
from bot.core.plans.learning import Past
from bot.core.plans.overlap import Busy
from bot.core.plans.plan import Plan
from bot.core.policy import Work as WorkPolicy
from bot.core.pull import Pull
from bot.core.review import ReviewRow
from bot.core.run import Outcome, Peer, Run
from bot.core.snapshot import PolicyWord, Rival, StatusComment, Twin
from bot.core.spend import Budget, Price, unpriced
from bot.core.tokens import Tokens
from bot.core.trust import Role
from bot.core.worktree import ClaimNote, FileChange, Push, Work, WorkSpec, Worktree

# The item on whose account the present task works: what a call to GitHub or git costs is booked on it. A pass looks at
# one item in one task, and what is called on the way, down to a permission look-up, does not name the item itself.
item_at_work: ContextVar[str | None] = ContextVar("item_at_work", default=None)


@dataclass(frozen=True)
class Heard:
    """A comment as it was read; whether it holds a command is for `bot.commands` to say."""

    id: str  # GitHub's database id, as text
    subject: str  # node id
    author: str
    by_bot: bool
    body: str
    at: datetime
    edited: bool


@dataclass(frozen=True)
class Seen:
    """One item as GitHub tells it, in one document."""

    face: Face | None
    issue: Issue | None
    draft: Draft | None
    redacted: bool
    repo: str
    moves: tuple[Move, ...]
    pull: Pull | None
    status: StatusComment | None
    asked: tuple[str, ...]  # marks in Sluice's own comments
    comments: tuple[Heard, ...]  # without Sluice's own
    default_branch: str
    base_head: str | None
    branch_head: str | None
    policy_text: str | None  # None: there is no file
    policy_since: datetime | None  # when the file last changed on the default branch, by its commit
    repo_id: str = ""  # node id
    repo_archived: bool = False
    description: str = ""  # of the pull request, whole
    pushed_at: datetime | None = None  # when anything was last pushed to the repository
    default_head: str | None = None  # the default branch's newest commit
    deeds: tuple[Deed, ...] = ()  # those it was asked with, and what this look told of the unsettled ones


@dataclass(frozen=True)
class Written:
    """The answer to one BoardWrite: what came of it, or why not."""

    ok: bool
    id: str = ""  # node id of what was made
    number: int | None = None
    error: str = ""
    at: datetime | None = None  # when the card moved, by GitHub's clock
    refused: tuple[str, ...] = ()  # of the people it named, those whom GitHub does not take
    final: bool = False  # refused, and asking again changes nothing until a person has done something


class Account(Protocol):
    """All that happened to an item, as plans tell it."""

    @property
    def execution(self) -> Execution: ...
    @property
    def happened(self) -> tuple[Happened, ...]: ...


class GitHub(Protocol):
    """What Sluice asks of GitHub. Raises `Unavailable`, `Ambiguous` or `Refused` (bot.errors)."""

    @property
    def login(self) -> str: ...  # whose name is on what Sluice writes, the cards of some boards apart
    async def board(self, key: str) -> Board: ...
    async def scan(self, board: Board, whole: bool = True) -> Scan: ...
    async def cards(self, board: Board, ids: Sequence[str]) -> Cards: ...
    async def see(self, board: Board, item: Item, deeds: Sequence[Deed] = ()) -> Seen: ...
    async def role(self, repo: str, login: str) -> Role: ...
    async def said_since(self, repo: str, since: datetime) -> list[tuple[int, Heard]]: ...  # with the issue's number
    async def pulls_changed(self, repo: str) -> dict[int, datetime]: ...  # open ones, the last changed, by number
    async def react(self, repo: str, comment: str, reaction: str) -> None: ...
    async def policy(self, repo: str) -> str | None: ...  # the text of its file; None: there is none
    async def write(
        self, board: Board, item: Item, writes: Sequence[BoardWrite], seen: Seen | None
    ) -> list[Written]: ...
    async def merge(self, repo: str, number: int, head: str, method: str) -> Written: ...
    async def enqueue(self, repo: str, pull_id: str, head: str) -> Written: ...
    async def update_branch(self, repo: str, number: int, head: str) -> Written: ...
    async def dispatch_workflow(self, repo: str, file: str, ref: str, inputs: Mapping[str, str]) -> Written: ...
    async def workflow_run(self, repo: str, run_id: str) -> GateRun | None: ...  # None: it is gone
    async def workflow_run_named(
        self, repo: str, file: str, key: str
    ) -> GateRun | None: ...  # whose name shows the key
    async def show_check(self, repo: str, check: ShowCheck, look: bool = False) -> Written: ...  # look: it may be there
    def starts_at(self, repo: str) -> datetime | None: ...  # when its limits leave room for new work; None: now


class Git(Protocol):
    """Mirrors, worktrees, branches and claims; see bot/git. Raises `GitFailed`."""

    async def fetch(self, repo: str) -> None: ...
    async def worktree(
        self,
        spec: WorkSpec,
        merge_base: bool = False,
        trailers: Mapping[str, str] = ...,
        trusted: bool = False,
        merge_head: str = "",
    ) -> Worktree: ...
    async def fold(self, spec: WorkSpec, part: WorkSpec, head: str, note: str) -> Work | tuple[str, ...]: ...
    async def collect(self, spec: WorkSpec, message: str, trailers: Mapping[str, str]) -> Work: ...
    async def save(self, spec: WorkSpec) -> str: ...
    async def push(self, spec: WorkSpec, expected: str | None) -> Push: ...
    async def remove_worktree(self, spec: WorkSpec) -> None: ...
    async def drop_saved(self, spec: WorkSpec) -> None: ...
    async def delete_branch(self, repo: str, branch: str, expected: str) -> bool: ...
    async def contains(self, repo: str, ancestor: str, descendant: str) -> bool: ...
    async def read(  # the paths of its files, and the texts of those wanted
        self, repo: str, rev: str, wanted: Callable[[tuple[str, ...]], Iterable[str]]
    ) -> tuple[tuple[str, ...], dict[str, str]]: ...
    async def workflows(self, repo: str, sha: str) -> tuple[tuple[str, str], ...]: ...  # name and text of each file
    async def changed_files(self, repo: str, base: str, head: str) -> tuple[FileChange, ...]: ...
    async def checkout(self, repo: str, sha: str, name: str) -> Path: ...
    async def remove_checkout(self, path: Path) -> None: ...
    async def claim(self, repo: str, issue: str, note: ClaimNote, expected: str | None) -> ClaimNote | None: ...
    async def read_claim(self, repo: str, issue: str) -> ClaimNote | None: ...
    async def release(self, repo: str, issue: str, expected: str) -> bool: ...
    async def beat(self, repo: str, now: datetime) -> None: ...
    async def remote_refs(self, repo: str, *patterns: str) -> dict[str, str]: ...  # ref -> SHA
    def has_worktree(self, spec: WorkSpec) -> bool: ...
    def has_mirror(self, repo: str) -> bool: ...  # something was done for the repository on this machine


class Engine(Protocol):
    """Runs slow effects durably; see bot/engine/port.py. Submitting a key twice runs it once."""

    @property
    def stopping(self) -> bool: ...  # the process ends: what is interrupted goes on at the next start
    async def submit(self, key: str, queue: str, priority: int = 1) -> None: ...
    async def cancel(self, key: str) -> None: ...
    async def status(self, key: str) -> str | None: ...  # "waiting" "running" "over"; None: unknown key


@dataclass(frozen=True)
class Memory:
    """What the ledger knows of one item, read in one transaction."""

    item: Item
    runs: tuple[Run, ...]
    gate_runs: tuple[GateRun, ...]
    orders: tuple[Order, ...]
    messages: tuple[Message, ...]
    usage: Usage
    ahead: tuple[Rival, ...]
    lane: tuple[Rival, ...]
    paused_all_by: str | None
    live_since: datetime | None
    last_policy: str | None  # the text of the last good policy
    moves: tuple[Move, ...] = ()  # of a draft, as webhooks told them
    twin: Twin | None = None
    column: str | None = None  # where the card was last seen
    priority: float | None = None  # as the card said then; a command's word is in `item`
    policy_word: PolicyWord | None = None  # what a check on GitHub says of the repository's broken policy
    deeds: tuple[Deed, ...] = ()  # what Sluice wrote that people could have written too, oldest first
    execution: Execution | None = None  # the plan of its present life
    plans_over: int = 0
    busy: tuple[Busy, ...] = ()  # agents of other items, with what they change
    artifacts: frozenset[tuple[str, str]] = frozenset()  # what the plan's steps left beside the branch: path and step
    to_approve: Mapping[str, str] = field(default_factory=dict)  # texts by path, of the phase that waits for approval


@dataclass(frozen=True)
class AtWork:
    """An item on whose account something runs on this machine or another, and what the ledger says may stop it."""

    item: str
    repo: str
    runs: tuple[Run, ...]
    gates: tuple[GateRun, ...]  # commands only
    paused_by: str | None
    mode: str  # of the repository's policy, as it was last read


class Admits(Protocol):
    """Lets a run in, or says why not: a board's, a task's, or that of an agent of its own."""

    async def admit(
        self,
        item: str,
        claim: Claim | None,
        run: RunPlan | None,
        caps: Caps,
        work: WorkPolicy,
        peer: Peer | None,
        now: datetime,
    ) -> Refusal | None: ...


class Ledger(Admits, Protocol):
    """What must survive a restart; see bot/ledger. Every verb is one transaction."""

    @property
    def instance(self) -> str: ...
    async def recall(self, item: str, now: datetime) -> Memory: ...
    async def hear(  # all unanswered
        self, item: str, orders: Sequence[Order], now: datetime, until: datetime | None = None
    ) -> tuple[Order, ...]: ...
    async def note_repository(  # since when it is live
        self, repo: str, policy: str | None, mode: str, since: datetime | None, pushed: datetime | None, now: datetime
    ) -> datetime | None: ...
    async def note_policy_word(self, repo: str, word: PolicyWord | None) -> None: ...
    async def known_role(self, repo: str, login: str, newer_than: datetime) -> Role | None: ...
    async def keep_role(self, repo: str, login: str, role: Role, now: datetime) -> None: ...
    async def note_face(self, item: str, column: str | None, priority: float | None) -> Item: ...
    async def note_issue(self, item: str, repo: str, issue_id: str, number: int, title: str) -> None: ...
    async def follow_transfer(self, item: str, repo: str, issue_id: str, number: int, now: datetime) -> None: ...
    async def record(self, item: str, decision: Decision, now: datetime, performed: bool) -> None: ...
    async def intend(self, item: str, action: Action, now: datetime) -> int: ...
    async def settle(
        self, effect: int, ok: bool, result: str, now: datetime, at: datetime | None = None
    ) -> None: ...  # `at`: when GitHub did it, by its clock
    async def find_out(self, deed: Deed, now: datetime) -> None: ...
    async def accept_go_ahead(self, item: str, go_ahead: GoAhead) -> None: ...
    async def spend_move(self, item: str, key: str) -> None: ...
    async def note_order(self, item: str, note: NoteOrder, now: datetime) -> None: ...
    async def tell(self, item: str, message: Message) -> None: ...
    async def messages(self, item: str) -> tuple[Message, ...]: ...
    async def heard(self, item: str, ids: Sequence[str], run: str, now: datetime) -> None: ...
    async def note_heard(self, item: str, message: str) -> None: ...
    async def pause_all(self, by: str | None, now: datetime) -> int: ...
    async def withdraw(self, item: str, run: str | None) -> None: ...
    async def join_lane(self, item: str, base: str, now: datetime) -> bool: ...
    async def leave_lane(self, item: str) -> None: ...
    async def park(self, item: str, reason: str, told: bool, now: datetime) -> None: ...
    async def parked_told(self, item: str) -> None: ...
    async def release(self, item: str) -> None: ...
    async def finish(self, item: str, how: str, receipt: str, now: datetime) -> None: ...
    async def note_pull(self, item: str, number: int) -> None: ...
    async def note_push(self, item: str, head: str, now: datetime) -> None: ...
    async def note_refused(self, item: str, refused: Refused) -> None: ...
    async def note_unaskable(self, item: str, logins: Sequence[str]) -> None: ...
    async def note_stood(self, item: str, stood: tuple[str, ...]) -> None: ...  # for people to see, at this look
    async def note_review(self, review: ReviewRow) -> None: ...
    async def start_run(self, key: str, now: datetime) -> tuple[Run, RunPlan] | None: ...
    async def note_events(self, run: str, happened: Sequence[tuple[datetime, Event]]) -> None: ...
    async def note_usage(  # all the run used so far, by model; what counts of it by now
        self, run: str, source: str, tokens: Sequence[Tokens], at: datetime, price: Price
    ) -> Budget: ...
    async def used(self, run: str) -> Budget: ...
    async def at_the_gateway(self, run: str) -> tuple[Tokens, ...]: ...  # what every process's counted of it
    async def end_run(self, key: str, outcome: Outcome, work: Work | None, now: datetime) -> bool: ...
    async def admit_gate(
        self, item: str, gate: str, head: str, command: str, now: datetime, again: str = ""
    ) -> str: ...
    async def start_gate(self, key: str, now: datetime) -> tuple[str, GateRun, str] | None: ...
    async def end_gate(self, key: str, gate: GateRun, now: datetime) -> None: ...
    async def save_plan(self, plan: Plan, repo: str, item: str | None = None) -> bool: ...
    async def happen(self, task: str, *what: Happened, looking: bool = False) -> tuple[Execution, str]: ...
    async def keep_artifacts(self, task: str, step: str, texts: Mapping[str, str], now: datetime) -> None: ...
    async def artifacts(self, task: str) -> dict[str, str]: ...
    async def pasts(self, price: Price, repo: str | None = None) -> list[Past]: ...  # started tasks, the newest first
    async def account(self, item: str, end: End | None = None) -> Account | None: ...  # None: nobody worked on it
    async def wake(self, item: str, due: datetime, cause: str) -> None: ...
    async def wake_where(
        self,
        due: datetime,
        cause: str,
        *,
        repo: str | None = None,
        waits_for: Sequence[str] = (),
        limit: int | None = None,
    ) -> (
        int
    ): ...  # items not done whose last decision waits for one of these (none given: any claimed item); best rank first
    async def book(self, item: str | None, kind: str, amount: int, now: datetime) -> None: ...


@dataclass(frozen=True)
class Context:
    """The outside world, handed down; nothing below constructs a client or reads the environment."""

    now: Callable[[], datetime]
    github: GitHub
    git: Git
    engine: Engine
    ledger: Ledger
    boards: dict[str, Board]  # by key, as each was found last: a sweep keeps them up to date
    peers: tuple[Peer, ...]
    caps: Caps
    price: Price = unpriced
    draft_repos: Mapping[str, str] = field(default_factory=dict)  # board key -> repository of its drafts
    claim_minutes: float = 30.0
    role_minutes: float = 5.0
    large_board: int = 500  # cards; one with more is read whole only once in a while
    file: Callable[[Account], None] = lambda account: None  # for people and collectors; it never fails
    forget_homes: Callable[[str], None] = lambda item: None  # its agents remember nothing of it any more

    def draft_repo(self, board: Board) -> str | None:
        return self.draft_repos.get(board.key)
