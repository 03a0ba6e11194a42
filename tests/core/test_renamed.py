"""Keys that got another name are read under the old one for a while, and whoever wrote them is told."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from bot.cli.doctor import here
from bot.core.policy import Policy
from bot.policy_file import old_names, read_policy
from bot.renamed import POLICY, SETTINGS, Renamed, overdue
from bot.settings import read_settings

TABLE = (
    Renamed("caps.agents", "caps.running", "0.2.0"),
    Renamed("peers.*.time", "peers.*.minutes", "0.2.0"),
    Renamed("folder", "data_dir", "0.2.0"),
)
TOLD = "caps.agents is called caps.running since 0.2.0: write that"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "sluice.toml"


def test_an_old_setting_is_read_and_told(config: Path) -> None:
    """In its table or under any name; what is written as today is not spoken of."""
    config.write_text('[caps]\nagents = 7\nruns_per_day = 9\n[peers.ada]\ncommand = ["x"]\ntime = 3\n')
    found = read_settings(config, TABLE)
    assert (found.caps.running, found.caps.runs_per_day, found.peers["ada"].minutes) == (7, 9, 3)
    assert found.warnings == (TOLD, "peers.ada.time is called peers.ada.minutes since 0.2.0: write that")
    assert TOLD in [finding.told for finding in here(found) if finding.state == "warning"]
    config.write_text("[caps]\nrunning = 7\n")
    assert read_settings(config, TABLE).warnings == ()


def test_an_old_variable_is_read(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a table or at the top."""
    monkeypatch.setenv("SLUICE_CAPS__AGENTS", "4")
    monkeypatch.setenv("SLUICE_FOLDER", "elsewhere")
    found = read_settings(renamed=TABLE)
    assert (found.caps.running, found.data_dir, len(found.warnings)) == (4, Path("elsewhere"), 2)


def test_of_both_names_todays_counts(config: Path) -> None:
    """And the warning says so."""
    config.write_text("[caps]\nagents = 7\nrunning = 3\n")
    found = read_settings(config, TABLE)
    assert found.caps.running == 3 and found.warnings == (f"{TOLD}; both are given, and the old one is ignored",)


def test_an_old_policy_key_is_read_and_told() -> None:
    """A key may move to another table."""
    table = (Renamed("work.reviewers", "review.reviewers", "0.2.0"),)
    text = 'mode = "live"\n[work]\nreviewers = ["ann"]\n'
    found = read_policy(text, table)
    assert isinstance(found, Policy) and found.review.reviewers == ("ann",)
    assert old_names(text, table) == ("work.reviewers is called review.reviewers since 0.2.0: write that",)
    assert "unknown key work.reviewers" in str(read_policy(text, ()))


def test_old_names_are_read_for_one_release() -> None:
    """A row that has had its release is taken out of the product's tables."""
    assert overdue(TABLE, "0.2.7") == [] and overdue(TABLE, "0.3.0") == [row.old for row in TABLE]
    assert overdue((*SETTINGS, *POLICY), version("sluice")) == []
