"""Where a command about plans finds its repository, its ledger and the task that is meant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.tasks import place_of, task_meant
from bot.core.plans.plan import Phase, Plan, Step
from bot.errors import UserError

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").touch()
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path


def test_without_settings_the_ledger_is_the_repositorys_own(repository: Path) -> None:
    """From any folder of it."""
    place = place_of()
    assert place.top == repository and place.settings.ledger_url() == f"sqlite:///{repository}/.sluice/ledger.db"


def test_settings_at_the_top_of_the_repository_are_found(repository: Path) -> None:
    """And what they say of folders is meant from there."""
    (repository / "sluice.toml").write_text('data_dir = "state"\n')
    assert place_of().settings.ledger_url() == f"sqlite:///{repository}/state/ledger.db"


def test_git_ignores_the_folder_though_whoever_made_it_was_ended(repository: Path) -> None:
    """What a kill left empty is written again; what a person says there stays."""
    ignored = place_of().made_folder() / ".gitignore"
    ignored.write_text("")
    place_of().made_folder()
    assert ignored.read_text() == "*\n"
    ignored.write_text("plan.json\n")
    place_of().made_folder()
    assert ignored.read_text() == "plan.json\n"


def test_outside_of_a_repository_somebody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"is in no git repository: go into one, or run `git init`"):
        place_of()
    assert list(tmp_path.iterdir()) == []


async def test_the_task_is_the_one_named_then_the_shells_then_the_active_one(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In that order; the folder of all that ignores itself."""
    with pytest.raises(UserError, match="no task"):
        async with place_of().ledger() as ledger:
            await task_meant(place_of(), ledger)
    async with place_of().ledger() as ledger:
        for name in ("a", "b", "c"):
            step = Step("1.1", "builder", "do it")
            await ledger.save_plan(Plan(f"task-{name}-0001", "do it", (Phase(1, "P", (step,)),), T0), str(repository))
        place_of().activate("task-a-0001")
        assert (await task_meant(place_of(), ledger)).plan.task_id == "task-a-0001"
        monkeypatch.setenv("SLUICE_TASK_ID", "task-b-0001")
        assert (await task_meant(place_of(), ledger)).plan.task_id == "task-b-0001"
        assert (await task_meant(place_of(), ledger, "task-c-0001")).plan.task_id == "task-c-0001"
        with pytest.raises(UserError, match="there is no task nothing"):
            await task_meant(place_of(), ledger, "nothing")
    assert (repository / ".sluice/.gitignore").read_text() == "*\n"
