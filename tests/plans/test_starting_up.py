"""How a command starts: it loads what it works with, and nothing else. A list is held here, for a time depends on who
else is at work.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.plans.shop import PLAN, Shop

HEAVY = (
    "alembic",
    "bot.agents",
    "bot.engine",
    "bot.github",
    "bot.settings",
    "bot.wiring",
    "dbos",
    "fastapi",
    "genai_prices",
    "gql",
    "httpx",
    "prometheus_client",
    "psycopg",
    "pydantic_settings",
    "rich",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "structlog",
    "yaml",
)
AT_WORK = """
import io, json, sys
from contextlib import redirect_stdout
from bot.cli import app
codes = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["sluice", *words]
    try:
        with redirect_stdout(io.StringIO()):
            app()
    except SystemExit as ended:
        codes.append(ended.code)
print(json.dumps([codes, sorted(sys.modules)]))
"""
BY_HAND = (
    "start --terse",
    "next",
    "next --terse",
    "dispatched --step 1.1",
    "record --step 1.1 --status failed",
    "retry-step --step 1.1",
    "resume",
    "status",
)


def test_driving_by_hand_loads_nothing_of_agents_github_and_settings(shop: Shop) -> None:
    """A whole task's verbs, in one process, with a settings file that has tables for others."""
    (shop.top / "sluice.toml").write_text('[peers.ada]\nruntime = "claude"\n')
    shop.save(PLAN)
    codes, loaded = at_work(shop, [["execute", *line.split()] for line in BY_HAND])
    assert (codes, heavy(loaded)) == ([0] * len(BY_HAND), [])


def test_help_loads_no_ledger(shop: Shop) -> None:
    """Of all commands, and of one's own options; Rich draws it."""
    codes, loaded = at_work(shop, [["--help"], ["execute", "next", "--help"]])
    assert (codes, heavy(loaded, "sqlalchemy")) == ([0, 0], ["rich"])


def at_work(shop: Shop, commands: list[list[str]]) -> tuple[list[int], list[str]]:
    told = subprocess.run(
        [sys.executable, "-c", AT_WORK, json.dumps(commands)], cwd=shop.top, capture_output=True, text=True, check=True
    )
    codes, loaded = json.loads(told.stdout)
    return codes, loaded


def heavy(loaded: list[str], *more: str) -> list[str]:
    return [name for name in (*HEAVY, *more) if name in loaded]
