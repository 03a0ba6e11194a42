"""The model endpoint, one for a worker, and a desk for each test at which a real program works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.agents.desk import Desk, desk_in
from tests.models.serving import Models, serving
from tests.stories.conftest import make_world as make_world


@pytest.fixture(scope="session")
def models() -> Iterator[Models]:
    with TemporaryDirectory(prefix="models-") as folder, serving(Path(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def nearby() -> Iterator[Models]:
    """An endpoint that Sluice itself reaches; the programs are shut in by their sandbox."""
    with TemporaryDirectory(prefix="models-") as folder, serving(Path(folder), apart=False) as running:
        yield running


@pytest.fixture
def desk(models: Models, tmp_path: Path) -> Iterator[Desk]:
    """Whatever was tried in the test, nothing was to leave the machine."""
    before = models.strays()
    yield desk_in(tmp_path, models)
    assert models.strays() == before, "packets were meant for elsewhere"
