"""Where a run's outcome is written the moment its agent has ended, until the ledger has what came of it."""

from __future__ import annotations

from pathlib import Path

from bot.core.worktree import ref_part

FOLDER = "headless"  # in the repository's .sluice: worktrees, homes, logs and outcomes of `sluice execute run`


def outcome_file(root: Path, run: str) -> Path:
    return root / "outcomes" / f"{ref_part(run)}.json"


def ended_before(root: Path, run: str) -> bool:
    """Its agent had ended, though the process that had started it was gone before it could say so."""
    return outcome_file(root, run).exists()
