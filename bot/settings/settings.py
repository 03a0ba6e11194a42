"""All settings of the process, and what the judgement is given of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from bot.core.budget import Caps
from bot.core.run import Peer
from bot.core.spend import Budget
from bot.errors import SettingsError
from bot.renamed import SETTINGS, Renamed, present
from bot.settings.board import BoardSettings
from bot.settings.github import GitHubSettings
from bot.settings.part import Part
from bot.settings.peer import PeerSettings, peer_of
from bot.settings.process import CapSettings, HeartbeatSettings, PaceSettings, ServerSettings, TelemetrySettings
from bot.whereabouts import Whereabouts


class Settings(Part):
    """Everything the process needs to know."""

    github: GitHubSettings = GitHubSettings()
    boards: dict[str, BoardSettings] = Field({}, description='one table per board, named "owner/number"')
    peers: dict[str, PeerSettings] = Field({}, description="one table per agent, named as you like")
    caps: CapSettings = CapSettings()
    server: ServerSettings = ServerSettings()
    pace: PaceSettings = PaceSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    data_dir: Path = Field(Whereabouts.data_dir, description="mirrors, worktrees, logs and, on SQLite, the ledger")
    database: str | None = Field(Whereabouts.database, description="a postgresql:// URL; absent: SQLite in data_dir")
    unsandboxed: bool = Field(False, description="run agents on github.com without bubblewrap")
    planner: str = Field(
        "", description="the agent that proposes plans of `sluice plan`; absent: rules, without a model"
    )
    task_id: str = Field(
        Whereabouts.task_id, description="the task that `sluice execute` means; SLUICE_TASK_ID binds a shell to one"
    )
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

    @property
    def whereabouts(self) -> Whereabouts:
        return Whereabouts(self.data_dir, self.database, self.task_id)

    def ledger_url(self) -> str:
        return self.whereabouts.ledger_url()

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
        return tuple(peer_of(name, peer, self.caps) for name, peer in self.peers.items())

    def cap_values(self) -> Caps:
        caps = self.caps
        item, day = Budget(caps.tokens_per_item, caps.cost_per_item), Budget(caps.tokens_per_day, caps.cost_per_day)
        return Caps(caps.running, caps.runs_per_day, item, day, caps.runs_per_item, caps.minutes_per_gate)


TABLES: dict[str, type[Part]] = {
    "github": GitHubSettings,
    "boards": BoardSettings,
    "peers": PeerSettings,
    "caps": CapSettings,
    "server": ServerSettings,
    "pace": PaceSettings,
    "heartbeat": HeartbeatSettings,
    "telemetry": TelemetrySettings,
}  # by their names, or where each has one of its own, by that of them all
