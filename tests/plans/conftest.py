"""The small repository is there for every test of this folder."""

from tests.plans.shop import blank, shop

__all__ = ["blank", "shop"]
