"""The few facts the ledger's stories start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.actions import Claim, RunPlan
from bot.core.board import Card
from bot.core.budget import Caps, Refusal
from bot.core.item import GoAhead
from bot.core.policy import Work
from bot.core.run import Outcome, Peer, evidence_of, run_key
from bot.ledger.ledger import SqlLedger

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BOARD, REPO = "acme/1", "acme/shop"
PEER = Peer("ada", "scripted", capacity=100)
FINISHED = Outcome("finished", "done", 1.0, "")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def card(number: int, **facts: object) -> Card:
    known = {"column": "Ready", "position": number, "title": f"Issue {number}", "repo": REPO, "number": number}
    shape = {"kind": "ISSUE", "archived": False, "updated_at": NOW, "issue_id": f"I_{number}"}
    return Card(**{"id": f"card-{number}", **shape, **known, **facts})  # type: ignore[arg-type]


async def add(ledger: SqlLedger, *numbers: int) -> list[str]:
    """Items with these issue numbers, on one board."""
    cards = [card(n) for n in numbers]
    await ledger.upsert_cards(BOARD, cards, NOW)
    return [c.id for c in cards]


def go_ahead(key: str = "move-1", by_command: bool = False) -> GoAhead:
    return GoAhead(key, "mona", NOW, "Fix it", "Please.", by_command)


def plan(item: str, cause: str = "go:1", **facts: object) -> RunPlan:
    evidence = evidence_of([cause])
    key = run_key(item, "build", "sha0", evidence)
    shape = {"key": key, "step": "build", "peer": "ada", "round": 1, "go_ahead": "move-1", "evidence": evidence}
    return RunPlan(**{**shape, "head": "sha0", "brief": "Fix it.", "causes": (cause,), **facts})  # type: ignore[arg-type]


def claim(run: RunPlan | None, go: GoAhead | None = None) -> Claim:
    return Claim("ada", "sluice/1-fix", "main", go or go_ahead(), run)


async def start(ledger: SqlLedger, item: str, cause: str = "go:1", **limits: object) -> Refusal | None:
    """Claim the item with its first run."""
    first = plan(item, cause)
    return await ledger.admit(item, claim(first), first, **with_limits(**limits))  # type: ignore[arg-type]


async def send_back(ledger: SqlLedger, item: str, run: RunPlan, **limits: object) -> Refusal | None:
    return await ledger.admit(item, None, run, **with_limits(**limits))  # type: ignore[arg-type]


def with_limits(**limits: object) -> dict[str, object]:
    return {"caps": Caps(running=50), "work": Work(running=50), "peer": PEER, "now": NOW, **limits}
