"""Strategies for any snapshot at all: facts that need not agree with each other."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from bot.core.board import Columns
from bot.core.budget import Caps, Usage
from bot.core.gates.verdict import GateRun
from bot.core.item import Approval, Claim, Dependency, Draft, Face, GoAhead, Issue, Item, Move, Order, Parked, Refused
from bot.core.message import Message
from bot.core.policy import Gates, Merging, Policy, Reviewing, Work
from bot.core.pull import Check, Pull, Remark, Review, Shown, Thread
from bot.core.run import Outcome, Peer, Run
from bot.core.snapshot import PolicyWord, Rival, Snapshot, StatusComment, Twin
from bot.core.trust import Role
from bot.core.worktree import FileChange
from bot.core.worktree import Work as Result
from tests.core.facts import ME, NOW

WHEN = st.integers(-300, 300).map(lambda minutes: NOW + timedelta(minutes=minutes))
WHO = st.sampled_from([ME, "wendy", "mona", "rita", "linter", "Ünïcode"])
HEAD = st.sampled_from(["b0", "b1", "h0", "h1", "h2"])
SAW = st.builds("{}:{}".format, st.sampled_from(["pull", "result"]), HEAD)
KEY = st.sampled_from(["k1", "k2", "k3"])
TEXT = st.sampled_from(["", "Fix it", "| <!-- x --> `@all`", "\u202eevil\n\n# x"])
COLUMN = st.sampled_from([None, *(getattr(Columns(), name) for name in Columns.__dataclass_fields__), "Ice box"])
LINE = st.sampled_from(["make test", "make lint"])
GATE = st.sampled_from(["command:make test", "workflow:gate.yml"])


def some(kind: type, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Instances of a dataclass; what is not named here is built from the field's type."""
    return st.builds(kind, **fields)


def few(strategy: st.SearchStrategy[object], most: int = 2) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


