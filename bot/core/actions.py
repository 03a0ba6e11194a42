"""Everything Sluice may do: the list of its powers on one screen. `perform` carries each out and has no opinions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.item import Approval, GoAhead
from bot.core.message import Message
from bot.core.plans.happened import Happened, Recorded
from bot.core.plans.plan import Plan


@dataclass(frozen=True)
class RunPlan:
    """A run to be admitted: its key is made of step, head and evidence, and the ledger refuses it twice."""

    key: str
    step: str
    peer: str
    round: int
    go_ahead: str
    evidence: str
    head: str
    brief: str
    causes: tuple[str, ...] = ()  # what the evidence is the hash of: gate verdicts, reviews, commands, moves
    merge_base: bool = False  # bring the base branch into the worktree first, conflicts and all
    first: bool = True  # starts the item, rather than mending it
    takes_over: str = ""  # the run of another agent whose brief it goes on with
    restart: bool = False  # the same run once more, after the machine and not the agent failed
    dossier: str = ""  # what an agent that remembers the task is told instead of the brief; empty: the brief
    own_tree: str = ""  # the step of a plan that it carries out, in a worktree of its own
    task: str = ""  # whose plan it is
    hands_on: tuple[str, ...] = ()  # files that it leaves beside the branch, for the steps behind it
    minutes: float | None = None  # where the step has less time than its agent
    model: str = ""  # that its step is meant for, where its agent has none of its own


# --- what is only written in the ledger ------------------------------------------------------------------------------


@dataclass(frozen=True)
class AcceptGoAhead:
    """Remember who started the item and the text as it stood."""

    go_ahead: GoAhead


@dataclass(frozen=True)
class SpendMove:
    """A Status event has been acted upon."""

    key: str


@dataclass(frozen=True)
class NoteOrder:
    """Remember what a command changed; `verb` and `value` are what the ledger's column is set to."""

    order: str
    verb: str  # pause resume priority assign approve merge retry budget answered
    by: str
    value: str = ""
    approval: Approval | None = None
    starts: bool = False  # `budget`: what waits for it goes on

    @property
    def fresh(self) -> bool:
        """It starts over on a new branch, and leaves the old pull request to people."""
        return (self.verb, self.value) == ("retry", "fresh")


@dataclass(frozen=True)
class Tell:
    """Keep a person's words for the agent: whoever has its run passes them on, or the next run begins with them."""

    message: Message


@dataclass(frozen=True)
class NoteHeard:
    """Whoever said it is shown that the agent has heard it."""

    message: str


@dataclass(frozen=True)
class PauseAll:
    """Stop dispatch, merges and agents everywhere, or let them go on (`on=False`)."""

    on: bool
    by: str


@dataclass(frozen=True)
class AdoptPlan:
    """The item is worked on by this plan from now on."""

    plan: Plan


@dataclass(frozen=True)
class NotePlan:
    """Something happened to the item's plan, and what goes with it: both or neither."""

    task: str
    what: Happened
    then: Happened | None = None

    @property
    def all(self) -> tuple[Happened, ...]:
        return (self.what, self.then) if self.then else (self.what,)


@dataclass(frozen=True)
class JoinLane:
    """Take a place in the queue of the base branch. Refused when somebody else is its head: then nothing follows."""

    base: str


@dataclass(frozen=True)
class LeaveLane:
    pass


@dataclass(frozen=True)
class Park:
    """Only a person can free the item now. `told`: whoever must know has caused it, so nobody is asked."""

    reason: str
    told: bool = False


@dataclass(frozen=True)
class Finish:
    """File the receipt: the item is over."""

    how: str  # merged | closed | removed
    receipt: str  # the impact summary


# --- what reaches the agents ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """Admit the first run and take the item, in the ledger and on the remote. Refused: nothing follows."""

    peer: str
    branch: str
    base: str
    go_ahead: GoAhead
    run: RunPlan | None  # None: there is a pull request already and nothing to mend yet


@dataclass(frozen=True)
class Dispatch:
    """Hand an admitted run to the engine."""

    run: str


@dataclass(frozen=True)
class SendBack:
    """Admit one more run, for new evidence, and hand it to the engine."""

    run: RunPlan


@dataclass(frozen=True)
class StopRun:
    run: str
    why: str


@dataclass(frozen=True)
class StopGate:
    """End a gate command that runs or is to run; its head stays unjudged."""

    key: str
    why: str


@dataclass(frozen=True)
class Fold:
    """Bring a step's work into the item's branch and note that it is done; where it conflicts, the step goes back."""

    task: str
    step: str
    base: str  # the head its worktree began at
    head: str
    recorded: Recorded


@dataclass(frozen=True)
class RunGate:
    """Run a gate command on a head, in a clean checkout without secrets."""

    gate: str
    command: str
    head: str


