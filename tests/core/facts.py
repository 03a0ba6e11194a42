"""Builders of facts: each fills in what a test does not care about, so that it names only what matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.gates.verdict import GateRun
from bot.core.item import Approval, Claim, Draft, Face, GoAhead, Issue, Item, Move, Order
from bot.core.late import on_pull
from bot.core.plans.execution import carried_out
from bot.core.plans.happened import (
    Answered,
    Completed,
    Dispatched,
    GateJudged,
    Happened,
    Recorded,
    Started,
)
from bot.core.plans.plan import Gate, Phase, Plan, Step
from bot.core.policy import Gates, Merging, Policy, Reviewing, Work
from bot.core.pull import Check, Pull, Remark, Review, Thread
from bot.core.run import Outcome, Peer, Run
from bot.core.snapshot import Snapshot
from bot.core.trust import Role
from bot.core.worktree import FileChange
from bot.core.worktree import Work as Result

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ME = "sluice[bot]"
REPO = "acme/shop"
BRANCH = "sluice/12-fix-the-typo"
ROLES = {"wendy": Role.WRITE, "mona": Role.MAINTAIN, "tess": Role.TRIAGE, "rita": Role.READ, "nobody": Role.NONE}


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def policy(mode: str = "live", **changed: Any) -> Policy:
    """A policy of a live repository; keys of every table may be given flat."""
    tables: dict[str, Any] = {}
    for name, shape in (("merge", Merging), ("gates", Gates), ("work", Work), ("review", Reviewing)):
        mine = {key: changed.pop(key) for key in list(changed) if key in shape.__dataclass_fields__}
        tables[name] = shape(**mine)
    assert not changed, f"no such policy keys: {changed}"
    return Policy(mode=mode, **tables)  # type: ignore[arg-type]


def issue(**changed: Any) -> Issue:
    plain = Issue(
        "I_12", REPO, 12, f"https://github.test/{REPO}/issues/12", "Fix the typo", "It says teh.", "ada", True
    )
    return replace(plain, **changed)


def move(
    to: str | None, by: str | None = "wendy", minutes_ago: float = 10, key: str = "", automated: bool = False
) -> Move:
    return Move(key or f"move-{to}-{by}-{minutes_ago}", to, by, automated, ago(minutes_ago), ours=by == ME)


def go_ahead(by: str = "wendy", key: str = "move-1", **changed: Any) -> GoAhead:
    return replace(GoAhead(key, by, ago(10), "Fix the typo", "It says teh."), **changed)


def claim(go: GoAhead | None = None, **changed: Any) -> Claim:
    return replace(Claim("claude", BRANCH, "main", ago(9), go or go_ahead()), **changed)


def item(**changed: Any) -> Item:
    plain = Item("PVTI_1", "acme/1", REPO, 12, "Fix the typo", "I_12", first_seen=ago(60))
    return replace(plain, **changed)


def claimed(**changed: Any) -> Item:
    """An item Sluice works on; the move that started it is spent."""
    return item(**{"claim": claim(), "spent": "move-1", **changed})


def peer(name: str = "claude", **changed: Any) -> Peer:
    return replace(Peer(name, "command", ("claude",)), **changed)


def result(head: str = "h1", *paths: str, **changed: Any) -> Result:
    files = tuple(FileChange(path, 3, 1) for path in paths or ("src/shop.py",))
    return replace(Result(head, "b0", 1, files), **changed)


def outcome(ended: str = "finished", summary: str = "Mended the typo.") -> Outcome:
    question = "Which colour?" if ended == "asked" else ""
    return Outcome(ended, summary, 60.0, "run.log", 0, question=question)  # type: ignore[arg-type]


def run(
    key: str = "r1", state: str = "ended", work: Result | None = None, ended: str = "finished", **changed: Any
) -> Run:
    """A run that began ten minutes ago from the base's head."""
    plain = Run(key, "PVTI_1", "build", "claude", 1, "move-1", f"e-{key}", "b0", "ended", ago(9), ago(9))
    over = {"ended_at": ago(5), "outcome": outcome(ended), "work": work} if state == "ended" else {}
    return replace(plain, state=state, **{**over, **changed})  # type: ignore[arg-type]


def built(new: str = "h1", /, *paths: str, **changed: Any) -> Run:
    """A run that ended with a result at the new head."""
    return run(work=result(new, *paths), **changed)


