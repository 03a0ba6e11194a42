"""The optional fields a board keeps for people: who worked, how often, at what cost, with what result."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.actions import ShowField
from bot.core.pausing import stopped_by
from bot.core.snapshot import Snapshot


def keep_fields(s: Snapshot) -> tuple[ShowField, ...]:
    """What the card's fields do not say yet. Nothing until an agent has worked, and nothing where all stands still."""
    if s.policy.mode != "live" or not s.runs or s.face is None or s.face.archived or stopped_by(s):
        return ()
    said = {name.casefold(): value for name, value in s.face.fields.items()}
    wanted = ((name, value) for name, value in _values(s).items() if name)
    return tuple(ShowField(name, value) for name, value in wanted if said.get(name.casefold()) != value)


def _values(s: Snapshot) -> Mapping[str, str]:
    """Field name -> what it should say; what is not known is not said."""
    attempts = sum(run.tries for run in s.runs)
    costs = [run.outcome.cost_usd for run in s.runs if run.outcome and run.outcome.cost_usd is not None]
    values = {s.kept.peer: s.runs[-1].peer, s.kept.attempts: str(attempts)}
    if costs:
        values[s.kept.cost] = f"{round(sum(costs), 2):g}"
    if s.pull:
        values[s.kept.pull_request] = s.pull.url
    return values
