"""Drives a task of the command line to its end, headless: the same plan, agents and worktrees as an item's, without a
board."""
