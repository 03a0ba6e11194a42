"""The claim on the remote: one Sluice works on an issue, even if two with separate ledgers were started by mistake."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.context import Context
from bot.core.worktree import ClaimNote


async def hold(ctx: Context, repo: str, issue: str) -> ClaimNote | None:
    """Take the claim; None when it is ours, else the note of whoever has it."""
    if await ctx.git.claim(repo, issue, _note(ctx), expected=None):
        return None
    return await renew(ctx, repo, issue)


async def renew(ctx: Context, repo: str, issue: str) -> ClaimNote | None:
    """The same where it was ours a while ago: who has it now is looked at first."""
    note = _note(ctx)
    held = await ctx.git.read_claim(repo, issue)
    if held and not _ours(ctx, held) and datetime.fromisoformat(held.expires) > ctx.now():
        return held
    if await ctx.git.claim(repo, issue, note, expected=held.sha if held else None):
        return None
    quicker = await ctx.git.read_claim(repo, issue)  # another Sluice, or another step of the same item
    return None if quicker and _ours(ctx, quicker) else quicker or held or note


async def let_go(ctx: Context, repo: str, issue: str) -> None:
    """Give the claim back, if it is ours."""
    held = await ctx.git.read_claim(repo, issue)
    if held and _ours(ctx, held):
        await ctx.git.release(repo, issue, held.sha)


def _ours(ctx: Context, held: ClaimNote) -> bool:
    return held.instance == ctx.ledger.instance


def _note(ctx: Context) -> ClaimNote:
    return ClaimNote(ctx.ledger.instance, (ctx.now() + timedelta(minutes=ctx.claim_minutes)).isoformat())
