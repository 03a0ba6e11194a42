"""From the outside world to a snapshot: reads only (what is learnt on the way is kept in the ledger's caches)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.commands import parse
from bot.context import Context, Memory, Seen
from bot.core.board import Board
from bot.core.exposure import Exposure
from bot.core.gates.verdict import GateRun
from bot.core.gates.workflow import name_of, told
from bot.core.item import Item, Order
from bot.core.late import judged, since
from bot.core.own import is_app, known_moves
from bot.core.phase_gates import workflows_of
from bot.core.planned import unfinished
from bot.core.planning import wanted
from bot.core.plans.library import Tagged, is_shared, tags_of
from bot.core.plans.stack import Facts, to_read
from bot.core.policy import PREVIEW, Policy
from bot.core.pull import Pull
from bot.core.queue import priority_on
from bot.core.run import is_step
from bot.core.snapshot import Grounds, Snapshot
from bot.core.starting import branch_of
from bot.core.trust import Role
from bot.core.wishing import whose_word
from bot.core.worktree import WorkSpec, part_of
from bot.errors import BoardError, OutOfReach
from bot.playbook_files import is_own, playbooks_in
from bot.policy_file import read_policy
from bot.workflow_files import exposures_in


async def observe(ctx: Context, item_id: str, seen: Seen | None = None) -> tuple[Snapshot, Seen]:
    """One look at one item: one transaction of the ledger, one document of GitHub, and what little git must say.
    `seen`: what GitHub showed a moment ago, where nothing was done since that it would show."""
    now = ctx.now()
    memory = await ctx.ledger.recall(item_id, now)
    board = ctx.boards[memory.item.board]
    if board.lost:
        raise OutOfReach(board.trouble)
    if board.trouble:
        raise BoardError(board.trouble)
    if seen is None:
        seen = await ctx.github.see(board, _at_home(ctx, board, memory.item), memory.deeds)
        await _find_out(ctx, memory, seen)
    if seen.issue and memory.item.issue_id not in ("", seen.issue.id):  # another issue: what is known is the old one's
        issue = seen.issue
        await ctx.ledger.follow_transfer(item_id, issue.repo, issue.id, issue.number, now)
        return await observe(ctx, item_id)
    memory = await _faced(ctx, board, memory, seen)
    item = await _with_pull(ctx, await _named(ctx, memory.item, seen), seen)
    orders = await _orders(ctx, item, memory, seen)
    policy, problem, live_since = await _policy(ctx, memory, seen)
    snapshot = Snapshot(
        now=now,
        item=item,
        as_app=is_app(ctx.github.login),
        columns=board.columns,
        options=tuple(board.options),
        kept=board.keeps,
        face=seen.face,
        issue=seen.issue,
        draft=seen.draft,
        draft_repo=ctx.draft_repo(board),
        redacted=seen.redacted,
        moves=seen.moves or known_moves(memory.moves, seen.deeds, ctx.github.login),
        policy=policy,
        policy_found=seen.policy_text is not None,
        policy_problem=problem,
        policy_word=memory.policy_word,
        default_head=seen.default_head,
        live_since=live_since,
        paused_all_by=memory.paused_all_by,
        default_branch=seen.default_branch,
        base_head=seen.base_head,
        branch_head=seen.branch_head,
        pull=seen.pull,
        status=seen.status,
        asked=seen.asked,
        runs=memory.runs,
        gate_runs=await _gate_runs(ctx, item, memory, policy, seen.pull),
        orders=orders,
        messages=memory.messages,
        execution=memory.execution,
        plans_over=memory.plans_over,
        busy=memory.busy,
        artifacts=memory.artifacts,
        to_approve=memory.to_approve,
        peers=ctx.peers,
        usage=memory.usage,
        caps=ctx.caps,
        ahead=memory.ahead,
        lane=memory.lane,
        twin=memory.twin,
    )
    return await _completed(ctx, board, snapshot), seen


async def _completed(ctx: Context, board: Board, s: Snapshot) -> Snapshot:
    """What is asked only when it matters: permissions, ancestry, the engine's word on a run, the worktree."""
    roles = {login.casefold(): await _role(ctx, s, login) for login in sorted(whose_word(s))}
    up_to_date = s.policy.merge.up_to_date and s.pull is not None and s.pull.open and s.base_head is not None
    contains = await _contains(ctx, s) if up_to_date else None
    known = {login: role for login, role in roles.items() if role is not None}
    spec = spec_of(s)
    return replace(
        s,
        roles=known,
        exposing=await _exposing(ctx, s),
        grounds=await _grounds(ctx, s),
        contains_base=contains,
        lost=await _lost(ctx, s),
        worktree=spec is not None and any(map(ctx.git.has_worktree, (spec, *parts_of(s, spec)))),
    )


