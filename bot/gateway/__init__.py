"""The model gateway: agents reach their model through it, with a key for one run; the real key stays here."""

from bot.gateway.asked import PROVIDERS
from bot.gateway.gateway import Gateway
from bot.gateway.meter import Figures, Meter, Upstream

__all__ = ["PROVIDERS", "Figures", "Gateway", "Meter", "Upstream"]
