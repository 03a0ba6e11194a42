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
    if held is None:
        return None if await ctx.git.claim(repo, issue, note, expected=None) else note
    ours = held.instance == ctx.ledger.instance
    if not ours and datetime.fromisoformat(held.expires) > ctx.now():
        return held
    return None if await ctx.git.claim(repo, issue, note, expected=held.sha) else held


async def let_go(ctx: Context, repo: str, issue: str) -> None:
    """Give the claim back, if it is ours."""
    held = await ctx.git.read_claim(repo, issue)
    if held and held.instance == ctx.ledger.instance:
        await ctx.git.release(repo, issue, held.sha)


def _note(ctx: Context) -> ClaimNote:
    return ClaimNote(ctx.ledger.instance, (ctx.now() + timedelta(minutes=ctx.claim_minutes)).isoformat())
