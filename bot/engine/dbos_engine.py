"""The engine port on DBOS: queues, limits, deduplication, recovery and fencing are its work, on SQLite and PostgreSQL.

The only module that knows DBOS. Its workflows have one step, so upgrades stay trivial; the version is pinned for the
same reason. DBOS is one per process, and so is a started engine.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import Engine, create_engine, event, make_url

from bot.engine.port import Handler, Status
from bot.errors import LedgerBusy, SettingsError

VERSION = "1"  # of the workflow below; changes only with its steps
RECOVERIES = 1000  # our own table counts attempts
LOWEST = 2**31 - 1  # DBOS's range of priorities is 1 to this
WAITING = ("ENQUEUED", "DELAYED")


@DBOS.step(name="carry", preemptible=True)
async def carry(key: str) -> None:
    kind, _, rest = key.partition(":")
    await _started().handlers[kind](rest)


@DBOS.workflow(name="work", max_recovery_attempts=RECOVERIES)
async def work(key: str) -> None:
    await carry(key)


class DbosEngine:
    """Implements `bot.engine.port.EnginePort`."""

    def __init__(self, url: str, executor: str, queues: Mapping[str, int], poll_seconds: float = 0.5) -> None:
        """`url`: sqlite:///path or postgresql://...; `executor`: unique; on SQLite always "local"."""
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        if not self.sqlite and executor == "local":
            raise SettingsError("several processes may share a PostgreSQL engine: each needs a name of its own")
        self.handlers: dict[str, Handler] = {}
        self.executor = executor
        self._url, self._queues, self._poll = url, dict(queues), poll_seconds
        self._lock: IO[str] | None = None
        self._database: Engine | None = None

    async def start(self) -> None:
        """Take the lock, start DBOS, and go on with what an earlier process left."""
        global _engine
        if self.sqlite:
            self._lock = _only_one(Path(make_url(self._url).database or ""))
        _engine = self
        DBOS(config=self._config())
        DBOS.launch()
        for queue, limit in self._queues.items():
            await self._register(queue, limit)

    async def stop(self) -> None:
        """What runs is interrupted and goes on at the next start."""
        global _engine
        await asyncio.to_thread(DBOS.destroy)
        _engine = None
        if self._database:
            self._database.dispose()
        if self._lock:
            self._lock.close()
            self._lock = None

    async def submit(self, key: str, queue: str, priority: int = 1) -> None:
        """Once for each key, however often it is submitted."""
        if queue not in self._queues:
            await self._register(queue, 1)
            self._queues[queue] = 1
        with SetWorkflowID(key), SetEnqueueOptions(priority=max(1, min(priority, LOWEST))):
            await DBOS.enqueue_workflow_async(queue, work, key)

    async def status(self, key: str) -> Status | None:
        found = await DBOS.get_workflow_status_async(key)
        if found is None:
            return None
        if found.status in WAITING:
            return "waiting"
        return "running" if found.status == "PENDING" else "over"

    async def cancel(self, key: str) -> None:
        """The handler gets CancelledError within about a second; what waits never starts."""
        await DBOS.cancel_workflow_async(key)

    async def running(self) -> list[str]:
        found = await DBOS.list_workflows_async(status=["PENDING", *WAITING], load_input=False, load_output=False)
        return [each.workflow_id for each in found]

    async def set_limit(self, queue: str, limit: int) -> None:
        """0 pauses the queue."""
        found = await DBOS.retrieve_queue_async(queue)
        if found is not None:
            await found.set_global_concurrency_async(limit)
        self._queues[queue] = limit

    async def adopt(self, executor: str) -> int:
        """Let everybody have what a dead executor was running. Call it once for each dead executor."""
        found = await DBOS.list_workflows_async(status="PENDING", executor_id=executor, load_input=False)
        for each in found:
            await DBOS.resume_workflows_async([each.workflow_id], queue_name=each.queue_name)
        return len(found)

    async def purge(self, before: datetime) -> int:
        """Forget what ended before that; history is in the ledger."""
        over = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            end_time=before.isoformat(),
            load_input=False,
            load_output=False,
        )
        await DBOS.delete_workflows_async([each.workflow_id for each in over])
        return len(over)

    async def _register(self, queue: str, limit: int) -> None:
        await DBOS.register_queue_async(
            queue, global_concurrency=limit, polling_interval_sec=self._poll, on_conflict="always_update"
        )

    def _config(self) -> DBOSConfig:
        config: dict[str, Any] = {
            "name": "sluice",
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": self.executor,
            "log_level": "WARNING",
        }
        if self.sqlite:
            self._database = config["system_database_engine"] = _sqlite(self._url)
        return cast(DBOSConfig, config)


_engine: DbosEngine | None = None  # DBOS calls functions by name, so the started engine must be found from there


def _started() -> DbosEngine:
    if _engine is None:
        raise LedgerBusy("the engine has not started")
    return _engine


def _sqlite(url: str) -> Engine:
    """DBOS sets no write-ahead log itself; with it, it is two to three times as fast and readers do not block."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")

    return engine


def _only_one(database: Path) -> IO[str]:
    """A lock file guards the engine on SQLite; it falls with its process, however that ends."""
    database.parent.mkdir(parents=True, exist_ok=True)
    file = database.with_suffix(".lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip() or "unknown"
        file.close()
        raise LedgerBusy(
            f"another Sluice (process {other}) already runs on {database.parent}; stop it, or set another data_dir"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
