"""A toy world: it carries out decisions on plain data, as the ledger and GitHub would, so that lives can be lived.

It refuses what the real ones refuse: a claim or a run twice, a merge at another head, a push over somebody's commit.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core import actions as do
from bot.core.decide import decide
from bot.core.item import Order
from bot.core.late import standing
from bot.core.plans.playbook import Part, Playbook, Stretch
from bot.core.plans.stack import Facts
from bot.core.pull import Review
from bot.core.run import Run
from bot.core.snapshot import Grounds, Snapshot
from bot.core.stage import MOVES, stage_of
from tests.core.effects import Effects
from tests.core.facts import REPO, ROLES, result

BOTH = Stretch("Both", (Part("{task}"), Part("Describe it: {task}")), "tests", approval="people look first")
LOOK = Stretch("Look", (Part("Look at it: {task}", "reviewer", changes=False, deliverables=(".sluice/review.md",)),))
GROUNDS = Grounds(Facts(), (Playbook("both", "Two at once, then a look.", (BOTH, LOOK)),))
PASSES = 12  # a wake that leads to more passes than this in a row is a hot loop


class Toy(Effects):
    """One card, its issue, branch and pull request, and what the ledger remembers of them."""

    # --- what people do ---------------------------------------------------------------------------------------------

    def say(self, verb: str, args: str = "", by: str = "mona") -> None:
        key = f"o{len(self.orders)}-{self.tick()}"
        saw = standing(self.pull, self.runs, self.execution)
        self.orders.append(Order(key, verb, args, by, self.now, subject=f"IC_{key}", saw=saw))
        if self.pull and verb in ("approve", "merge"):
            self.meant.add(self.pull.head)

    def review(self, state: str, by: str = "mona", body: str = "") -> None:
        if self.pull:
            key = f"rev{len(self.pull.reviews)}-{self.tick()}"
            new = Review(key, by, state, body, self.pull.head, self.now, True)  # type: ignore[arg-type]
            self.pull = replace(self.pull, reviews=(*self.pull.reviews, new))

    def checks(self, *checks: do.Action | object) -> None:
        if self.pull:
            self.pull = replace(self.pull, checks=tuple(checks))  # type: ignore[arg-type]

    def press_rerun(self) -> None:
        """On every check of Sluice's that is completed."""
        if self.pull:
            pressed = tuple(replace(each, rerequested=bool(each.conclusion)) for each in self.pull.shown)
            self.pull = replace(self.pull, shown=pressed)

    def commit_by_hand(self) -> None:
        """A person pushes to the item's branch."""
        if self.pull and self.pull.open:
            self._head(self.pull.branch, f"person{self.count}-{self.tick():%H%M}")

    # --- what the agent does ----------------------------------------------------------------------------------------

    def agent_ends(self, head: str | None = None, ended: str = "finished", paths: tuple[str, ...] = ()) -> None:
        """The run under way ends, with new work at `head` (None: nothing new); of a plan's all do."""
        for run in self.active:
            self._ends(run, head, ended, paths)

    def first_ends(self, head: str, ended: str = "finished") -> None:
        """One of those that work on a plan; the others go on."""
        for run in self.active[:1]:
            self._ends(run, head, ended)

    def _ends(self, run: Run, head: str | None, ended: str, paths: tuple[str, ...] = ()) -> None:
        """Whoever brings something brings what it was to hand on."""
        unit = self.execution.find(run.step) if self.execution else None
        if unit and head:
            self.artifacts |= {(path, run.step) for path in unit.step.deliverables}
            head = f"{head}-{run.step}"
        self._end(run, ended, result(head, *paths) if head else result(run.head))

    def agent_hears(self) -> None:
        """The agent at work is told what people have said meanwhile."""
        for run in self.active:
            self.hears(run.key)

    # --- passes -----------------------------------------------------------------------------------------------------

    @property
    def column(self) -> str | None:
        return self.face.column if self.face else None

    def snapshot(self) -> Snapshot:
        return Snapshot(
            now=self.now,
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
            messages=tuple(self.messages),
            peers=self.peers,
            worktree=self.worktree,
            grounds=GROUNDS,
            execution=self.execution if self._planned else None,
            plans_over=self.plans_over,
            artifacts=frozenset(self.artifacts if self._planned else ()),
            usage=self.usage,
        )

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
        for action in allowed or [a for a in decision.actions if isinstance(a, do.StopRun | do.StopGate)]:
            if refused := self._do(action):
                self.decisions[-1] = replace(decision, reason=refused, look_again_at=None)
                break
        at_work = [run.step for run in self.active]
        assert len(at_work) <= (self.peers[0].capacity if self._planned else 1), "too many agents work on one item"
        assert len(set(at_work)) == len(at_work), "two agents work on one step"
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
            tuple(self.messages),
            self.execution,
            self.status,
            counts,
        )


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
