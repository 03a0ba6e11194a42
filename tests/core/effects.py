"""What the toy world does when it is told: each action's effect on plain data, refused where the real one refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core import actions as do
from bot.core.budget import Caps, Refusal, Usage, admit
from bot.core.executing import conflicts
from bot.core.gates.verdict import GateRun
from bot.core.item import Claim, Draft, Face, Move, Order, Parked
from bot.core.message import Message
from bot.core.plans.accepting import refused
from bot.core.plans.execution import Execution, after, begin
from bot.core.plans.happened import Cancelled, Completed, Happened
from bot.core.plans.plan import Plan
from bot.core.policy import Policy
from bot.core.pull import Pull, Shown
from bot.core.run import EXCUSED, Run
from bot.core.snapshot import StatusComment
from bot.core.spend import NOTHING, amount
from bot.core.stage import Stage
from tests.core.facts import ME, NOW, issue, item, outcome, peer, policy, pull, result


class Effects:
    """The state of the toy world, and what actions make of it."""

    def __init__(self, the_policy: Policy | None = None, column: str | None = None, plan: Plan | None = None) -> None:
        self.policy = the_policy or policy()
        self.now, self.count = NOW, 0
        self.item, self.issue, self.peers = item(), issue(), (peer(capacity=3 if plan else 1),)
        self.execution: Execution | None = begin(plan, on_board=True) if plan else None
        self.tasks = {plan.task_id} if plan else set[str]()
        self.plans_over = 0
        self.adopted = 0  # how much had been decided when the plan was made
        self.artifacts: set[tuple[str, str]] = set()
        self.conflict = False  # the next step whose work joins the others' cannot
        self.draft: Draft | None = None
        self.face: Face | None = Face(column, False)
        self.moves: list[Move] = []
        self.runs: list[Run] = []
        self.gates: list[GateRun] = []
        self.orders: list[Order] = []
        self.messages: list[Message] = []
        self.pull: Pull | None = None
        self.branches: dict[str, str] = {}
        self.base_head = "b0"
        self.paused_all_by: str | None = None
        self.status: StatusComment | None = None
        self.questions: dict[str, str] = {}  # the comments that ask for a person, by mark
        self.replies: list[str] = []
        self.receipts: list[str] = []
        self.meant: set[str] = set()  # heads of the pull request that people looked at when they approved by comment
        self.worktree = False
        self.gate_answer = "passed"
        self.stages: list[type[Stage]] = []
        self.decisions: list[do.Decision] = []

    def tick(self, minutes: float = 1) -> datetime:
        self.now += timedelta(minutes=minutes)
        self.count += 1
        return self.now

    def drag(self, to: str | None, by: str | None = "wendy", automated: bool = False) -> None:
        if self.face:
            self.face = replace(self.face, column=to)
            self.moves.append(Move(f"m{self.count}-{len(self.moves)}", to, by, automated, self.tick(), ours=by == ME))

    def merge_by_hand(self, by: str = "mona") -> None:
        if self.pull and self.pull.open:
            self.pull = replace(self.pull, state="MERGED", merged_by=by, merged_at=self.tick(), merge_commit="m1")

    def close_by_hand(self, by: str = "mona") -> None:
        if self.pull and self.pull.open:
            self.pull = replace(self.pull, state="CLOSED", closed_by=by, closed_at=self.tick())

    @property
    def active(self) -> list[Run]:
        return [run for run in self.runs if run.state != "ended"]

    def _end(self, run: Run, ended: str, work: object = None) -> None:
        over = replace(run, state="ended", outcome=outcome(ended), ended_at=self.now, work=work)  # type: ignore[arg-type]
        self.runs[self.runs.index(run)] = over

    @property
    def _branch(self) -> str:
        if self.item.claim:
            return self.item.claim.branch
        return self.pull.branch if self.pull else ""

    @property
    def usage(self) -> Usage:
        key = self.item.claim.go_ahead.key if self.item.claim else ""
        waiting = (
            self.pull is not None
            and self.pull.open
            and self.decisions[-1:]
            and self.decisions[-1].waits_for == "person"
        )
        return Usage(
            running=len(self.active),
            running_here=len(self.active),
            running_by_peer={"claude": len(self.active)},
            for_go_ahead=sum(run.go_ahead == key for run in self.runs),
            waiting_pulls=int(bool(waiting)),
        )

    @property
    def _planned(self) -> bool:
        """The plan of a life that is over is none of the next."""
        over = self.execution and self.execution.completed and self.item.done and self.item.claim is None
        return self.execution is not None and not over

    def hears(self, run: str) -> None:
        """The agent of that run hears whatever nobody has heard."""
        self.messages = [replace(m, heard_by=m.heard_by or run) for m in self.messages]

    def _do(self, action: do.Action) -> str:
        """The effect of one action; a sentence when it is refused."""
        match action:
            case do.AcceptGoAhead(go):
                self._set(go_ahead=go)
            case do.SpendMove(key):
                self._set(spent=key)
            case do.NoteOrder():
                self._note(action)
            case do.Tell(message):
                known = {each.id for each in self.messages}
                self.messages += [] if message.id in known else [message]
            case do.NoteHeard(key):
                self.messages = [replace(m, told=True) if m.id == key else m for m in self.messages]
            case do.PauseAll(on, by):
                self.paused_all_by = by if on else None
            case do.JoinLane():
                self._set(lane_since=self.item.lane_since or self.now)
            case do.LeaveLane():
                self._set(lane_since=None)
            case do.Park(reason, told):
                given = self.item.claim.go_ahead if self.item.claim else self.item.go_ahead
                self._set(parked=Parked(reason, self.now, told), claim=None, lane_since=None, go_ahead=given)
                for run in self.active:
                    if run.state == "admitted":
                        self._end(run, "cancelled")
            case do.Finish(how, receipt):
                self._set(done=how, claim=None, parked=None, lane_since=None)
                self.receipts.append(receipt)
            case do.AdoptPlan(plan):
                assert self.execution is None or self.execution.completed, "two plans at once"
                shown = self.pull is not None and self.pull.open and self.pull.number == self.item.pull_number
                assert not (self._planned and shown), "what a plan came to is planned anew"
                assert plan.task_id not in self.tasks, "the ledger keeps the first plan of an id"
                self.tasks.add(plan.task_id)
                self.execution, self.adopted = begin(plan, on_board=True), len(self.decisions)
            case do.NotePlan():
                return next((why for what in action.all if (why := self._happen(what))), "")
            case do.Fold():
                return self._happen(self._folded(action))
            case do.Claim():
                return self._claim(action)
            case do.Dispatch(key):
                self.hears(key)
                self.runs = [replace(r, state="running", started_at=self.now) if r.key == key else r for r in self.runs]
            case do.SendBack(plan):
                return self._admit(plan) or self._do(do.Dispatch(plan.key))
            case do.StopRun(key) | do.LoseRun(key):
                for run in (each for each in self.active if each.key == key):
                    self._end(run, "cancelled" if isinstance(action, do.StopRun) else "lost", result("saved"))
            case do.StopGate(key):
                self.gates = [replace(g, state="unstarted") if g.key == key else g for g in self.gates]
            case do.RunGate(gate, command, head):
                said = "unknown" if self.gate_answer == "unstarted" else self.gate_answer  # GitHub has no part in it
                self.gates.append(GateRun(gate, head, said, f"`{command}` {said}", run_id="g"))  # type: ignore[arg-type]
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
            case do.DispatchWorkflow(gate, file, head, again):
                assert not again or self.gates[-1].key == again, "it is under way already"
                key = f"g{len(self.gates)}"
                ran = GateRun(
                    gate, head, self.gate_answer, f"{file} {self.gate_answer}", run_id=f"7{len(self.gates)}:1"
                )  # type: ignore[arg-type]
                self.gates.append(replace(ran, key=key, since=self.now))
            case do.ShowCheck():
                self._show(action)
            case do.UpdateBranch(head):
                assert self.pull and self.pull.head == head
                self._head(self.pull.branch, f"{head}+{self.base_head}")
            case do.Merge(head):
                assert self.pull and self.pull.open and self.pull.head == head
                self.merge_by_hand(ME)
            case do.ConvertDraft():
                assert self.draft
                self.issue, self.draft = replace(self.issue, title=self.draft.title, body=self.draft.body), None
            case do.OpenPull(branch, base, _, body):
                number = 30 + self.tick().minute
                head = self.branches[branch]
                self.pull = pull(number=number, branch=branch, base=base, head=head, text=body, created_at=self.now)
                self._set(pull_number=number)
            case do.EditPull(body):
                assert self.pull
                self.pull = replace(self.pull, text=body)
            case do.MoveCard(column):
                if self.face is None:
                    return "the card is gone"
                if self.face.column != column:
                    self.drag(column, ME)
            case do.ShowField(name, value):
                if self.face:
                    self.face = replace(self.face, fields={**self.face.fields, name: value})
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

    def _happen(self, what: Happened) -> str:
        """A plan that was cancelled is none any more."""
        assert self.execution, "something happens to a plan that is not there"
        if why := refused(self.execution, what):
            return why
        self.execution = after(self.execution, what)
        self.plans_over += isinstance(what, Cancelled | Completed)
        self.execution = None if self.execution.cancelled else self.execution
        return ""

    def _folded(self, fold: do.Fold) -> Happened:
        """What lies on the item's branch with the step's work, unless that conflicts."""
        if self.conflict:
            self.conflict = False
            return conflicts(fold, ("src/shop.py",))
        before = self.execution.work if self.execution else None
        paths = {file.path for file in before.files} if before else set()
        return replace(fold.recorded, work=result(f"{fold.head}+", *sorted({*paths, *fold.recorded.files})))

    def _show(self, check: do.ShowCheck) -> None:
        assert self.pull and self.pull.head == check.head
        shown = Shown(check.name, check.known or 900 + len(self.pull.shown), check.key, check.conclusion, check.title)
        others = tuple(each for each in self.pull.shown if each.id != shown.id)
        self.pull = replace(self.pull, shown=(*others, shown))

    def _set(self, **changed: object) -> None:
        self.item = replace(self.item, **changed)  # type: ignore[arg-type]

    def _head(self, branch: str, head: str) -> None:
        self.branches[branch] = head
        if self.pull and self.pull.open and self.pull.branch == branch:
            self.pull = replace(self.pull, head=head, shown=())

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
        if plan.restart and known and not known.exhausted:
            excused = known.excused + bool(known.outcome and known.outcome.ended in EXCUSED)
            again = replace(known, state="admitted", attempts=known.attempts + 1, outcome=None, work=None)
            again = replace(again, excused=excused)
            self.runs[self.runs.index(known)] = again
            return ""
        if known:
            return "this run has been made already"
        refusal: Refusal | None = admit(self.usage, Caps(), self.policy.work, self.peers[0], plan.first)
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
                self._set(approvals=(*self.item.approvals, note.approval))
            case "plan":
                self._set(playbook=note.value)
            case "budget":
                self._set(more=self.item.more + (amount(note.value) or NOTHING))
                if note.starts:
                    self._set(parked=None, done=None)
            case "retry":
                self._set(parked=None, done=None)
                if note.value == "fresh":
                    self._set(
                        asked_fresh=self.item.asked_fresh + 1, fresh_at=self.now, pull_number=None, pushed_head=None
                    )
