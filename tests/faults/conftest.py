"""Fault stories share the stories' localhub."""

from tests.stories.conftest import hub, make_world, world

__all__ = ["hub", "make_world", "world"]
