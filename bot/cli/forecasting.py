"""What `sluice plan --dry-run` says: tokens, money and time, the range of each, and what that rests on."""

from __future__ import annotations

from dataclasses import asdict

from bot.cli.history import history
from bot.cli.ledger import ledger_of, may_be_read
from bot.cli.output import console, print_json
from bot.cli.tasks import Place
from bot.core.plans.forecast import Forecast, Range, Sample, forecast
from bot.core.plans.plan import Plan
from bot.prices import blended


async def show_forecast(place: Place, plan: Plan, as_json: bool) -> None:
    found = forecast(plan, await _history(place))
    if as_json:
        print_json({"task_id": plan.task_id, **asdict(found)})
    else:
        console.print("\n".join(_lines(plan, found)))


async def _history(place: Place) -> list[Sample]:
    if not await may_be_read(place.settings):
        return []
    async with ledger_of(place.settings) as ledger:
        return await history(ledger)


def _lines(plan: Plan, found: Forecast) -> list[str]:
    return [
        f"Forecast: {plan.summary} (nothing is kept)",
        f"Risk: {plan.risk} | Budget: {plan.budget} | Phases: {len(plan.phases)} | Steps: {len(plan.steps)}",
        *(_told(plan, found) if found.rests_on else _guessed(plan, found.guess)),
    ]


def _told(plan: Plan, found: Forecast) -> list[str]:
    steps = f"{found.rests_on} earlier step{'s' if found.rests_on != 1 else ''} like these, in this ledger"
    unlike = f"; nothing like {', '.join(found.unknown)} was done before, which comes on top" if found.unknown else ""
    guessed = f"; the tokens of {found.guessed} are guessed by the length of texts" if found.guessed else ""
    return [
        f"Tokens: {_range(found.tokens, '{:,.0f}')}" if found.tokens else _guess(plan, found.guess),
        f"Money: {_range(found.cost_usd, '${:,.2f}')}",
        f"Time: {_range(found.seconds, '{:,.1f}', 60)}{' minutes' if found.seconds else ''}",
        f"Rests on: {steps}{guessed}{unlike}",
    ]


def _range(found: Range | None, form: str, unit: float = 1) -> str:
    if found is None:
        return "unknown"
    low, middle, high = (form.format(value / unit) for value in (found.low, found.middle, found.high))
    return f"{middle} ({low} to {high})"


def _guess(plan: Plan, tokens: int) -> str:
    return f"Tokens: about {tokens:,} (a guess: the {plan.budget} budget)"


def _guessed(plan: Plan, tokens: int) -> list[str]:
    costs = [blended(step.model, tokens / len(plan.steps)) for step in plan.steps]
    known = [cost for cost in costs if cost is not None]
    money = f"about ${sum(known):,.2f} (a guess: ${sum(known) / 2:,.2f} to ${sum(known) * 1.5:,.2f})"
    return [
        _guess(plan, tokens),
        f"Money: {money if len(known) == len(costs) else 'unknown'}",
        "Time: unknown",
        "Rests on: no history yet",
    ]