@dataclass(frozen=True)
class RemoveWorktree:
    """Remove the worktree; refused by git's side unless all of it is safe on the remote. `homes`: what agents remember
    of the item goes too; it stays where somebody may let them go on."""

    homes: bool = True


@dataclass(frozen=True)
class ReleaseClaim:
    """Give the claim up, in the ledger and on the remote. `forget`: the saved copy of merged work may go too."""

    forget: bool = False


@dataclass(frozen=True)
class LoseRun:
    """The engine no longer knows a run the ledger believes to be running: note it as lost."""

    run: str


# --- what reaches the repository --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PushBranch:
    """Push the collected head, with a lease on the head last seen (None: no branch yet)."""

    head: str
    expected: str | None


@dataclass(frozen=True)
class DeleteBranch:
    """Delete the item's branch, only if it is merged and still at this head."""

    head: str


@dataclass(frozen=True)
class DispatchWorkflow:
    """Start a gate's workflow on the item's branch. `again`: the key of the run that somebody wants repeated."""

    gate: str
    file: str
    head: str
    again: str = ""


@dataclass(frozen=True)
class ShowCheck:
    """Show how a gate stands as a check run on the head; only an App may. Refused: all else goes on without."""

    name: str
    head: str
    key: str  # which result it is
    conclusion: str  # "": in progress
    title: str
    summary: str
    text: str = ""
    url: str = ""
    known: int | None = None  # the check run that there is already


@dataclass(frozen=True)
class ShowPolicy:
    """Say on a check of the default branch's head what is wrong with the policy; `problem` empty: that it is mended."""

    head: str
    problem: str


@dataclass(frozen=True)
class UpdateBranch:
    """Bring the pull request's branch up to date with its base, at the expected head."""

    head: str


@dataclass(frozen=True)
class Merge:
    """Merge at the expected head, or hand it to GitHub's merge queue."""

    head: str
    method: str
    queue: bool = False


# --- what is written on the board: neighbours of these travel in one GraphQL document ---------------------------


@dataclass(frozen=True)
class ConvertDraft:
    repo: str


@dataclass(frozen=True)
class OpenPull:
    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True)
class EditPull:
    """Bring Sluice's part of the pull request's text up to date."""

    body: str


@dataclass(frozen=True)
class MoveCard:
    column: str


@dataclass(frozen=True)
class ShowField:
    """Set an optional field of the card that is kept for people; nothing depends on it."""

    field: str
    value: str


@dataclass(frozen=True)
class SayStatus:
    """Post the status comment, or edit it in place."""

    body: str


@dataclass(frozen=True)
class AskPerson:
    """The one new comment that asks for a person; `mark` keeps it from being posted twice."""

    body: str
    mark: str


@dataclass(frozen=True)
class Acknowledge:
    """React to a comment."""

    subject: str
    reaction: str  # EYES THUMBS_UP THUMBS_DOWN CONFUSED


@dataclass(frozen=True)
class Reply:
    """Answer a command that asked for text, or could not be understood."""

    body: str
    mark: str


@dataclass(frozen=True)
class AskReview:
    logins: tuple[str, ...]


@dataclass(frozen=True)
class CloseIssue:
    pass


@dataclass(frozen=True)
class ClosePull:
    pass


BoardWrite = (
    ConvertDraft
    | OpenPull
    | EditPull
    | MoveCard
    | ShowField
    | SayStatus
    | AskPerson
    | Acknowledge
    | Reply
    | AskReview
    | CloseIssue
    | ClosePull
)
LedgerWrite = (
    AcceptGoAhead
    | SpendMove
    | NoteOrder
    | Tell
    | NoteHeard
    | PauseAll
    | AdoptPlan
    | NotePlan
    | JoinLane
    | LeaveLane
    | Park
    | Finish
)
AgentAction = (
    Claim | Dispatch | SendBack | Fold | StopRun | StopGate | LoseRun | RunGate | RemoveWorktree | ReleaseClaim
)
RepoAction = PushBranch | DeleteBranch | DispatchWorkflow | ShowCheck | ShowPolicy | UpdateBranch | Merge
Action = LedgerWrite | AgentAction | RepoAction | BoardWrite

# What changes nothing that a look at GitHub shows: the pass goes on with what it has seen.
OUT_OF_SIGHT = (AcceptGoAhead, SpendMove, NoteOrder, AdoptPlan, NotePlan, Claim, Fold, LoseRun)

WAITS = ("nobody", "machine", "person", "slot", "agent", "quota", "dependency")  # what an item can wait for


@dataclass(frozen=True)
class Decision:
    """What a pass came to. There is always a reason; `explain` shows it."""

    stage: str
    reason: str
    actions: tuple[Action, ...] = ()
    look_again_at: datetime | None = None
    waits_for: str = "nobody"  # one of WAITS
    agents: tuple[str, ...] = ()  # who may take it, while it waits for one of them
