"""A toy world: it carries out decisions on plain data, as the ledger and GitHub would, so that lives can be lived.

It refuses what the real ones refuse: a claim or a run twice, a merge at another head, a push over somebody's commit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core import actions as do
from bot.core.budget import Refusal, Usage, admit
from bot.core.decide import decide
from bot.core.gates.verdict import GateRun
from bot.core.item import Claim, Draft, Face, Move, Order, Parked
from bot.core.policy import Policy
from bot.core.pull import Pull, Review
from bot.core.run import Run
from bot.core.snapshot import Snapshot, StatusComment
from bot.core.stage import MOVES, Stage, stage_of
from tests.core.facts import ME, NOW, REPO, ROLES, issue, item, outcome, peer, policy, pull, result

PASSES = 12  # a wake that leads to more passes than this in a row is a hot loop


class Toy:
    """One card, its issue, branch and pull request, and what the ledger remembers of them."""

    def __init__(self, the_policy: Policy | None = None, column: str | None = None) -> None:
        self.policy = the_policy or policy()
        self.now, self.count = NOW, 0
        self.item, self.issue, self.peers = item(), issue(), (peer(),)
        self.draft: Draft | None = None
        self.face: Face | None = Face(column, False)
        self.moves: list[Move] = []
        self.runs: list[Run] = []
        self.gates: list[GateRun] = []
        self.orders: list[Order] = []
        self.pull: Pull | None = None
        self.branches: dict[str, str] = {}
        self.base_head = "b0"
        self.paused_all_by: str | None = None
        self.status: StatusComment | None = None
        self.questions: dict[str, str] = {}  # the comments that ask for a person, by mark
        self.replies: list[str] = []
        self.receipts: list[str] = []
        self.words: set[str] = set()  # heads a person approved by comment
        self.worktree = False
        self.gate_answer = "passed"
        self.stages: list[type[Stage]] = []
        self.decisions: list[do.Decision] = []

    # --- what people do ---------------------------------------------------------------------------------------------

    def tick(self, minutes: float = 1) -> datetime:
        self.now += timedelta(minutes=minutes)
        self.count += 1
        return self.now

    def drag(self, to: str | None, by: str | None = "wendy", automated: bool = False) -> None:
        if self.face:
            self.face = replace(self.face, column=to)
            self.moves.append(Move(f"m{self.count}-{len(self.moves)}", to, by, automated, self.tick()))

    def say(self, verb: str, args: str = "", by: str = "mona") -> None:
        key = f"o{len(self.orders)}-{self.tick()}"
        self.orders.append(Order(key, verb, args, by, self.now, subject=f"IC_{key}"))

    def review(self, state: str, by: str = "mona", body: str = "") -> None:
        if self.pull:
            key = f"rev{len(self.pull.reviews)}-{self.tick()}"
            new = Review(key, by, state, body, self.pull.head, self.now, True)  # type: ignore[arg-type]
            self.pull = replace(self.pull, reviews=(*self.pull.reviews, new))

    def checks(self, *checks: do.Action | object) -> None:
        if self.pull:
            self.pull = replace(self.pull, checks=tuple(checks))  # type: ignore[arg-type]

    def merge_by_hand(self, by: str = "mona") -> None:
        if self.pull and self.pull.open:
            self.pull = replace(self.pull, state="MERGED", merged_by=by, merged_at=self.tick(), merge_commit="m1")

    def close_by_hand(self, by: str = "mona") -> None:
        if self.pull and self.pull.open:
            self.pull = replace(self.pull, state="CLOSED", closed_by=by)

    def commit_by_hand(self) -> None:
        """A person pushes to the item's branch."""
        if self.pull and self.pull.open:
            self._head(self.pull.branch, f"person{self.count}-{self.tick():%H%M}")

    # --- what the agent does ----------------------------------------------------------------------------------------

    @property
    def active(self) -> list[Run]:
        return [run for run in self.runs if run.state != "ended"]

    def agent_ends(self, head: str | None = None, ended: str = "finished", paths: tuple[str, ...] = ()) -> None:
        """The run under way ends, with new work at `head` (None: nothing new)."""
        for run in self.active:
            work = result(head, *paths) if head else result(run.head)
            self._end(run, ended, work)

    def _end(self, run: Run, ended: str, work: object = None) -> None:
        over = replace(run, state="ended", outcome=outcome(ended), ended_at=self.now, work=work)  # type: ignore[arg-type]
        self.runs[self.runs.index(run)] = over

    # --- passes -----------------------------------------------------------------------------------------------------

    @property
    def column(self) -> str | None:
        return self.face.column if self.face else None

    def snapshot(self) -> Snapshot:
        waiting = self.pull is not None and self.pull.open and self._last_waits_for == "person"
        key = self.item.claim.go_ahead.key if self.item.claim else ""
        return Snapshot(
            now=self.now,
            me=ME,
            item=self.item,
            face=self.face,
            issue=None if self.draft else self.issue,
            draft=self.draft,
            draft_repo=REPO,
            moves=tuple(self.moves),
            roles=ROLES,
            policy=self.policy,
            paused_all_by=self.paused_all_by,
            base_head=self.base_head,
            branch_head=self.branches.get(self._branch),
            pull=self.pull if self.pull and self.pull.number == self.item.pull_number else None,
            status=self.status,
            asked=tuple(self.questions),
            runs=tuple(self.runs),
            gate_runs=tuple(self.gates),
            orders=tuple(self.orders),
            peers=self.peers,
            worktree=self.worktree,
            usage=Usage(
                running=len(self.active),
                running_here=len(self.active),
                running_by_peer={"claude": len(self.active)},
                for_go_ahead=sum(run.go_ahead == key for run in self.runs),
                waiting_pulls=int(waiting),
            ),
        )

    @property
    def _last_waits_for(self) -> str:
        return self.decisions[-1].waits_for if self.decisions else "nobody"

    @property
    def _branch(self) -> str:
        if self.item.claim:
            return self.item.claim.branch
        return self.pull.branch if self.pull else ""

    def step(self) -> do.Decision:
        """One pass: what is decided is done, as far as nothing refuses."""
        snapshot = self.snapshot()
        stage = type(stage_of(snapshot))
        if self.stages and self.stages[-1] is not stage:
            lawful = MOVES[self.stages[-1]]
            assert stage in lawful, f"{self.stages[-1].__name__} -> {stage.__name__} is in no table"
        self.stages.append(stage)
        decision = decide(snapshot)
        assert decision.reason
        self.decisions.append(decision)
        allowed = decision.actions if self.policy.mode == "live" else ()
        if allowed != decision.actions:  # a pass that may not write does not look again at once
            self.decisions[-1] = replace(decision, look_again_at=None)
        for action in allowed or [a for a in decision.actions if isinstance(a, do.StopRun)]:
            if refused := self._do(action):
                self.decisions[-1] = replace(decision, reason=refused, look_again_at=None)
                break
        assert len(self.active) <= 1, "two agents work on one item"
        return self.decisions[-1]

    def settle(self) -> do.Decision:
        """Passes until none wants another at once; the engine starts what is submitted."""
        for _ in range(PASSES):
            before = self._state()
            decision = self.step()
            again = decision.look_again_at is not None and decision.look_again_at <= self.now
            if not again and self._state() == before:
                return decision
        told = "\n".join(f"{d.stage}: {d.reason} {[type(a).__name__ for a in d.actions]}" for d in self.decisions[-6:])
        raise AssertionError(f"it does not settle:\n{told}")

    def _state(self) -> tuple[object, ...]:
        """All that a pass could change; posting the same once more is a change, or loops would hide in it."""
        counts = (len(self.replies), len(self.questions), len(self.moves), len(self.receipts))
        return (
            self.item,
            self.face,
            self.pull,
            tuple(self.runs),
            tuple(self.gates),
            tuple(self.orders),
            self.status,
            counts,
        )

    def _do(self, action: do.Action) -> str:
        """The effect of one action; a sentence when it is refused."""
        match action:
            case do.AcceptGoAhead(go):
                self._set(go_ahead=go)
            case do.SpendMove(key):
                self._set(spent=key)
            case do.NoteOrder():
                self._note(action)
            case do.PauseAll(on, by):
                self.paused_all_by = by if on else None
            case do.JoinLane():
                self._set(lane_since=self.item.lane_since or self.now)
            case do.LeaveLane():
                self._set(lane_since=None)
            case do.Park(reason, told):
                self._set(parked=Parked(reason, self.now, told), claim=None, lane_since=None)
                for run in self.active:
                    if run.state == "admitted":
                        self._end(run, "cancelled")
            case do.Finish(how, receipt):
                self._set(done=how, claim=None, parked=None, lane_since=None)
                self.receipts.append(receipt)
            case do.Claim():
                return self._claim(action)
            case do.Dispatch(key):
                self.runs = [replace(r, state="running", started_at=self.now) if r.key == key else r for r in self.runs]
            case do.SendBack(plan):
                return self._admit(plan) or self._do(do.Dispatch(plan.key))
            case do.StopRun(key) | do.LoseRun(key):
                for run in self.active:
                    self._end(run, "cancelled" if isinstance(action, do.StopRun) else "lost", result("saved"))
            case do.RunGate(gate, command, head):
                self.gates.append(GateRun(gate, head, self.gate_answer, f"`{command}` {self.gate_answer}", run_id="g"))  # type: ignore[arg-type]
            case do.RemoveWorktree():
                self.worktree = False
            case do.ReleaseClaim():
                self._set(claim=None, lane_since=None, approvals=())
            case _:
                return self._on_github(action)
        return ""

    def _on_github(self, action: do.Action) -> str:
        match action:
            case do.PushBranch(head, expected):
                if self.branches.get(self._branch) != expected and self.branches.get(self._branch) != head:
                    return "the branch has moved"
                self._head(self._branch, head)
                self._set(pushed_head=head)
            case do.DeleteBranch(head):
                assert self.branches.pop(self._branch) == head
            case do.UpdateBranch(head):
                assert self.pull and self.pull.head == head
                self._head(self.pull.branch, f"{head}+{self.base_head}")
            case do.Merge(head):
                assert self.pull and self.pull.open and self.pull.head == head
                self.merge_by_hand(ME)
            case do.ConvertDraft():
                assert self.draft
                self.issue, self.draft = replace(self.issue, title=self.draft.title, body=self.draft.body), None
            case do.OpenPull(branch, base, _, _):
                number = 30 + self.tick().minute
                head = self.branches[branch]
                self.pull = pull(number=number, branch=branch, base=base, head=head, created_at=self.now)
                self._set(pull_number=number)
            case do.MoveCard(column):
                if self.face is None:
                    return "the card is gone"
                if self.face.column != column:
                    self.drag(column, ME)
            case do.SayStatus(body):
                self.status = StatusComment("IC_status", body)
            case do.AskPerson(body, mark):
                self.questions.setdefault(mark, body)
                if self.item.parked:
                    self._set(parked=replace(self.item.parked, told=True))
            case do.Reply(body):
                self.replies.append(body)
            case do.AskReview(logins):
                assert self.pull
                self.pull = replace(self.pull, requested=(*self.pull.requested, *logins))
            case do.CloseIssue():
                self.issue = replace(self.issue, open=False)
            case do.ClosePull():
                self.close_by_hand(ME)
        return ""

    def _set(self, **changed: object) -> None:
        self.item = replace(self.item, **changed)  # type: ignore[arg-type]

    def _head(self, branch: str, head: str) -> None:
        self.branches[branch] = head
        if self.pull and self.pull.open and self.pull.branch == branch:
            self.pull = replace(self.pull, head=head)

    def _claim(self, action: do.Claim) -> str:
        if self.item.claim:
            return "already claimed"
        if action.run and (refused := self._admit(action.run)):
            return refused
        new = Claim(action.peer, action.branch, action.base, self.now, action.go_ahead)
        self._set(claim=new, parked=None, go_ahead=None, approvals=(), spent=action.go_ahead.key)
        return ""

    def _admit(self, plan: do.RunPlan) -> str:
        known = next((run for run in self.runs if run.key == plan.key), None)
        if plan.restart and known and known.attempts < 2:
            again = replace(known, state="admitted", attempts=known.attempts + 1, outcome=None, work=None)
            self.runs[self.runs.index(known)] = again
            return ""
        if known:
            return "this run has been made already"
        refusal: Refusal | None = admit(
            self.snapshot().usage, self.snapshot().caps, self.policy.work, peer(), plan.first
        )
        if refusal:
            return refusal.reason
        self.worktree = True
        self.runs.append(
            Run(plan.key, self.item.id, plan.step, plan.peer, plan.round, plan.go_ahead, plan.evidence, plan.head,
                "admitted", self.now, causes=plan.causes)
        )  # fmt: skip
        return ""

    def _note(self, note: do.NoteOrder) -> None:
        self.orders = [order for order in self.orders if order.id != note.order]
        match note.verb:
            case "pause":
                self._set(paused_by=note.by)
            case "resume":
                self._set(paused_by=None)
            case "approve" | "merge" if note.approval:
                self.words.add(note.approval.head)
                self._set(approvals=(*self.item.approvals, note.approval))
            case "retry":
                self._set(parked=None, done=None)
                if note.value == "fresh":
                    self._set(asked_fresh=self.item.asked_fresh + 1, pull_number=None, pushed_head=None)


def started(toy: Toy | None = None) -> Toy:
    """An item a writer moved to Ready, with its agent at work."""
    toy = toy or Toy()
    toy.drag("Ready")
    toy.settle()
    assert [run.state for run in toy.runs] == ["running"]
    assert toy.column == "In Progress"
    return toy


def reviewed(toy: Toy | None = None) -> Toy:
    """An item whose agent made a result that became a pull request."""
    toy = started(toy)
    toy.agent_ends("h1")
    toy.settle()
    assert toy.pull is not None
    assert toy.pull.open
    assert toy.column == "In Review"
    return toy


def parked(toy: Toy) -> bool:
    toy.settle()
    return toy.item.parked is not None and toy.column == "Needs a person" and not toy.active
