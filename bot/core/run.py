"""A run: one attempt of a peer at a step of an item's plan, and how it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.core.permission import NOTHING_SAID, Permissions, Said
from bot.core.spend import PER_DAY, PER_RUN, RUN_USD, Budget
from bot.core.tokens import Tokens
from bot.core.worktree import Work

# asked: it waits for a person's answer; limited: its provider says to wait; overspent: it reached its cap;
# lost: the machine failed under it; unreached: it never began, because git or GitHub did not answer
Ended = Literal[
    "finished", "asked", "failed", "timed_out", "stalled", "overspent", "limited", "cancelled", "lost", "unreached"
]
Runtime = Literal["claude", "codex", "acp", "command", "scripted"]
EXCUSED = ("unreached", "cancelled", "limited")  # git or its provider made it wait, or a person: no machine failed
ATTEMPTS, MOST_EXCUSED = 3, 100  # of one run


@dataclass(frozen=True)
class Limits:
    """What a run may use before it is stopped."""

    wall_seconds: float = 3600.0
    stall_seconds: float = 900.0  # nothing printed and nothing changed for this long
    log_bytes: int = 10_000_000
    tokens: int = PER_RUN.tokens  # read and written; binds too where the price is unknown
    cost_usd: float = RUN_USD
    long_seconds: float = 1800.0  # in place of stall_seconds, while a command that it runs is at work
    disk_bytes: int = 5_000_000_000  # by which its worktree and home may grow


@dataclass(frozen=True)
class Peer:
    """A coding agent that takes work for some repositories."""

    name: str
    runtime: Runtime
    command: tuple[str, ...] = ()  # the program and its arguments
    script: str = ""  # for `scripted`: the path of the edit script
    repositories: tuple[str, ...] = ()  # empty: all
    labels: tuple[str, ...] = ()  # takes only items with one of these; empty: all
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()  # board field, and the values of it that it takes
    capacity: int = 1
    limits: Limits = Limits()
    model: str = ""  # empty: the program's own choice
    network: Literal["open", "model-only"] = "open"
    fallbacks: tuple[str, ...] = ()  # who takes its work while its provider says to wait
    subscription: bool = False  # paid by the month: tokens bind, money does not
    day: Budget = PER_DAY
    runs_per_day: int = 100
    arguments: tuple[str, ...] = ()  # behind the command
    offline: bool = False  # set-up and gate commands for its work, which run its code, have no network
    role: str = ""  # the kind of step it takes, e.g. "builder"; empty: any
    permissions: Permissions = "all"  # what it does without asking


@dataclass(frozen=True)
class Assignment:
    """One run, as a runtime gets it."""

    run: str  # the run's key, unique for ever
    peer: Peer
    number: int
    title: str
    round: int  # 1 for the first attempt, then one more for each time the work came back
    brief: str  # Markdown
    worktree: str  # path
    setup: tuple[str, ...] = ()  # commands to run first, once per worktree
    item: str = ""  # with the peer: whose home and session it is
    dossier: str = ""  # Markdown: all a session that goes on needs to be told; empty: the brief
    interrupted: str = ""  # Markdown: the same for a session that was at this very run when the machine failed
    step: str = ""  # of a plan with several
    handed: Mapping[str, str] = field(default_factory=dict)  # what earlier steps of its plan left: path and text
    trusted: bool = False  # hooks and servers the repository's own agent configuration defines may be started
    said: Said = NOTHING_SAID  # which commands a person lets it run
    billed: tuple[Tokens, ...] = ()  # before it was cut short, as the gateway of the process it worked for counted


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `finished` is only what the peer says; what was done is read from git."""

    ended: Ended
    summary: str  # the peer's own words, untrusted, bounded
    seconds: float
    log: str  # path of the captured output
    exit_code: int | None = None
    used: tuple[Tokens, ...] = ()  # by model, as billed; empty: unknown, never 0
    cost_usd: float | None = None  # None: unknown
    until: datetime | None = None  # limited: when its provider takes work again, where it said so
    failure: str = ""  # failed: its class, by which repeated failures are told; e.g. "login", "exit 1"; `GONE`: "gone"
    question: str = ""  # asked: what a person is to answer, in its own words, untrusted, bounded

    @property
    def tokens(self) -> int | None:
        return sum(each.total for each in self.used) if self.used else None

    @property
    def gone(self) -> bool:
        """As `GONE`, with what it had used by then."""
        return (self.ended, self.failure) == (GONE.ended, GONE.failure)


GONE = Outcome("cancelled", "its process is gone", 0.0, "", failure="gone")  # it goes on once there is another


@dataclass(frozen=True)
class Run:
    """A row of the ledger."""

    key: str
    item: str
    step: str
    peer: str
    round: int
    go_ahead: str  # the key of the go-ahead it belongs to: rounds are counted within one
    evidence: str
    head: str  # the SHA the run started from
    state: Literal["admitted", "running", "ended"]
    admitted_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    work: Work | None = None  # what lay in the worktree at its end
    attempts: int = 0  # infrastructure retries of this very run
    excused: int = 0  # of these, how many follow one that was `EXCUSED`
    causes: tuple[str, ...] = ()  # what it was started for: reviews and verdicts already seen to
    cap: Budget | None = None  # what it may use before it is stopped
    estimate: int | None = None  # tokens, as its agent's earlier runs used

    @property
    def home(self) -> str:
        """Whose memory and worktree it has: the item's, or those of the one step of its plan."""
        return f"{self.item}.{self.step}" if is_step(self.step) else self.item

    @property
    def useful(self) -> bool:
        """It finished, and something new lies in the worktree that differs from the base."""
        finished = self.outcome is not None and self.outcome.ended == "finished"
        return finished and self.work is not None and bool(self.work.files) and self.work.head != self.head

    @property
    def limited(self) -> bool:
        """Its provider did not let it work: no attempt, and no round."""
        return self.outcome is not None and self.outcome.ended == "limited"

    @property
    def tries(self) -> int:
        return self.attempts - self.excused + (not self.limited)

    @property
    def exhausted(self) -> bool:
        """The machine, or git, has failed it as often as may be."""
        excused = self.outcome is not None and self.outcome.ended in EXCUSED
        return self.excused >= MOST_EXCUSED if excused else self.attempts - self.excused + 1 >= ATTEMPTS

    @property
    def job(self) -> str:
        """The engine's key: one for each attempt."""
        return f"{self.key}.{self.attempts}"


def is_step(step: str) -> bool:
    """Of a plan with several; the default plan's one step, and what mends its result, have a word for a name."""
    return "." in step


def evidence_of(causes: Iterable[str]) -> str:
    """The hash of what caused a run: go-ahead, gate verdict, review, comment, base SHA. Never a clock or a counter."""
    return hashlib.sha256("\n".join(sorted(causes)).encode()).hexdigest()[:16]


def run_key(item: str, step: str, head: str, evidence: str) -> str:
    """The key the ledger refuses twice: no run without new evidence."""
    return hashlib.sha256("\n".join((item, step, head, evidence)).encode()).hexdigest()[:24]
