"""What can happen to a plan once it is carried out: one record each, kept in order, never changed.

They are the only truth about it: `execution` is computed from them, traces and retrospectives are exports of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.plans.plan import Phase, Step
from bot.core.tokens import Tokens
from bot.core.worktree import Work

Answer = Literal["approve", "reject", "approve-with-feedback"]
How = Literal["command", "workflow", "attested"]  # attested: by hand, on somebody's word


@dataclass(frozen=True)
class Started:
    at: datetime
    by: str
    head: str = ""  # the commit it begins from, of a task of the command line; empty: unknown
    kind: Literal["started"] = "started"


@dataclass(frozen=True)
class Dispatched:
    """A step, or a member of its team, is in somebody's hands."""

    at: datetime
    step: str  # of a team: all its members
    agent: str  # who has it: a peer, or whatever name was given by hand
    run: str = ""  # the run's key; empty: dispatched by hand
    own_tree: bool = False  # it works in a worktree of its own, whose result is folded in
    delivered: tuple[str, ...] = ()  # knowledge it was given whole; later steps get a reference
    tree: str = ""  # by hand: git's name for what all files were then; empty: unknown
    kind: Literal["dispatched"] = "dispatched"


@dataclass(frozen=True)
class Recorded:
    """An attempt of a step or a team's member is over. `complete` only where what it was to deliver is there."""

    at: datetime
    step: str
    status: Literal["complete", "failed"]
    agent: str
    outcome: str = ""  # the agent's own words
    files: tuple[str, ...] = ()  # that it changed
    commit: str = ""
    run: str = ""
    work: Work | None = None  # what lies on the item's branch with it
    used: tuple[Tokens, ...] = ()  # as billed; empty: unknown
    estimated: int | None = None  # tokens, where nothing better is known
    session: str = ""
    since: datetime | None = None  # what its session said from then until `at` is in `used`, or in another step's
    error: str = ""
    seconds: float | None = None  # as told; None: since it was dispatched
    kind: Literal["recorded"] = "recorded"


@dataclass(frozen=True)
class SentBack:
    """A step that was over, or whose attempt was lost, is to be done once more, told why."""

    at: datetime
    step: str
    why: str  # Markdown, for the agent
    causes: tuple[str, ...] = ()  # the evidence of its next run
    conflict: bool = False  # its result is being folded in: it works where the conflict lies
    lost: bool = False  # the machine failed, not the agent: no round is used up
    asked: bool = False  # a person wants it, or has answered: nothing failed, and no round is used up either
    kind: Literal["sent-back"] = "sent-back"


@dataclass(frozen=True)
class GateJudged:
    at: datetime
    phase: int
    passed: bool
    how: How = "command"
    by: str = ""
    head: str = ""
    output: str = ""  # its end, bounded
    kind: Literal["gate"] = "gate"


@dataclass(frozen=True)
class GateRetried:
    at: datetime
    phase: int
    by: str
    kind: Literal["gate-retried"] = "gate-retried"


@dataclass(frozen=True)
class Answered:
    """A person's word on a phase; phase 0: on the plan itself."""

    at: datetime
    phase: int
    answer: Answer
    by: str
    feedback: str = ""
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True)
class Amended:
    """Phases and steps are added; nothing that is there is ever changed, moved or removed."""

    at: datetime
    id: str
    description: str
    by: str
    phases: tuple[Phase, ...] = ()
    after: int | None = None  # the phase they follow; None: the present one
    steps: tuple[Step, ...] = ()  # added to the phases their ids begin with
    trigger: str = "person"  # person | feedback | gate | plan.md | reopened
    kind: Literal["amended"] = "amended"


@dataclass(frozen=True)
class Asked:
    """An interactive step's agent ended a turn and waits for a person."""

    at: datetime
    step: str
    text: str
    kind: Literal["asked"] = "asked"


@dataclass(frozen=True)
class Interacted:
    """A person's turn in an interactive step."""

    at: datetime
    step: str
    by: str
    text: str = ""
    done: bool = False
    kind: Literal["interacted"] = "interacted"


@dataclass(frozen=True)
class Cancelled:
    at: datetime
    by: str
    reason: str = ""
    kind: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True)
class Completed:
    """Everything passed, and it was filed."""

    at: datetime
    by: str = ""
    kind: Literal["completed"] = "completed"


Happened = (
    Started
    | Dispatched
    | Recorded
    | SentBack
    | GateJudged
    | GateRetried
    | Answered
    | Amended
    | Asked
    | Interacted
    | Cancelled
    | Completed
)
