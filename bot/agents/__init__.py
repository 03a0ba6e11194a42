"""Drives agents: one launcher for everything that runs foreign code, and a driver for each runtime."""

from bot.agents.agents import Agents
from bot.agents.launcher import Launcher
from bot.agents.seat import Model

__all__ = ["Agents", "Launcher", "Model"]
