"""What Prometheus reads at /metrics. Labels have few values: no item, title or repository is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.core.limits import HOUR, POINTS, RESERVE, Budget, Importance, Standing
from bot.core.standing import Hold
from bot.gateway import Figures
from bot.ledger.figures import Counts

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
Sample = tuple[tuple[str, ...], float]
NAMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sluice_items": ("items on the boards, by where they stand", ("stage",)),
    "sluice_runs": ("agent runs that have not ended", ("state",)),
    "sluice_runs_ended_total": ("agent runs that ended, by how", ("outcome",)),
    "sluice_agent_held_seconds": (
        "how long an agent still gets nothing new: limited by its provider, or stopped by its failures",
        ("agent", "why"),
    ),
    "sluice_model_tokens_total": (
        "tokens billed through the model gateway since the start; input holds what the cache read and wrote",
        ("agent", "model", "kind"),
    ),
    "sluice_model_calls_total": ("calls to models through the gateway since the start", ("agent", "outcome")),
    "sluice_deliveries_unhandled": ("webhooks that came in and were not followed yet", ()),
    "sluice_webhooks_missed": ("webhooks that had not come in when GitHub's log was last read", ()),
    "sluice_webhooks_asked_again": ("webhooks asked for again at that look", ()),
    "sluice_webhooks_lost": ("webhooks given up at that look", ()),
    "sluice_sweep_age_seconds": ("since the last sweep ended", ()),
    "sluice_sweep_seconds": ("how long the last sweep took", ()),
    "sluice_github_limit": ("GraphQL points or REST calls an hour allows", ("identity", "resource")),
    "sluice_github_remaining": ("what is left of them", ("identity", "resource")),
    "sluice_github_reserve": ("what new work leaves of them", ("identity", "resource")),
    "sluice_github_minute_points": ("points of the last minute, as secondary limits count", ("identity", "resource")),
    "sluice_github_minute_limit": ("what Sluice allows itself of them", ("identity", "resource")),
    "sluice_github_content_writes": ("new content in the last minute and hour", ("identity", "window")),
    "sluice_github_content_limit": ("what Sluice allows itself of it", ("identity", "window")),
    "sluice_github_waiting": ("calls that wait for their turn", ("identity", "importance")),
    "sluice_github_refused_seconds": ("how long GitHub still refuses calls", ("identity",)),
}


@dataclass(frozen=True)
class Gathered:
    """What there is to tell; None is not known, and not told."""

    counts: Counts
    at: datetime
    standings: tuple[Standing, ...] = ()
    missed: int | None = None
    asked_again: int | None = None
    lost: int | None = None
    sweep_age: float | None = None
    sweep_seconds: float | None = None
    holds: Mapping[str, Hold] = field(default_factory=dict)  # by agent
    models: Figures = field(default_factory=Figures)


class _Told:
    """A collector of one answer."""

    def __init__(self, gathered: Gathered) -> None:
        self._found: dict[str, list[Sample]] = {name: [] for name in NAMES}
        for name, labels, value in _samples(gathered):
            if value is not None:
                self._found[name].append((labels, value))

    def collect(self) -> Iterator[Metric]:
        for name, samples in self._found.items():
            said, labels = NAMES[name]
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(name, said, labels=labels)
            for values, value in samples:
                family.add_metric(values, value)
            if samples:
                yield family


def text(gathered: Gathered) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(gathered))
    return generate_latest(registry)


def _samples(gathered: Gathered) -> Iterable[tuple[str, tuple[str, ...], float | None]]:
    counts = gathered.counts
    yield from (("sluice_items", (stage,), number) for stage, number in counts.stages.items())
    yield from (("sluice_runs", (state,), counts.running.get(state, 0)) for state in ("admitted", "running"))
    yield from (("sluice_runs_ended_total", (outcome,), number) for outcome, number in counts.ended.items())
    for name, hold in gathered.holds.items():
        why = "limited" if hold.limited else "failures"
        yield "sluice_agent_held_seconds", (name, why), max((hold.until - gathered.at).total_seconds(), 0)
    yield from (("sluice_model_tokens_total", labels, number) for labels, number in gathered.models.tokens.items())
    yield from (("sluice_model_calls_total", labels, number) for labels, number in gathered.models.calls.items())
    yield "sluice_deliveries_unhandled", (), counts.unhandled
    yield "sluice_webhooks_missed", (), gathered.missed
    yield "sluice_webhooks_asked_again", (), gathered.asked_again
    yield "sluice_webhooks_lost", (), gathered.lost
    yield "sluice_sweep_age_seconds", (), gathered.sweep_age
    yield "sluice_sweep_seconds", (), gathered.sweep_seconds
    for standing in gathered.standings:
        yield from _limits(standing, gathered.at)


def _limits(standing: Standing, now: datetime) -> Iterable[tuple[str, tuple[str, ...], float]]:
    who = standing.identity
    for resource, hour in standing.hours.items():
        left = hour.limit if hour.resets <= now else hour.remaining
        yield "sluice_github_limit", (who, resource), hour.limit
        yield "sluice_github_remaining", (who, resource), left
        yield "sluice_github_reserve", (who, resource), hour.limit * RESERVE[Importance.START]
    for each, most in POINTS.items():
        yield "sluice_github_minute_points", (who, each), standing.points(each, now)
        yield "sluice_github_minute_limit", (who, each), most
    budget = Budget()
    budget.adopt(standing)
    for window in budget.content:
        span = "hour" if window.span == HOUR else "minute"
        yield "sluice_github_content_writes", (who, span), window.used(now)
        yield "sluice_github_content_limit", (who, span), window.most
    for importance in Importance:
        name = importance.name.lower()
        yield "sluice_github_waiting", (who, name), standing.waiting.get(name, 0)
    blocked = standing.blocked_until
    yield "sluice_github_refused_seconds", (who,), max((blocked - now).total_seconds(), 0) if blocked else 0
