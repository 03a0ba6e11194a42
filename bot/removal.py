"""Takes Sluice off its boards: agents end, cards go back, claims are given up, and what stays behind is listed.

Everything is safe to repeat, and goes on where an earlier attempt was cut off. Nothing new is started afterwards, until
somebody says `sluice resume --all`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.claims import let_go
from bot.context import Context, Engine, item_at_work
from bot.core.item import Item
from bot.core.removal import put_down
from bot.core.run import Run
from bot.errors import SluiceError, Unavailable
from bot.ledger.board import ItemRow
from bot.ledger.items import Receipt
from bot.observe import observe, spec_of
from bot.perform import perform

BY = "sluice remove"
PATIENCE = 60.0  # seconds for the agents of a running service to end, their work saved
LEASE = timedelta(minutes=2)


@dataclass(frozen=True)
class Step:
    """What was done, or would be, or is left for somebody to do."""

    kind: str  # done | left
    what: str
    told: str


class Removing(Protocol):
    """What taking Sluice off needs of the ledger."""

    async def items(self, board: str | None = None, *, done: bool = True, gone: bool = False) -> list[ItemRow]: ...
    async def running(self) -> list[Run]: ...
    async def receipts(self) -> list[Receipt]: ...
    async def lease(self, item: str, owner: str, until: datetime, now: datetime) -> bool: ...
    async def unlease(self, item: str, owner: str) -> None: ...


async def planned(ctx: Context, ledger: Removing) -> list[Step]:
    """What would be done: read off the ledger, so that nothing is written anywhere."""
    rows = await ledger.items(gone=True)
    names = {row.item.id: _name(row.item) for row in rows}
    running = await ledger.running()
    agents = [Step("done", names.get(run.item, run.item), f"agent {run.peer} is stopped") for run in running]
    cards = [Step("done", _name(row.item), _intended(ctx, row)) for row in rows if row.item.claim]
    receipts = Step("done", "receipts", f"{len(await ledger.receipts())} are written to a file")
    going = {f"refs/sluice/claim/{row.item.issue_id}" for row in rows}
    return [*agents, *cards, receipts, *await left_over(ctx, rows, going)]


async def remove(ctx: Context, ledger: Removing, engine: Engine, receipts: Path) -> list[Step]:
    """`engine`: that of a process which runs none. Agents have ended, or are this machine's orphans and were ended."""
    ctx = replace(ctx, engine=engine)
    rows = await ledger.items(gone=True)
    steps = [await _put_down(ctx, ledger, row) for row in rows if row.item.claim and row.item.board in ctx.boards]
    for item in (row.item for row in rows if row.item.issue_id and ctx.git.has_mirror(row.item.repo)):
        if await ctx.git.remote_refs(item.repo, f"refs/sluice/claim/{item.issue_id}"):
            await let_go(ctx, item.repo, item.issue_id)
    steps.append(await _export(ledger, receipts))
    return [*steps, *await left_over(ctx, await ledger.items(gone=True))]


async def agents_end(ledger: Removing) -> None:
    """Of a service that runs elsewhere and was told that everything is paused."""
    until = asyncio.get_running_loop().time() + PATIENCE
    while running := await ledger.running():
        if asyncio.get_running_loop().time() > until:
            agents = ", ".join(sorted({run.peer for run in running}))
            raise Unavailable(f"{agents} did not end within a minute; stop `sluice serve`, then run this again")
        await asyncio.sleep(0.2)


async def _put_down(ctx: Context, ledger: Removing, row: ItemRow) -> Step:
    """One item that cannot be put down does not keep the others from it."""
    item_at_work.set(row.item.id)
    if not await ledger.lease(row.item.id, BY, ctx.now() + LEASE, ctx.now()):
        return Step("left", _name(row.item), "`sluice serve` looks at it just now; run this again")
    try:
        return await _of(ctx, row)
    except SluiceError as error:
        return Step("left", _name(row.item), f"{error}; run this again")
    finally:
        await ledger.unlease(row.item.id, BY)