CODE, DOCS = Step("1.1", "backend", "Write the code"), Step("1.2", "writer", "Write the documents")
LOOK = Step("2.1", "reviewer", "Look at it", changes=False)
PLAN = Plan(
    "task-a-0001",
    "Fix the typo",
    (Phase(1, "Build", (CODE, DOCS), "it is risky", Gate(("make test",))), Phase(2, "Look", (LOOK,))),
    ago(8),
)
GIVEN = (Started(ago(8), "wendy"), Dispatched(ago(8), "1.1", "claude", "s1", True))
STEPS_DONE = (
    *GIVEN,
    Dispatched(ago(8), "1.2", "claude", "s2", True),
    Recorded(ago(7), "1.1", "complete", "claude", "Wrote it", run="s1", work=result("h0", "a.py")),
    Recorded(ago(6), "1.2", "complete", "claude", "Wrote it", run="s2", work=result("h1", "a.py", "b.md")),
)
PHASE_OVER = (*STEPS_DONE, Answered(ago(5), 1, "approve", "mona"), GateJudged(ago(4), 1, True))
PLAN_OVER = (
    *PHASE_OVER,
    Dispatched(ago(4), "2.1", "claude", "s3", True),
    Recorded(ago(3), "2.1", "complete", "claude", "Good", run="s3"),
    Completed(ago(2)),
)


def step_run(step: str, key: str, state: str = "ended", ended: str = "finished", **changed: Any) -> Run:
    """A run of one step of the plan."""
    return run(key, state, ended=ended, **{"step": step, "work": result(f"w-{key}", f"{key}.py"), **changed})


def in_plan(*happened: Happened, runs: tuple[Run, ...] = (), plan: Plan = PLAN, **changed: Any) -> Snapshot:
    """An item whose plan has come so far."""
    found: dict[str, Any] = {"item": claimed(), "runs": runs, "execution": carried_out(plan, happened, on_board=True)}
    return snapshot("In Progress", **{**found, **changed})


def check(name: str = "ci", state: str = "passed", **changed: Any) -> Check:
    return replace(Check(name, state), **changed)  # type: ignore[arg-type]


def review(
    author: str = "mona", state: str = "APPROVED", head: str = "h1", minutes_ago: float = 2, **changed: Any
) -> Review:
    plain = Review(f"rev-{author}-{minutes_ago}", author, state, "", head, ago(minutes_ago), True)  # type: ignore[arg-type]
    return replace(plain, **changed)


def thread(body: str = "Why?", review: str = "rev-1", resolved: bool = False, author: str = "mona") -> Thread:
    return Thread(resolved, (Remark("src/shop.py", 3, author, body, review),))


def pull(**changed: Any) -> Pull:
    """An open pull request on the head `h1` that merges cleanly and whose one check passed."""
    plain = Pull(
        "PR_30",
        30,
        f"https://github.test/{REPO}/pull/30",
        "OPEN",
        False,
        "h1",
        "main",
        "b0",
        "MERGEABLE",
        "CLEAN",
        ago(5),
        ME,
    )
    return replace(plain, **{"checks": (check(),), "branch": BRANCH, **changed})


def order(
    verb: str, args: str = "", by: str = "mona", id: str = "", minutes_ago: float = 1, saw: tuple[str, ...] = ()
) -> Order:
    """A comment command, by somebody who has seen the head `h1` of the pull request unless something else is said."""
    key = id or f"c-{verb}"
    return Order(key, verb, args, by, ago(minutes_ago), subject=f"IC_{key}", saw=saw or (on_pull("h1"),))


def gate_run(line: str = "make test", state: str = "passed", head: str = "h1", **changed: Any) -> GateRun:
    return replace(GateRun(f"command:{line}", head, state, f"`{line}` {state}", run_id="g1"), **changed)  # type: ignore[arg-type]


def word(kind: str = "approve", by: str = "mona", head: str = "h1") -> Approval:
    return Approval(kind, by, head, ago(1))  # type: ignore[arg-type]


def snapshot(column: str | None = "Ready", **changed: Any) -> Snapshot:
    """A card in that column of a live repository, moved to Ready by Wendy, who may write, ten minutes ago."""
    found: dict[str, Any] = {
        "item": item(),
        "face": Face(column, False),
        "issue": issue(),
        "moves": (move("Ready", key="move-1"),),
        "roles": ROLES,
        "policy": policy(),
        "live_since": ago(600),
        "base_head": "b0",
        "peers": (peer(),),
        **changed,
    }
    return Snapshot(NOW, **found)


def in_review(the_pull: Pull | None = None, the_item: Item | None = None, **changed: Any) -> Snapshot:
    """An item whose result was pushed and became the pull request."""
    at = the_pull or pull()
    mine = the_item or claimed(pull_number=at.number, pushed_head="h1")
    found: dict[str, Any] = {"item": mine, "pull": at, "branch_head": at.head, "runs": (built(),), **changed}
    return snapshot("In Review", **found)


def draft(title: str = "Fix the typo", body: str = "It says teh.") -> Draft:
    return Draft(title, body, "ada")
