"""A delivery no ledger could look up must not come back at every start."""

from __future__ import annotations

import json

import pytest

from webhooks.hints import ItemHint
from webhooks.inbox import _sound, read_payload


@pytest.mark.parametrize("numbers", [(10**30,), (0,), ({"a": 1},), (True,)])
def test_numbers_no_ledger_could_hold_are_refused(numbers: tuple[object, ...]) -> None:
    """A number out of range, or none at all, is not looked up."""
    with pytest.raises((ValueError, TypeError)):
        _sound([ItemHint("issues.edited", "a/b", numbers)])  # type: ignore[arg-type]


def test_half_a_surrogate_pair_is_no_payload() -> None:
    """What cannot be stored as text is refused at the door."""
    with pytest.raises(ValueError):
        read_payload(json.dumps({"action": "\ud800"}).encode(), "application/json")