async def _of(ctx: Context, row: ItemRow) -> Step:
    s, seen = await observe(ctx, row.item.id)
    name = _name(row.item)
    if s.policy.mode != "live":
        return Step("left", name, f'the repository says mode = "{s.policy.mode}", so nothing is written there')
    spec = spec_of(s)
    if spec and ctx.git.has_worktree(spec):
        await ctx.git.collect(spec, f"Work on {spec.branch}", {})
    stopped = await perform(ctx, s, seen, put_down(s, ctx.boards[row.item.board].aside))
    return Step("left", name, f"{stopped.reason}; run this again") if stopped else Step("done", name, _done(ctx, row))


def _intended(ctx: Context, row: ItemRow) -> str:
    if row.item.board not in ctx.boards:
        return f"nothing: its board {row.item.board} is no longer in the settings"
    return _done(ctx, row)


def _done(ctx: Context, row: ItemRow) -> str:
    board = ctx.boards[row.item.board]
    working = board.columns.meaning_of(row.column) == "in_progress"
    card = f"its card goes to {board.aside}" if working else f"its card stays in {row.column}"
    return f"{card}; its work is saved, its claim given up"


async def _export(ledger: Removing, file: Path) -> Step:
    receipts = await ledger.receipts()
    lines = [json.dumps({**asdict(each), "at": each.at.isoformat()}, ensure_ascii=False) + "\n" for each in receipts]
    partial = file.with_suffix(".partial")
    partial.write_text("".join(lines))
    partial.rename(file)
    return Step("done", "receipts", f"{len(receipts)} are in {file}")


async def left_over(ctx: Context, rows: Sequence[ItemRow], going: Collection[str] = ()) -> list[Step]:
    """What stays, where it is, and how it is got rid of. `going`: refs that are there, and would not be."""
    steps = []
    for repo in sorted({row.item.repo for row in rows if row.item.repo}):
        mine = [row.item for row in rows if row.item.repo == repo]
        pulls = [f"#{item.pull_number}" for item in mine if item.pull_number and not item.done]
        told = [f"pull requests {_count(pulls)}"] if pulls else []
        if ctx.git.has_mirror(repo):
            told += await _refs(ctx, repo, going)
        if told:
            steps.append(Step("left", repo, "; ".join(told)))
    told_on = [f"#{row.item.number}" for row in rows if row.item.stages and row.item.number]
    return [*steps, *_by_hand(ctx, told_on)]


async def _refs(ctx: Context, repo: str, going: Collection[str]) -> list[str]:
    refs = [ref for ref in await ctx.git.remote_refs(repo, "refs/heads/sluice/*", "refs/sluice/*") if ref not in going]
    branches = [ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/")]
    others = [ref for ref in refs if not ref.startswith("refs/heads/")]
    told = [f"branches {_count(branches)} (git push origin --delete NAME)"] if branches else []
    return told + ([f"refs {_count(others)} (git push origin --delete REF)"] if others else [])


def _by_hand(ctx: Context, told_on: Sequence[str]) -> list[Step]:
    app = ctx.github.login.endswith("[bot]")
    who = (
        "uninstall the App in the owner's settings, which ends its webhook"
        if app
        else "revoke its token, and delete the webhook made for it"
    )
    comments = [Step("left", "comments", f"by {ctx.github.login} on {_count(told_on)}")] if told_on else []
    return [
        *comments,
        Step("left", "boards", f"columns and fields of {', '.join(ctx.boards)}; Sluice makes no labels"),
        Step("left", "files", ".github/sluice.toml in each repository; sluice.toml and the data_dir here"),
        Step("left", ctx.github.login, who),
    ]


def _count(names: Sequence[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _name(item: Item) -> str:
    return f"{item.repo}#{item.number}" if item.number else item.id
