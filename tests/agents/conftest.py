"""The model endpoint, one for a worker, and a desk for each test at which a real program works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.agents.headless import Desk, desk_in
from tests.models.serving import Models, serving


@pytest.fixture(scope="session")
def models() -> Iterator[Models]:
    with TemporaryDirectory(prefix="models-") as folder, serving(Path(folder)) as running:
        yield running


@pytest.fixture
def desk(models: Models, tmp_path: Path) -> Iterator[Desk]:
    """Whatever was tried in the test, nothing was to leave the machine."""
    before = models.strays()
    yield desk_in(tmp_path, models)
    assert models.strays() == before, "packets were meant for elsewhere"
