"""A board's status update: what GitHub's word for its standing is, and who is told of."""

from __future__ import annotations

import pytest

from bot.core.report import Line, report


def lines(*stages: str) -> list[Line]:
    return [Line(f"acme/shop#{n}", stage, "for a reason") for n, stage in enumerate(stages)]


@pytest.mark.parametrize(
    ("stages", "paused", "standing"),
    [
        (("Working", "Done"), None, "ON_TRACK"),
        (("Working", "Parked"), None, "AT_RISK"),
        (("Parked",), "mona", "INACTIVE"),
        (("Done", "Merged", "Outside"), None, "COMPLETE"),
        (("Ready",), None, "ON_TRACK"),
    ],
)
def test_standing(stages: tuple[str, ...], paused: str | None, standing: str) -> None:
    """At risk as soon as anything needs a person; complete when nothing is left."""
    found = report(lines(*stages), paused)
    assert found and found.standing == standing


def test_what_is_not_ours_is_not_told_of() -> None:
    """People's own cards, and what could not be read, make no news."""
    assert report(lines("Outside", "Unknown"), None) is None
    assert report([], None) is None
