"""The process's settings, read once, at the door: `sluice.toml`, `.env` and the environment (`SLUICE_...`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.core.board import Columns, Kept
from bot.core.budget import Caps
from bot.core.permission import Permissions
from bot.core.run import Limits, Peer, Runtime
from bot.core.spend import DAY_USD, ITEM_USD, PER_DAY, PER_ITEM, PER_RUN, RUN_USD, Budget
from bot.errors import SettingsError
from bot.policy_file import nearest
from bot.renamed import SETTINGS, Renamed, present

FILE = Path("sluice.toml")
# infinity, or what is as good as that, is no cap
MOST_MONEY, MOST_TOKENS, MOST_RUNS, MOST_AT_ONCE = 1_000_000, 10**12, 1_000_000, 1_000
MOST_MINUTES, MOST_GIGABYTES = 7 * 24 * 60, 10_000
ROLE = re.compile(r"(?=.{0,40}$)([a-z0-9]+(-[a-z0-9]+)*)?")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GitHubSettings(Part):
    api_url: str = Field("https://api.github.com", description="where the API is; localhub's address for a trial")
    git_url: str = Field("https://github.com", description="where repositories are cloned from")
    token: SecretStr | None = Field(None, description="a token of the bot's account; or use a GitHub App")
    app_id: int | None = Field(None, description="GitHub App: its id")
    private_key_file: Path | None = Field(None, description="GitHub App: the file with its private key")
    private_key: SecretStr | None = Field(None, description="GitHub App: or the key itself, from the environment")
    installation_id: int | None = Field(
        None, description="GitHub App: the one installation to use; absent: that of each board's owner"
    )
    login: str | None = Field(None, description="the login Sluice writes as; asked of GitHub when absent")
    timeout_seconds: float = Field(20.0, ge=1, le=600, description="how long an answer of the API is waited for")
    webhook_secret: SecretStr | None = Field(
        None, description="the secret webhooks are signed with; absent: no webhooks"
    )

    @model_validator(mode="after")
    def one_identity(self) -> GitHubSettings:
        key = self.private_key_file or self.private_key
        if bool(self.app_id) != bool(key) or (self.installation_id and not key):
            raise ValueError("a GitHub App needs app_id and private_key_file (or SLUICE_GITHUB__PRIVATE_KEY)")
        return self


class BoardSettings(Part):
    ready: str = Field("Ready", description="cards here are waiting to be worked on")
    in_progress: str = Field("In Progress", description="an agent works on it")
    in_review: str = Field("In Review", description="its pull request is open")
    needs_person: str = Field("Needs a person", description="only a person can free it")
    done: str = Field("Done", description="over")
    priority_field: str = Field("Priority", description="the field that orders Ready; lower first")
    peer_field: str | None = Field(None, description="a text field kept for people: which agent works on it")
    attempts_field: str | None = Field(None, description="a number field: how often an agent tried")
    cost_field: str | None = Field(None, description="a number field: what it cost so far, in dollars, where known")
    pull_request_field: str | None = Field(None, description="a text field: the address of its pull request")
    status_update_hours: float | None = Field(
        None, gt=0, description="a status update is posted on the board after a sweep with news, at most this often"
    )
    draft_repository: str | None = Field(None, description="where drafts of this board become issues")
    token: SecretStr | None = Field(None, description="a token for this board alone; a person's board needs one")

    @model_validator(mode="after")
    def one_meaning_each(self) -> BoardSettings:
        names = [self.ready, self.in_progress, self.in_review, self.needs_person, self.done]
        fields = [name for name in (self.priority_field, *self.kept().kinds()) if name]
        for what, given in (("column", names), ("field", ["Status", *fields])):
            if twice := _named_twice(given):
                raise ValueError(f"the {what} {', '.join(twice)} is named for two purposes")
        return self

    def kept(self) -> Kept:
        named = (self.peer_field, self.attempts_field, self.cost_field, self.pull_request_field)
        return Kept(*(name or "" for name in named))

    def columns(self) -> Columns:
        return Columns(self.ready, self.in_progress, self.in_review, self.needs_person, self.done)


def _named_twice(names: Sequence[str]) -> list[str]:
    folded = [name.casefold() for name in names]
    return sorted({name for name in names if folded.count(name.casefold()) > 1})


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


class OwnDotEnv(DotEnvSettingsSource):
    """A `.env` file is shared with other programs: what does not begin with our prefix is theirs."""

    def __call__(self) -> dict[str, Any]:
        known = self.settings_cls.model_fields
        return {key: value for key, value in super().__call__().items() if key in known or key.startswith("sluice_")}


class OldNames(EnvSettingsSource):
    """The environment is searched for names that are known; those that were are known for a while."""

    def __call__(self) -> dict[str, Any]:
        old = [row.old for row in getattr(self.settings_cls, "renamed", ())]
        return {name: self.env_vars[f"sluice_{name}"] for name in old if f"sluice_{name}" in self.env_vars}


class Settings(BaseSettings):
    """Everything the process needs to know."""

    model_config = SettingsConfigDict(
        env_prefix="SLUICE_", env_nested_delimiter="__", env_file=".env", extra="forbid", toml_file=FILE
    )

    github: GitHubSettings = GitHubSettings()
    boards: dict[str, BoardSettings] = Field({}, description='one table per board, named "owner/number"')
    peers: dict[str, PeerSettings] = Field({}, description="one table per agent, named as you like")
    caps: CapSettings = CapSettings()
    server: ServerSettings = ServerSettings()
    pace: PaceSettings = PaceSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    data_dir: Path = Field(Path(".sluice"), description="mirrors, worktrees, logs and, on SQLite, the ledger")
    database: str | None = Field(None, description="a postgresql:// URL; absent: SQLite in data_dir")
    unsandboxed: bool = Field(False, description="run agents on github.com without bubblewrap")
    planner: str = Field(
        "", description="the agent that proposes plans of `sluice plan`; absent: rules, without a model"
    )
    task_id: str = Field("", description="the task that `sluice execute` means; SLUICE_TASK_ID binds a shell to one")
    log_level: Literal["debug", "info", "warning"] = Field("info", description="debug: every call to GitHub, too")

    renamed: ClassVar[Sequence[Renamed]] = SETTINGS
    _warnings: tuple[str, ...] = PrivateAttr(())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be written otherwise, and is understood all the same."""
        return self._warnings

    @model_validator(mode="wrap")
    @classmethod
    def under_present_names(cls, data: Any, handler: ModelWrapValidatorHandler[Settings]) -> Settings:
        """From wherever they come: the file, `.env` or the environment."""
        data, warnings = present(data, cls.renamed)
        found = handler(data)
        found._warnings = warnings
        return found

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        own, file = OwnDotEnv(settings_cls), TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, OldNames(settings_cls), own, file

    def ledger_url(self) -> str:
        if self.database:
            return self.database.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{(self.data_dir / 'ledger.db').resolve()}"

    def secrets(self) -> tuple[str, ...]:
        """What must never be logged."""
        github = self.github
        boards = (board.token for board in self.boards.values())
        given = (github.token, github.private_key, github.webhook_secret, self.server.metrics_token, *boards)
        keys = (secret for peer in self.peers.values() for secret in (peer.api_key, *peer.env.values()))
        return tuple(secret.get_secret_value() for secret in (*given, *keys) if secret)

    @model_validator(mode="after")
    def known_fallbacks(self) -> Settings:
        for name, peer in self.peers.items():
            if unknown := [other for other in peer.fallbacks if other not in self.peers or other == name]:
                raise ValueError(f"peers.{name}.fallbacks: there is no other agent {', '.join(unknown)}")
        return self

    def need_board(self) -> None:
        if not self.boards:
            raise SettingsError('no board: add a [boards."owner/number"] table to sluice.toml, or use --config FILE')

    def peer_list(self) -> tuple[Peer, ...]:
        return tuple(_peer(name, peer, self.caps) for name, peer in self.peers.items())

    def cap_values(self) -> Caps:
        caps = self.caps
        item, day = Budget(caps.tokens_per_item, caps.cost_per_item), Budget(caps.tokens_per_day, caps.cost_per_day)
        return Caps(caps.running, caps.runs_per_day, item, day, caps.runs_per_item, caps.minutes_per_gate)


