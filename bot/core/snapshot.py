"""A snapshot: everything `decide` may know of one item at one instant. Facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.board import Columns, Kept
from bot.core.budget import Caps, Usage
from bot.core.exposure import Exposure
from bot.core.gates.verdict import GateRun
from bot.core.item import Draft, Face, GoAhead, Issue, Item, Move, Order
from bot.core.message import Message
from bot.core.plans.execution import Execution
from bot.core.plans.learning import Past
from bot.core.plans.library import Tagged
from bot.core.plans.overlap import Busy
from bot.core.plans.playbook import Playbook
from bot.core.plans.stack import Facts
from bot.core.policy import PREVIEW, Policy
from bot.core.pull import Pull
from bot.core.run import Peer, Run, is_step
from bot.core.trust import Role


@dataclass(frozen=True)
class StatusComment:
    id: str
    body: str


@dataclass(frozen=True)
class PolicyWord:
    """What a check run on GitHub says of the broken policy."""

    head: str
    problem: str


@dataclass(frozen=True)
class Rival:
    """Another item that wants the same thing: a slot, or to be merged first."""

    item: str
    rank: tuple[float, int]
    since: datetime | None = None
    number: int | None = None
    agents: tuple[str, ...] = ()  # the agents it waits for; empty: a slot that all share


@dataclass(frozen=True)
class Twin:
    """The same issue's card on another board, on which Sluice works or which needs a person."""

    board: str
    claimed: bool
    parked_at: datetime | None = None


@dataclass(frozen=True)
class Grounds:
    """What a plan is made from: the repository's default branch, and what earlier plans there came to."""

    facts: Facts
    playbooks: tuple[Playbook, ...]
    problem: str = ""  # with the team's own playbooks; then the shipped ones alone are there
    history: tuple[Past, ...] = ()  # the newest first
    library: tuple[Tagged, ...] = ()  # documents that belong to no pack


