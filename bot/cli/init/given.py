"""What was said on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Given:
    config: Path
    github_url: str
    board: str
    repos: tuple[str, ...]
    app: bool
    owner: str
    webhook: str
    token_env: str
    board_token_env: str
    columns: tuple[str, ...]
    add_columns: bool
    agent: str
    probe: bool | None
    port: int
    browser: bool | None
    patience: float  # seconds
    force: bool