GO = some(GoAhead, key=KEY, by=WHO, at=WHEN, title=TEXT, body=TEXT, takes_up=st.just("") | HEAD)
CLAIM = some(
    Claim,
    peer=st.sampled_from(["claude", "codex"]),
    branch=st.just("sluice/1-x"),
    base=st.just("main"),
    at=WHEN,
    go_ahead=GO,
)
WORD = some(Approval, by=WHO, head=HEAD, at=WHEN)
ITEM = some(
    Item,
    id=st.just("PVTI_1"),
    board=st.just("acme/1"),
    repo=st.sampled_from(["", "acme/shop"]),
    title=TEXT,
    number=maybe(st.just(12)),
    priority=maybe(st.floats(0, 9)),
    claim=maybe(CLAIM),
    go_ahead=maybe(GO),
    spent=KEY,
    parked=maybe(some(Parked, reason=st.just("x"), at=WHEN)),
    pull_number=maybe(st.just(30)),
    pushed_head=maybe(HEAD),
    pushed_at=maybe(WHEN),
    stood=few(SAW),
    approvals=few(WORD),
    unaskable=few(WHO),
    refused=maybe(some(Refused, head=HEAD, method=st.just("squash"), words=TEXT, since=WHEN, at=WHEN)),
    lane_since=maybe(WHEN),
    first_seen=maybe(WHEN),
    heard_until=maybe(WHEN),
    asked_fresh=st.integers(0, 2),
    peer_wanted=maybe(st.sampled_from(["claude", "codex"])),
    paused_by=maybe(WHO),
    done=maybe(st.sampled_from(["merged", "closed"])),
    stages=few(st.tuples(st.sampled_from(["Ready", "Working", "Odd"]), WHEN)),
    issue_id=TEXT,
    position=st.integers(0, 9),
)
ISSUE = some(
    Issue,
    id=st.just("I_1"),
    repo=st.just("acme/shop"),
    number=st.just(12),
    url=TEXT,
    title=TEXT,
    body=TEXT,
    author=WHO,
    state_reason=st.none(),
    labels=few(TEXT),
    editor=maybe(WHO),
    edited_at=maybe(WHEN),
    reopened_at=maybe(WHEN),
    blockers_total=st.integers(0, 2),
    blocked_by=few(some(Dependency, ref=TEXT)),
)
RESULT = some(
    Result,
    head=HEAD,
    base_sha=HEAD,
    commits=st.integers(0, 3),
    unresolved=few(TEXT, 1),
    files=few(
        some(
            FileChange,
            path=st.sampled_from(["a.py", "AGENTS.md", ".github/x", "Tests/x"]),
            added=st.just(1),
            removed=st.just(0),
        )
    ),
)
RUN = some(
    Run,
    key=KEY,
    item=st.just("PVTI_1"),
    step=st.just("build"),
    peer=st.sampled_from(["claude", "codex"]),
    round=st.integers(1, 5),
    go_ahead=KEY,
    evidence=TEXT,
    head=HEAD,
    admitted_at=WHEN,
    started_at=maybe(WHEN),
    ended_at=maybe(WHEN),
    work=maybe(RESULT),
    outcome=maybe(
        some(
            Outcome,
            summary=TEXT,
            seconds=st.just(1.0),
            log=TEXT,
            exit_code=st.none(),
            used=st.just(()),
            until=st.none(),
            failure=st.just(""),
            cost_usd=st.none(),
            question=TEXT,
        )
    ),
    attempts=st.integers(0, 3),
    causes=few(st.sampled_from(["go:k1", "review:k1", "order:k2"])),
)
REVIEW = some(Review, id=KEY, author=WHO, body=TEXT, head=HEAD, at=WHEN)
SHOWN = some(
    Shown, name=st.just("Sluice: gate.yml"), id=st.integers(1, 2), title=TEXT,
    key=st.builds("{}/{}".format, KEY, KEY), conclusion=st.sampled_from(["", "success", "failure"])
)  # fmt: skip
REMARK = some(Remark, path=TEXT, line=maybe(st.just(3)), author=WHO, body=TEXT, review=KEY)
PULL = some(
    Pull,
    id=st.just("PR_1"),
    number=st.just(30),
    url=TEXT,
    head=HEAD,
    base=st.just("main"),
    base_sha=HEAD,
    created_at=WHEN,
    merge_state=st.sampled_from(["CLEAN", "BEHIND", "BLOCKED", "DIRTY", "UNKNOWN", "NEW"]),
    reviews=few(REVIEW, 3),
    checks=few(some(Check, name=TEXT, url=TEXT, summary=TEXT, key=KEY)),
    threads=few(some(Thread, remarks=few(REMARK)), 1),
    shown=few(SHOWN),
    review_decision=st.sampled_from([None, "APPROVED", "CHANGES_REQUESTED", "REVIEW_REQUIRED"]),
    requested=few(WHO),
    head_author=TEXT,
    closed_by=maybe(WHO),
    closed_at=maybe(WHEN),
    merged_by=maybe(WHO),
    merged_at=maybe(WHEN),
    merge_commit=maybe(HEAD),
    branch=TEXT,
    additions=st.just(1),
    deletions=st.just(0),
    changed_files=st.just(1),
    commits=st.just(1),
)
VERBS = (
    "help",
    "status",
    "retry",
    "cancel",
    "pause all",
    "reject",
    "approve",
    "merge",
    "update",
    "assign",
    "",
    "odd",
    "tell",
    "answer",
    "priority",
)
ORDER = some(
    Order,
    id=KEY,
    verb=st.sampled_from(VERBS),
    args=st.sampled_from(["", "--fresh", "--close", "x"]),
    author=WHO,
    at=WHEN,
    subject=TEXT,
    problem=st.just("") | TEXT,
    saw=few(SAW),
)
MESSAGE = some(
    Message, id=KEY, author=WHO, text=TEXT, at=WHEN, subject=TEXT, answers=TEXT,
    run=st.just("") | KEY, heard_by=st.just("") | KEY,
)  # fmt: skip
POLICY = some(
    Policy,
    merge=some(Merging),
    review=some(Reviewing, reviewers=few(WHO), bots=few(WHO)),
    gates=some(Gates, checks=few(TEXT), commands=few(LINE), workflows=few(st.just("gate.yml"), 1), uses=st.just({})),
    work=some(
        Work,
        setup=few(LINE),
        rounds=st.integers(0, 3),
        runs_per_item=st.integers(1, 6),
        runs_per_day=st.integers(1, 9),
        minutes_per_run=st.floats(1, 1e6),
        running=st.integers(1, 3),
        waiting_pulls=st.integers(1, 3),
        protected=few(TEXT),
    ),
)
USAGE = some(
    Usage,
    running=st.integers(0, 3),
    running_here=st.integers(0, 3),
    today=st.integers(0, 9),
    today_here=st.integers(0, 9),
    running_by_peer=st.dictionaries(st.just("claude"), st.integers(0, 2)),
    for_go_ahead=st.integers(0, 7),
    waiting_pulls=st.integers(0, 4),
)
RIVAL = some(
    Rival,
    item=st.sampled_from(["PVTI_1", "PVTI_2"]),
    rank=st.just((1.0, 1)),
    since=maybe(WHEN),
    number=maybe(st.just(7)),
)
SNAPSHOT = some(
    Snapshot,
    now=st.just(NOW),
    item=ITEM,
    columns=st.just(Columns()),
    face=maybe(some(Face, column=COLUMN)),
    issue=maybe(ISSUE),
    draft=maybe(some(Draft, title=TEXT, body=TEXT, creator=WHO)),
    draft_repo=maybe(st.just("acme/shop")),
    moves=few(some(Move, key=KEY, to=COLUMN, actor=maybe(WHO), at=WHEN, ours=st.booleans()), 3),
    roles=st.dictionaries(WHO, st.sampled_from(Role)),
    policy=POLICY,
    policy_problem=st.just("") | TEXT,
    live_since=maybe(WHEN),
    paused_all_by=maybe(WHO),
    base_head=maybe(HEAD),
    default_branch=st.just("main"),
    branch_head=maybe(HEAD),
    pull=maybe(PULL),
    asked=few(KEY),
    runs=few(RUN, 3),
    status=maybe(some(StatusComment, id=st.just("IC"), body=TEXT)),
    orders=few(ORDER),
    messages=few(MESSAGE),
    usage=USAGE,
    gate_runs=few(
        some(
            GateRun,
            gate=GATE,
            head=HEAD,
            reason=TEXT,
            url=TEXT,
            detail=TEXT,
            run_id=KEY,
            key=KEY,
            since=maybe(WHEN),
            used=few(TEXT, 1),
        ),
        3,
    ),
    policy_word=maybe(some(PolicyWord, head=HEAD, problem=TEXT)),
    default_head=maybe(HEAD),
    peers=few(
        some(
            Peer,
            name=st.sampled_from(["claude", "codex"]),
            runtime=st.just("command"),
            command=few(TEXT),
            script=TEXT,
            repositories=few(st.just("acme/*")),
            labels=few(TEXT),
            capacity=st.integers(1, 2),
        )
    ),
    caps=some(Caps, running=st.integers(1, 3), runs_per_day=st.integers(1, 9)),
    ahead=few(RIVAL),
    lane=few(RIVAL),
    twin=maybe(some(Twin, board=st.just("acme/2"), parked_at=maybe(WHEN))),
)