# variables that hold a program's key, or have a cloud bill it
BY_USE = re.compile(r"KEY|(?<!O)AUTH_TOKEN|BEDROCK|VERTEX")
LOGINS = ("claude", "codex", "acp")  # programs that have a login of their own where they are given no key


def read_settings(file: Path = FILE, renamed: Sequence[Renamed] = SETTINGS) -> Settings:
    """The settings, or a SettingsError that says which key of which file is wrong."""
    if file != FILE and not file.exists():
        raise SettingsError(
            f"{file} does not exist; docs/sluice.example.toml is one to copy, or name another with --config"
        )

    class FromFile(Settings):
        model_config = SettingsConfigDict(**{**Settings.model_config, "toml_file": file})

    FromFile.renamed = renamed
    try:
        return FromFile()
    except ValidationError as error:
        told = "\n".join(f"  {_told(detail)}" for detail in error.errors())
        raise SettingsError(f"{file} (or a SLUICE_ variable) is not right:\n{told}") from None
    except ValueError as error:  # TOML syntax
        raise SettingsError(f"{file}: {error}") from None


def _told(detail: Any) -> str:
    where = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return f"unknown key {where}{nearest(str(detail['loc'][-1]), _known(detail['loc']))}"
    return f"{where}: {detail['msg']}"


def _known(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that exist beside the unknown one."""
    parts: dict[str, type[BaseModel]] = {
        "github": GitHubSettings,
        "boards": BoardSettings,
        "peers": PeerSettings,
        "caps": CapSettings,
        "server": ServerSettings,
        "pace": PaceSettings,
        "heartbeat": HeartbeatSettings,
        "telemetry": TelemetrySettings,
    }
    model = parts.get(str(loc[0]), Settings) if len(loc) > 1 else Settings
    return list(model.model_fields)


def _peer(name: str, peer: PeerSettings, caps: CapSettings) -> Peer:
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