async def _find_out(ctx: Context, memory: Memory, seen: Seen) -> None:
    """Of a write whose answer never came it is known now whether it happened."""
    unknown = {deed.effect for deed in memory.deeds if not deed.settled}
    for deed in seen.deeds:
        if deed.effect in unknown:
            await ctx.ledger.find_out(deed, ctx.now())


def _at_home(ctx: Context, board: Board, item: Item) -> Item:
    """A draft is looked at together with the repository it will belong to."""
    return item if item.repo or item.issue_id else replace(item, repo=ctx.draft_repo(board) or "")


async def _named(ctx: Context, item: Item, seen: Seen) -> Item:
    """The item with the names GitHub gives it now; the ledger keeps them."""
    if seen.issue is None:
        return item
    issue = seen.issue
    if (item.repo, item.issue_id, item.number, item.title) != (issue.repo, issue.id, issue.number, issue.title):
        await ctx.ledger.note_issue(item.id, issue.repo, issue.id, issue.number, issue.title)
    return replace(item, repo=issue.repo, issue_id=issue.id, number=issue.number, title=issue.title)


async def _with_pull(ctx: Context, item: Item, seen: Seen) -> Item:
    """The item with its pull request's number, also when the answer to its opening was never heard."""
    pull = seen.pull
    if pull is None or item.claim is None or item.pull_number is not None:
        return item
    if not pull.open and pull.head != item.pushed_head:  # of an earlier life
        return item
    await ctx.ledger.note_pull(item.id, pull.number)
    return replace(item, pull_number=pull.number)


async def _orders(ctx: Context, item: Item, memory: Memory, seen: Seen) -> tuple[Order, ...]:
    """Commands in comments newer than our first look at the item; the ledger knows which are answered."""
    begun = item.first_seen.replace(microsecond=0) if item.first_seen else None
    heard = [order for comment in seen.comments for order in parse(comment) if begun is None or comment.at >= begun]
    newest = max((comment.at for comment in seen.comments), default=None)
    until = newest if newest and (item.heard_until is None or newest > item.heard_until) else None
    changes = since(item, seen.pull, memory.runs, memory.execution)
    heard = [judged(order, ctx.now(), changes) for order in heard]
    return await ctx.ledger.hear(item.id, heard, ctx.now(), until) if heard or until else memory.orders


async def _faced(ctx: Context, board: Board, memory: Memory, seen: Seen) -> Memory:
    """The card may have been moved, or said to be more urgent, since it was last seen."""
    if seen.face is None:
        return memory
    priority = priority_on(seen.face, board.priority_field)
    if (seen.face.column, priority) == (memory.column, memory.priority):
        return memory
    return replace(memory, item=await ctx.ledger.note_face(memory.item.id, seen.face.column, priority))


async def _policy(ctx: Context, memory: Memory, seen: Seen) -> tuple[Policy, str, datetime | None]:
    """The policy that applies, what is wrong with the file if the last good one must do, and since when it is live."""
    if seen.policy_text is None:
        return PREVIEW, "", None
    found = read_policy(seen.policy_text)
    if isinstance(found, Policy):
        since = await ctx.ledger.note_repository(
            seen.repo, seen.policy_text, found.mode, seen.policy_since, seen.pushed_at, ctx.now()
        )
        return found, "", since
    last = read_policy(memory.last_policy) if memory.last_policy else PREVIEW
    return (last if isinstance(last, Policy) else PREVIEW), found, memory.live_since


