"""What a process that serves loads and reads when it first needs it: here, so that those forked from one that imported
this have it already, each start being a fork.
"""

import gc
from importlib import import_module

from bot.cli import command_line
from bot.github.documents import operation

for name in (
    "anyio._backends._asyncio",
    "bot.agents",
    "bot.engine",
    "bot.runs",
    "bot.service",
    "bot.wiring",
    "dbos._sys_db_sqlite",
    "httpcore",
    "pydantic.v1",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "webhooks.app",
    "webhooks.face",
):
    import_module(name)
operation("See")
command_line()
gc.freeze()  # no fork looks through it for garbage, or copies it for having looked
