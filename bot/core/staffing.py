"""Which agents could take an item, and whether one of them is free for it."""

from __future__ import annotations

from dataclasses import replace

from bot.core.budget import Refusal, admit
from bot.core.item import Issue
from bot.core.queue import BUILDER, fall_backs, plays, rank, takers
from bot.core.run import Peer
from bot.core.snapshot import Snapshot


def able_for(s: Snapshot, issue: Issue) -> list[Peer]:
    """The best first: who was given more for this very item, then the others, and whoever stands in for one of them."""
    fields = s.face.fields if s.face else {}
    able = takers(s.peers, issue.repo, issue.labels, fields, s.item.peer_wanted)
    for peer in list(able):
        if peer.name in limited(s):
            able += fall_backs(s.peers, peer.name, issue.repo, issue.labels, fields)
    last = s.runs[-1] if s.runs else None
    stopped = last.peer if last and last.outcome and last.outcome.ended == "overspent" else ""
    return sorted(dict.fromkeys(able), key=lambda peer: peer.name != stopped)


def nobody(s: Snapshot, issue: Issue) -> str:
    """The role is named where nothing else keeps an agent from it."""
    wanted, fields = s.item.peer_wanted, s.face.fields if s.face else {}
    others = [replace(peer, role="") for peer in s.peers if not plays(peer, BUILDER)]
    if takers(others, issue.repo, issue.labels, fields, wanted):
        who = f"agent {wanted} does not take the role {BUILDER}" if wanted else f"no agent takes the role {BUILDER}"
    else:
        who = f"agent {wanted} is not set up for this" if wanted else "no agent takes work like this"
    return f"{who}; see [peers] in sluice.toml"


def free_of(s: Snapshot, able: list[Peer]) -> Peer | Refusal:
    """The first agent that could start now, or the reason the best one cannot."""
    refusals = [admit(s.usage, s.caps, s.policy.work, peer, first=True) for peer in able]
    free = next((peer for peer, refusal in zip(able, refusals, strict=True) if refusal is None), None)
    return free or next(refusal for refusal in refusals if refusal)


def others_first(s: Snapshot, peer: Peer) -> str:
    """Items of better rank that wait for the same agent, or for the slots all share, go first."""
    rivals = [rival for rival in s.ahead if rival.item != s.item.id and peer.name in (rival.agents or (peer.name,))]
    better = [rival for rival in rivals if rival.rank < rank(s.item)]
    free = min(
        s.caps.running - s.usage.running,
        s.policy.work.running - s.usage.running_here,
        peer.capacity - s.usage.running_by_peer.get(peer.name, 0),
    )
    if len(better) < free:
        return ""
    return f"{len(better)} other item{'s' * (len(better) != 1)} come{'s' * (len(better) == 1)} first"


def limited(s: Snapshot) -> set[str]:
    """Agents whose provider says to wait."""
    return {name for name, hold in s.usage.holds.items() if hold.limited}