@dataclass(frozen=True)
class Snapshot:
    now: datetime
    item: Item
    as_app: bool = True  # Sluice acts as a GitHub App, and so may make check runs
    columns: Columns = field(default_factory=Columns)
    options: tuple[str, ...] = ()  # all columns the board has
    kept: Kept = field(default_factory=Kept)  # the fields to keep, as far as the board has them
    face: Face | None = None  # None: the card is gone from the board
    issue: Issue | None = None
    draft: Draft | None = None
    draft_repo: str | None = None  # where a draft of this board becomes an issue
    redacted: bool = False
    moves: tuple[Move, ...] = ()  # oldest first
    roles: Mapping[str, Role] = field(default_factory=dict)  # of everybody whose word counts here; absent: unknown
    policy: Policy = PREVIEW
    policy_found: bool = True
    policy_problem: str = ""  # the file is broken and the last good one applies
    policy_word: PolicyWord | None = None  # what stands on GitHub about it
    default_head: str | None = None  # the default branch's newest commit
    exposing: tuple[Exposure, ...] = ()  # asked only where new work may start
    live_since: datetime | None = None
    paused_all_by: str | None = None
    default_branch: str = "main"
    base_head: str | None = None
    contains_base: bool | None = None  # the pull request's head has base_head among its ancestors
    branch_head: str | None = None  # the item's branch on GitHub
    pull: Pull | None = None
    status: StatusComment | None = None
    asked: tuple[str, ...] = ()  # marks of the comments Sluice has already posted to ask for a person
    runs: tuple[Run, ...] = ()  # of this item, oldest first
    gate_runs: tuple[GateRun, ...] = ()
    orders: tuple[Order, ...] = ()  # not answered yet, oldest first
    messages: tuple[Message, ...] = ()  # all that people said to its agents, oldest first
    peers: tuple[Peer, ...] = ()
    usage: Usage = field(default_factory=lambda: Usage())
    caps: Caps = field(default_factory=lambda: Caps())
    ahead: tuple[Rival, ...] = ()  # items that wait for a slot too
    lane: tuple[Rival, ...] = ()  # items of the same base branch that wait to be merged
    twin: Twin | None = None
    lost: frozenset[str] = frozenset()  # runs the ledger believes to be running, of which the engine does not know
    grounds: Grounds | None = None  # read only where a plan may be made
    execution: Execution | None = None  # its plan, as it stands; None: it has none of several steps
    plans_over: int = 0  # how many plans of the item came to their end, or were dropped
    busy: tuple[Busy, ...] = ()  # agents of other items, with what they change; asked only for plans under way
    artifacts: frozenset[tuple[str, str]] = frozenset()  # what its plan's steps left beside the branch: path and step
    to_approve: Mapping[str, str] = field(default_factory=dict)  # texts by path, of the phase that waits for approval
    worktree: bool = False  # a worktree of the item lies on this machine

    @property
    def column(self) -> str | None:
        return self.face.column if self.face else None

    @property
    def meaning(self) -> str | None:
        """Which of Sluice's columns the card is in: ready, in_progress, in_review, needs_person, done or None."""
        return self.columns.meaning_of(self.column)

    @property
    def active_runs(self) -> tuple[Run, ...]:
        """Several only where steps of a plan work side by side."""
        return tuple(run for run in self.runs if run.state != "ended")

    @property
    def active_run(self) -> Run | None:
        """The newest of them."""
        return self.active_runs[-1] if self.active_runs else None

    @property
    def commands_running(self) -> tuple[GateRun, ...]:
        """Gate commands of this item that run or are to run."""
        return tuple(gate for gate in self.gate_runs if gate.gate.startswith("command:") and not gate.over)

    @property
    def last_run(self) -> Run | None:
        """The newest run for the present go-ahead, else what its plan came to, else the one whose approved result the
        go-ahead takes up."""
        if self.item.claim is None:
            return None
        go = self.item.claim.go_ahead
        mine = (self._result(run) for run in reversed(self.runs) if run.go_ahead == go.key)
        over = self.execution is not None and self.execution.completed is not None
        planned = (self._result(run) for run in reversed(self.runs) if over and is_step(run.step))
        taken_up = (run for run in reversed(self.runs) if go.takes_up and run.work and run.work.head == go.takes_up)
        return next(mine, None) or next(planned, None) or next(taken_up, None)

    @property
    def unpushed(self) -> Run | None:
        """The newest run, if its result is one that could be pushed, is not on GitHub's branch, and nobody has had it
        started over since."""
        last = self._result(self.runs[-1]) if self.runs else None
        if last is None or last.work is None or not last.useful:
            return None
        if self.item.fresh_at and last.admitted_at < self.item.fresh_at:
            return None
        return last if last.work.head not in (self.item.pushed_head, self.branch_head) else None

    @property
    def rounds(self) -> int:
        """How many runs the present go-ahead has had."""
        claim = self.item.claim
        mine = [run for run in self.runs if claim and run.go_ahead == claim.go_ahead.key and not run.limited]
        return sum(not is_step(run.step) for run in mine) + any(is_step(run.step) for run in mine)

    def _result(self, run: Run) -> Run:
        """What all steps came to so far, as the work of who changed something last, in place of one step's."""
        if not is_step(run.step):
            return run
        e = self.execution
        if e is None:
            return replace(run, work=None)
        changing = [each.recorded.run for each in e.units if each.step.changes and each.recorded]
        by = next((each for each in reversed(self.runs) if each.key in changing), run)
        return replace(by, work=e.work)

    def person_behind(self, go: GoAhead | None) -> str | None:
        """The login of whoever gave the go-ahead; where that was on the command line, of who moved the card last."""
        movers = (move.actor for move in reversed(self.moves) if not (move.automated or move.ours))
        return (go.login or next((who for who in movers if who), None)) if go else None

    def role(self, login: str | None) -> Role | None:
        return self.roles.get(login.casefold()) if login else None
