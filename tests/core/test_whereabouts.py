"""Where the ledger lies: read in a quick way, and as the settings themselves would have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, read_settings
from bot.settings.sources import gathered
from bot.whereabouts import FILE, VARIABLES, Whereabouts, whereabouts

PLAIN = 'data_dir = "here"\ndatabase = "postgresql://u@h/db"\ntask_id = "task-a"\n[caps]\nrunning = 3\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, without the environment's own settings."""
    monkeypatch.chdir(tmp_path)
    for name in [key for key in os.environ if key.upper().startswith("SLUICE_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.mark.parametrize("file", ["", PLAIN, 'database = "sqlite"', 'planner = "ada"', "data_dir = ''"])
@pytest.mark.parametrize("dotenv", ["", "SLUICE_TASK_ID=task-b\nOTHER=1\n", "SLUICE_CAPS__RUNNING=4\n"])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"SLUICE_TASK_ID": "task-c"},
        {"SLUICE_TASK_ID": "", "SLUICE_DATA_DIR": "there"},
        {"SLUICE_DATABASE": "postgresql://v@h/db", "SLUICE_NOBODYS": "x"},
        {"sluice_task_id": "task-d"},
        {"SLUICE_CAPS__RUNNING": "5"},
    ],
)
def test_it_is_what_the_settings_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, dotenv: str, variables: dict[str, str]
) -> None:
    """From whichever of file, `.env` and environment, and whichever outranks the other."""
    for where, text in ((FILE, file), (Path(".env"), dotenv)):
        if text:
            where.write_text(text)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    oracle = gathered(Settings, FILE)
    assert whereabouts() == oracle.whereabouts
    assert read_settings().model_dump() == oracle.model_dump()


def test_it_knows_what_the_settings_know() -> None:
    """By the same names, with the same defaults."""
    assert set(VARIABLES.values()) <= set(Settings.model_fields)
    assert Settings().whereabouts == Whereabouts()


@pytest.mark.parametrize("text", ["data_dir = 3", "databse = 'x'", "[database]\nurl = 'x'", "[caps", "\udcff"])
def test_what_is_wrong_there_is_told(folder: Path, text: str) -> None:
    """Nobody is led to another ledger by a slip of the pen."""
    FILE.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match=r"sluice\.toml"):
        whereabouts()


def test_what_is_wrong_elsewhere_is_told_by_whoever_reads_it(folder: Path) -> None:
    """A plan is driven by hand though an agent's table is not right; what needs that table says so."""
    FILE.write_text("data_dir = 'd'\n[peers.ada]\ncapactiy = 2\n")
    assert whereabouts().data_dir == Path("d")
    with pytest.raises(SettingsError, match="did you mean capacity"):
        read_settings()


def test_a_file_that_is_named_is_there(folder: Path) -> None:
    """Naming one that does not exist is a mistake, not a default."""
    with pytest.raises(SettingsError, match="does not exist"):
        whereabouts(folder / "other.toml")
