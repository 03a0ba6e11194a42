"""The small repository is there for every test of this folder."""

from tests.plans.shop import shop

__all__ = ["shop"]
