"""Fault stories have the stories' world."""

from tests.stories.conftest import make_world, world

__all__ = ["make_world", "world"]
