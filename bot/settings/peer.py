"""`[peers.NAME]` of the settings: an agent, what it may do and use, and what the judgement knows of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from bot.core.permission import Permissions
from bot.core.run import Limits, Peer, Runtime
from bot.core.spend import PER_RUN, RUN_USD, Budget
from bot.settings.part import (
    MOST_AT_ONCE,
    MOST_GIGABYTES,
    MOST_MINUTES,
    MOST_MONEY,
    MOST_RUNS,
    MOST_TOKENS,
    Part,
)
from bot.settings.process import CapSettings

ROLE = re.compile(r"(?=.{0,40}$)([a-z0-9]+(-[a-z0-9]+)*)?")
# variables that hold a program's key, or have a cloud bill it
BY_USE = re.compile(r"KEY|(?<!O)AUTH_TOKEN|BEDROCK|VERTEX")
LOGINS = ("claude", "codex", "acp")  # programs that have a login of their own where they are given no key


class PeerSettings(Part):
    runtime: Runtime = Field(
        "command",
        description="claude, codex, acp (Gemini CLI, opencode, Copilot CLI, any agent that speaks it), command, "
        "or scripted (plays an edit script)",
    )
    command: list[str] = Field(
        [],
        description="the program and its arguments; absent: `claude` or `codex`; "
        "with the runtime command the brief comes on its standard input",
    )
    arguments: list[str] = Field([], description="more arguments, behind the command or the program it stands for")
    model: str = Field("", description="the model it is to use; absent: its own choice")
    api_key: SecretStr | None = Field(
        None, description="the key for its model; absent: the program uses the login it has on this machine"
    )
    api_url: str | None = Field(None, description="where its model is; absent: its provider's own address")
    gateway: bool = Field(
        True, description="api_key stays with Sluice, and each run gets a key of its own for a gateway on this machine"
    )
    env: dict[str, SecretStr] = Field(
        {}, description="what else its program finds in its environment, e.g. the token of `claude setup-token`"
    )
    network: Literal["open", "model-only"] = Field(
        "open", description="model-only: nothing but its model is in reach of it; needs api_key and bubblewrap"
    )
    commands_network: Literal["open", "none"] | None = Field(
        None,
        description="of set-up and gate commands for its work; absent: open, or none where its own is model-only",
    )
    permissions: Permissions = Field(
        "all",
        description="in its sandbox, all: whatever it likes; edits: it reads and edits files, runs no command and "
        "fetches nothing; ask: as edits, but a person is asked on the issue about a command",
    )
    fallbacks: list[str] = Field([], description="agents that take its work while its provider says to wait")
    script: Path | None = Field(
        None, description="scripted: the edit script; acp: played by the protocol in place of a command"
    )
    repositories: list[str] = Field([], description="owner/name patterns it works for; empty: all")
    labels: list[str] = Field([], description="takes only items with one of these labels; empty: all")
    fields: dict[str, list[str]] = Field(
        {}, description='takes only cards whose board field says so: `{ Area = ["docs", "web"] }`; empty: all'
    )
    role: str = Field(
        "",
        description="takes only steps of this role: builder, planner, scout, reviewer, or a team's own word; "
        "an ordinary item has one step, a builder's; empty: any",
    )
    capacity: int = Field(1, ge=1, le=MOST_AT_ONCE, description="how many items at once")
    minutes: float = Field(60.0, gt=0, le=MOST_MINUTES, description="a run is stopped after this long")
    stall_minutes: float = Field(
        15.0, gt=0, le=MOST_MINUTES, description="a run that prints and changes nothing this long is stopped"
    )
    log_megabytes: float = Field(10.0, gt=0, le=MOST_GIGABYTES, description="how much of its output is kept")
    long_command_minutes: float = Field(
        30.0, gt=0, le=MOST_MINUTES, description="in place of stall_minutes, while a command that it runs is at work"
    )
    tokens_per_run: int = Field(
        PER_RUN.tokens, ge=1, le=MOST_TOKENS, description="a run is stopped when it has read and written this many"
    )
    cost_per_run: float = Field(
        RUN_USD, gt=0, le=MOST_MONEY, description="dollars; a run is stopped when it has cost this much"
    )
    runs_per_day: int | None = Field(
        None, ge=1, le=MOST_RUNS, description="its runs in 24 hours; absent: as many as of all"
    )
    tokens_per_day: int | None = Field(
        None, ge=1, le=MOST_TOKENS, description="its tokens in 24 hours; absent: as many as of all"
    )
    cost_per_day: float | None = Field(
        None, gt=0, le=MOST_MONEY, description="dollars it may cost in 24 hours; absent: as much as all"
    )

    disk_gigabytes: float = Field(
        5.0, gt=0, le=MOST_GIGABYTES, description="a run whose files grow by more than this is stopped"
    )

    @model_validator(mode="after")
    def a_role_is_a_word(self) -> PeerSettings:
        if not ROLE.fullmatch(self.role):
            raise ValueError(f'role = "{self.role}" is no word like "builder" or "security-review"')
        return self

    @model_validator(mode="after")
    def a_model_to_reach(self) -> PeerSettings:
        if self.network == "model-only" and not self.api_key:
            raise ValueError('network = "model-only" needs api_key: add the key, or set network = "open"')
        return self

    @model_validator(mode="after")
    def a_provider_to_pay(self) -> PeerSettings:
        """Of a few programs it is known who has their models."""
        if self.api_key and not self.api_url and self.runtime in ("acp", "command") and self.command:
            from bot.agents.runtimes import program_of  # here, for few have such an agent
            from bot.gateway import PROVIDERS

            if program_of(Peer("", self.runtime, tuple(self.command))) not in PROVIDERS:
                raise ValueError(f'api_key needs api_url = "https://...": where {self.command[0]} has its model')
        return self

    @model_validator(mode="after")
    def something_to_start(self) -> PeerSettings:
        if self.script and self.arguments:
            raise ValueError("a script that is played takes no arguments")
        if self.runtime == "acp" and self.script and self.command:
            raise ValueError('the runtime "acp" takes a command, or a script that is played, not both')
        if (self.runtime == "command" or (self.runtime == "acp" and not self.script)) and not self.command:
            raise ValueError(f'the runtime "{self.runtime}" needs command = ["program", "argument"]')
        if self.permissions != "all" and self.runtime in ("command", "scripted"):
            raise ValueError(f'the runtime "{self.runtime}" asks nobody: it has permissions = "all" alone')
        if self.api_url and not self.api_url.startswith(("https://", "http://")):
            raise ValueError("api_url begins with https:// (or http://, for a model nearby)")
        if self.runtime == "scripted" and self.script is None:
            raise ValueError('the runtime "scripted" needs script = "FILE"')
        return self


def peer_of(name: str, peer: PeerSettings, caps: CapSettings) -> Peer:
    limits = Limits(
        peer.minutes * 60,
        peer.stall_minutes * 60,
        int(peer.log_megabytes * 1e6),
        peer.tokens_per_run,
        peer.cost_per_run,
        peer.long_command_minutes * 60,
        disk_bytes=int(peer.disk_gigabytes * 1e9),
    )
    day = Budget(peer.tokens_per_day or caps.tokens_per_day, peer.cost_per_day or caps.cost_per_day)
    script = str(peer.script.resolve()) if peer.script else ""
    return Peer(
        name,
        peer.runtime,
        tuple(peer.command),
        script,
        tuple(peer.repositories),
        tuple(peer.labels),
        tuple((name, tuple(values)) for name, values in peer.fields.items()),
        peer.capacity,
        limits,
        peer.model,
        peer.network,
        tuple(peer.fallbacks),
        peer.runtime in LOGINS and peer.api_key is None and not any(map(BY_USE.search, peer.env)),
        day,
        peer.runs_per_day or caps.runs_per_day,
        tuple(peer.arguments),
        peer.commands_network == "none" if peer.commands_network else peer.network == "model-only",
        peer.role,
        peer.permissions,
    )
