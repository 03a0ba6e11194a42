"""What runs used, as the ledger keeps it."""

from __future__ import annotations

import pytest

from bot.core.run import Outcome
from bot.core.spend import Budget, unpriced
from bot.core.tokens import Tokens
from bot.ledger.ledger import SqlLedger
from tests.contracts.ledger_world import FINISHED, add, at, plan, start

OPUS, HAIKU = Tokens("opus", 1_000, 700, 100, 0, 50), Tokens("haiku", 200, 0, 0, 0, 10)


def price(tokens: Tokens) -> float | None:
    """A dollar for a thousand; of haiku nobody knows."""
    return tokens.total / 1_000 if tokens.model == "opus" else None


async def begun(ledger: SqlLedger, number: int = 1) -> str:
    [item] = await add(ledger, number)
    assert await start(ledger, item) is None
    return plan(item).key


async def test_the_same_once_more_changes_nothing(ledger: SqlLedger) -> None:
    """Usage is absolute: written again it is the same, more replaces it, and less is no refund."""
    run = await begun(ledger)
    for _ in range(2):
        assert await ledger.note_usage(run, "transcript", [OPUS, HAIKU], at(1), price) == Budget(1_260, 1.05)
    more = Tokens("opus", 2_000, 700, 100, 20, 50)
    await ledger.note_usage(run, "transcript", [more], at(2), price)
    await ledger.note_usage(run, "transcript", [Tokens("opus", 5)], at(3), price)
    spent = await ledger.used_by(run)
    assert {(each.tokens, each.cost_usd, each.at) for each in spent} == {(more, 2.05, at(2)), (HAIKU, None, at(1))}
    assert spent[0].item == "card-1" and spent[0].peer == "ada"


async def test_what_the_gateway_counted_is_what_counts(ledger: SqlLedger) -> None:
    """Where a gateway stood in front of the model, what the transcript says of that run is not added."""
    run, other = await begun(ledger), await begun(ledger, 2)
    for each in (run, other):
        await ledger.note_usage(each, "transcript", [OPUS], at(1), price)
    assert await ledger.note_usage(run, "gateway-1", [HAIKU], at(2), price) == Budget(210)
    assert await ledger.note_usage(run, "gateway-2", [HAIKU], at(3), price) == Budget(420)  # after a restart
    assert [each.tokens for each in await ledger.used_by(run)] == [HAIKU, HAIKU]
    assert sum(each.tokens.total for each in await ledger.spent()) == 2 * HAIKU.total + OPUS.total


@pytest.mark.parametrize("ended", ["finished", "cancelled", "overspent", "lost"])
async def test_every_ending_tells_what_it_used(ledger: SqlLedger, ended: str) -> None:
    """However a run ends, its outcome has the tokens; and the money, unless a part of it is unknown."""
    run, other = await begun(ledger), await begun(ledger, 2)
    await ledger.note_usage(run, "transcript", [OPUS], at(1), price)
    await ledger.note_usage(other, "transcript", [OPUS, HAIKU], at(1), price)
    for each in (run, other):
        await ledger.end_run(each, Outcome(ended, "", 1.0, ""), None, at(2))  # type: ignore[arg-type]
    one, two = [(await ledger.recall(card, at(3))).runs[0].outcome for card in ("card-1", "card-2")]
    assert one and (one.ended, one.used, one.cost_usd) == (ended, (OPUS,), 1.05)
    assert two and (two.tokens, two.cost_usd) == (1_260, None)


async def test_nothing_known_stays_unknown(ledger: SqlLedger) -> None:
    """A run of which no usage is known ends with none, and not with 0; nobody's usage is kept for a run that is not."""
    run = await begun(ledger)
    await ledger.end_run(run, FINISHED, None, at(1))
    [ended] = (await ledger.recall("card-1", at(2))).runs
    assert ended.outcome and ended.outcome.tokens is None and ended.outcome.cost_usd is None
    assert await ledger.note_usage("no-such-run", "gateway", [OPUS], at(1), unpriced) == Budget()
    assert await ledger.spent() == []


async def test_what_each_run_used_is_found_by_item_agent_and_day(ledger: SqlLedger) -> None:
    """A run whose use is not known is among them, with nothing; one of another day, item or agent is not."""
    assert await ledger.runs_used() == []
    run, silent = await begun(ledger), await begun(ledger, 2)
    await ledger.note_usage(run, "transcript", [OPUS, HAIKU], at(90_000), price)
    everything = await ledger.runs_used()
    assert [(each.run, each.number, len(each.spent)) for each in everything] == [(run, 1, 2), (silent, 2, 0)]
    assert [each.run for each in await ledger.runs_used(item="card-2")] == [silent]
    assert await ledger.runs_used(peer="nobody") == []
    assert [each.run for each in await ledger.runs_used(peer="ada", since=at(3_600))] == [run]