async def _gate_runs(
    ctx: Context, item: Item, memory: Memory, policy: Policy, pull: Pull | None
) -> tuple[GateRun, ...]:
    """Workflow gates of the head are asked for again, for somebody may have re-run them; what they came to is kept."""
    if item.parked or item.done:
        return memory.gate_runs
    wanted, head = workflows_of(memory.execution) or (policy.gates.workflows, pull.head if pull else "")
    files = {name_of(file): file for file in wanted}
    newest = {gate.gate: gate.key for gate in memory.gate_runs if gate.gate in files and gate.head == head}

    def matters(gate: GateRun) -> bool:
        return newest.get(gate.gate) == gate.key and (pull is None or pull.open or not gate.over)

    return tuple([await _asked(ctx, item, files[g.gate], g) if matters(g) else g for g in memory.gate_runs])


async def _asked(ctx: Context, item: Item, file: str, gate: GateRun) -> GateRun:
    """By its run's id; where that was not told or never heard, by the key that the run's name shows."""
    if gate.run_id:
        found = await ctx.github.workflow_run(item.repo, gate.run_id)
        found = found or replace(gate, state="unstarted", reason="its run is gone from GitHub")
    elif gate.over:
        return gate
    else:
        found = await ctx.github.workflow_run_named(item.repo, file, gate.key)
    now = told(gate, found) if found else gate
    if (now.run_id, now.state) == (gate.run_id, gate.state):
        return gate
    await ctx.ledger.end_gate(gate.key, now, ctx.now())
    return now


async def _role(ctx: Context, s: Snapshot, login: str) -> Role | None:
    repo = s.item.repo or s.draft_repo
    if not repo:
        return None
    since = ctx.now() - timedelta(minutes=ctx.role_minutes)
    known = await ctx.ledger.known_role(repo, login, since)
    if known is not None:
        return known
    role = await ctx.github.role(repo, login)
    await ctx.ledger.keep_role(repo, login, role, ctx.now())
    return role


async def _exposing(ctx: Context, s: Snapshot) -> tuple[Exposure, ...]:
    """Read from the mirror, which costs GitHub's limits nothing, and only where new work may start."""
    starts = s.policy.mode == "live" and s.meaning == "ready" and s.item.claim is None and s.issue is not None
    if not starts or s.default_head is None:
        return ()
    return exposures_in(await ctx.git.workflows(s.item.repo, s.default_head))


async def _grounds(ctx: Context, s: Snapshot) -> Grounds | None:
    """Read from the mirror too, and only where a plan may be made or is asked for."""
    asked = any(order.verb == "plan" for order in s.orders)
    begins = s.meaning == "ready" and (wanted(s) or unfinished(s))
    free = s.policy.mode == "live" and s.item.claim is None and s.issue is not None
    if not (free and (asked or begins)) or s.default_head is None:
        return None

    def read(paths: tuple[str, ...]) -> tuple[str, ...]:
        return (*to_read(paths), *filter(is_own, paths), *filter(is_shared, paths))

    paths, texts = await ctx.git.read(s.item.repo, s.default_head, read)
    playbooks, problem = playbooks_in(texts)
    facts = Facts(paths, {path: text for path, text in texts.items() if not (is_own(path) or is_shared(path))})
    library = tuple(Tagged(path, tags_of(path, text)) for path, text in texts.items() if is_shared(path))
    return Grounds(facts, playbooks, problem, tuple(await ctx.ledger.pasts(ctx.price, s.item.repo)), library)


async def _contains(ctx: Context, s: Snapshot) -> bool | None:
    if s.pull is None or s.base_head is None:
        return None
    await ctx.git.fetch(s.item.repo)
    return await ctx.git.contains(s.item.repo, s.base_head, s.pull.head)


async def _lost(ctx: Context, s: Snapshot) -> frozenset[str]:
    running = [run for run in s.active_runs if run.state == "running"]
    return frozenset([run.key for run in running if await ctx.engine.status(f"run:{run.job}") in ("over", None)])


def parts_of(s: Snapshot, spec: WorkSpec) -> tuple[WorkSpec, ...]:
    """Where the steps of its plan work, each that was given out."""
    given = {run.step: run.head for run in s.runs if is_step(run.step)}
    return tuple(part_of(spec, step, head) for step, head in given.items())


def spec_of(s: Snapshot) -> WorkSpec | None:
    """Where the item's work lies; None while it has no issue."""
    if s.issue is None and not s.item.claim:
        return None
    branch = s.item.claim.branch if s.item.claim else branch_of(s, s.issue) if s.issue else ""
    return WorkSpec(s.item.repo, s.item.work_id, branch, s.item.claim.base if s.item.claim else s.default_branch)
