"""Drives a task of the command line to its end, headless: the same plan, agents and worktrees as an item's, without a
board."""

from bot.headless.counting import Counting
from bot.headless.driver import Driver, Stop
from bot.headless.workbench import Workbench

__all__ = ["Counting", "Driver", "Stop", "Workbench"]
