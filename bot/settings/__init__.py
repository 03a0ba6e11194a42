"""The process's settings, a module for each table; who asks only where the ledger lies asks `bot.whereabouts`."""

from bot.settings.board import BoardSettings
from bot.settings.peer import PeerSettings
from bot.settings.process import CapSettings
from bot.settings.reading import read_settings
from bot.settings.settings import Settings

__all__ = ["BoardSettings", "CapSettings", "PeerSettings", "Settings", "read_settings"]
