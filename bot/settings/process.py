"""What the settings say of the process as a whole: caps over all agents, its server, its pace, and where it reports."""

from __future__ import annotations

from pydantic import Field, SecretStr, model_validator

from bot.core.spend import DAY_USD, ITEM_USD, PER_DAY, PER_ITEM
from bot.settings.part import MOST_AT_ONCE, MOST_MINUTES, MOST_MONEY, MOST_RUNS, MOST_TOKENS, Part


class CapSettings(Part):
    running: int = Field(2, ge=1, le=MOST_AT_ONCE, description="agents at work at once")
    runs_per_day: int = Field(100, ge=1, le=MOST_RUNS, description="agent runs in 24 hours")
    runs_per_item: int = Field(6, ge=1, le=MOST_RUNS, description="agent runs one item may use for one go-ahead")
    minutes_per_gate: float = Field(
        60.0, gt=0, le=MOST_MINUTES, description="a gate command is stopped after this long"
    )
    tokens_per_item: int = Field(PER_ITEM.tokens, ge=1, le=MOST_TOKENS, description="tokens for one item in all")
    cost_per_item: float = Field(
        ITEM_USD,
        gt=0,
        le=MOST_MONEY,
        description="dollars for one item in all; `/sluice budget` gives an item more",
    )
    tokens_per_day: int = Field(PER_DAY.tokens, ge=1, le=MOST_TOKENS, description="tokens in 24 hours, over all")
    cost_per_day: float = Field(DAY_USD, gt=0, le=MOST_MONEY, description="dollars in 24 hours, over all")


class ServerSettings(Part):
    host: str = Field("127.0.0.1", description="where webhooks are received")
    port: int = Field(8321, ge=0, le=65535, description="0 takes a free port")
    metrics_token: SecretStr | None = Field(
        None, description="the bearer token /metrics wants; absent: only this machine itself reads it"
    )


class PaceSettings(Part):
    sweep_seconds: float = Field(60.0, gt=0, le=86_400, description="how often every board is scanned")
    watch_seconds: float = Field(
        15.0, gt=0, le=300, description="how often the policy of repositories with an agent at work is read"
    )
    large_board: int = Field(
        500,
        ge=0,
        description="cards; of a larger board a sweep reads what is active, every five minutes while webhooks come in, "
        "and the whole of it every two hours",
    )
    meter_seconds: float = Field(
        5.0,
        gt=0,
        le=300,
        description="how often the tokens of agents at work are counted, and held against their caps (local)",
    )
    coalesce_seconds: float = Field(2.0, ge=0, le=60, description="hints within this time become one look")
    poll_seconds: float = Field(0.25, gt=0, le=60, description="how often the wake-ups are read (local)")
    engine_seconds: float = Field(0.5, gt=0, le=60, description="how often the engine looks for work (local)")
    workers: int = Field(4, ge=1, le=MOST_AT_ONCE, description="looks at different items at once")
    finish_seconds: float = Field(
        5.0, ge=0, le=10, description="how long a stop lets agents go on that may be nearly done"
    )


class HeartbeatSettings(Part):
    repository: str | None = Field(
        None, description="owner/name where a sign of life is left, for the workflow heartbeat.yml there"
    )


class TelemetrySettings(Part):
    otlp_url: str | None = Field(
        None,
        description="an OpenTelemetry collector, e.g. http://127.0.0.1:4318: a task that is over is sent there as "
        "spans; needs `sluice[otel]`",
    )

    @model_validator(mode="after")
    def an_address(self) -> TelemetrySettings:
        if self.otlp_url and not self.otlp_url.startswith(("https://", "http://")):
            raise ValueError("otlp_url begins with https:// (or http://)")
        return self
