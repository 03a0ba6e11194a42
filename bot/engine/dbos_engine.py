"""The engine port on DBOS: queues, limits, deduplication, recovery and fencing are its work, on SQLite and PostgreSQL.

The only module that knows DBOS. Its workflows have one step, so upgrades stay trivial; the version is pinned for the
same reason. DBOS is one per process, and so is a started engine. It lives in threads of its own, because it would
otherwise make its thread pool the event loop's and leave the loop without one when it stops; `carry` is the bridge.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, TypeVar, cast

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, SetEnqueueOptions, SetWorkflowID, WorkflowStatus
from sqlalchemy import make_url

from bot.engine.port import Handler, Status
from bot.engine.sqlite import lock_beside, open_file
from bot.errors import LedgerBusy, SettingsError

log = structlog.get_logger(__name__)
NAME = "sluice"
VERSION = "1"  # of the workflow below; changes only with its steps
RECOVERIES = 1000  # our own table counts attempts
LOWEST = 2**31 - 1  # DBOS's range of priorities is 1 to this
WAITING = ["ENQUEUED", "DELAYED"]
OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
T = TypeVar("T")
GRACE = 12.0  # seconds handlers have at a stop to save what there is


@DBOS.step(name="carry", preemptible=True)
async def carry(key: str) -> None:
    """Have the handler called in the event loop of the engine's owner; cancelled, wait until it has cleaned up."""
    engine = _started()
    if engine.stopping or engine.loop.is_closed():
        raise asyncio.CancelledError  # the process is ending: the next one goes on with it
    done = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(engine.handle(key), engine.loop))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        engine.loop.call_soon_threadsafe(engine.interrupt, key)
        await asyncio.wait({done})
        raise


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
        self.executor = "local" if self.sqlite else executor  # recovery at start looks for this name
        self._url, self._queues, self._poll = url, dict(queues), poll_seconds
        self.stopping = False  # what ends now goes on at the next start
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._lock: IO[str] | None = None

    async def start(self) -> None:
        """Take the lock, start DBOS, and go on with what an earlier process left."""
        global _engine
        if _engine is not None:
            raise LedgerBusy("an engine runs in this process already")
        if self.sqlite:
            self._lock = lock_beside(make_url(self._url).database or "")
        self.stopping = False
        self.loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="engine")
        self._database = open_file(self._url) if self.sqlite else None
        _engine = self
        try:
            await self._in_thread(self._launch)
        except BaseException:
            self._let_go()
            raise

    async def wind_down(self, patience: float) -> None:
        """Take nothing new, and let what is nearly done end by itself."""
        self.stopping = True
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=patience)

    async def stop(self) -> None:
        """What runs is interrupted, cleans up, and goes on here or elsewhere at the next start."""
        if _engine is not self:
            return
        self.stopping = True
        under_way = list(self._tasks.values())
        for key in list(self._tasks):
            self.interrupt(key)
        if under_way:
            await asyncio.wait(under_way, timeout=GRACE)
        await self._in_thread(self._land)
        self._let_go()

    def _let_go(self) -> None:
        """Another may start in this process, and on this file."""
        global _engine
        _engine = None
        self._threads.shutdown(wait=False)
        if self._lock:
            self._lock.close()

    @property
    def busy(self) -> bool:
        """Something is carried out here; a cancelled handler counts until it has tidied up."""
        return bool(self._tasks)

    async def submit(self, key: str, queue: str, priority: int = 1) -> None:
        """Once for each key, however often it is submitted."""
        if queue not in self._queues:
            await self.set_limit(queue, 1)

        def enqueue() -> None:
            with SetWorkflowID(key), SetEnqueueOptions(priority=max(1, min(priority, LOWEST))):
                DBOS.enqueue_workflow(queue, work, key)

        await self._in_thread(enqueue)

    async def status(self, key: str) -> Status | None:
        """A cancelled handler that still cleans up is running: nothing may be done in its place yet."""
        found = await self._in_thread(lambda: DBOS.get_workflow_status(key))
        if found is None:
            return None
        if found.status in WAITING:
            return "waiting"
        return "running" if found.status == "PENDING" or key in self._tasks else "over"

    async def cancel(self, key: str) -> None:
        """The handler gets CancelledError, at once here, in about a second elsewhere; what waits never starts."""
        await self._in_thread(lambda: DBOS.cancel_workflow(key))
        self.interrupt(key)

    async def running(self) -> list[str]:
        """Every key that is not over."""
        return [each.workflow_id for each in await self._in_thread(lambda: _listed(["PENDING", *WAITING]))]

    async def set_limit(self, queue: str, limit: int) -> None:
        """At most that many at once, over all processes; 0 pauses the queue."""
        self._queues[queue] = limit
        await self._in_thread(
            lambda: DBOS.register_queue(
                queue, global_concurrency=limit, polling_interval_sec=self._poll, on_conflict="always_update"
            )
        )

    async def adopt(self, executor: str) -> int:
        """Let everybody have what a dead executor was running. Call it once for each dead executor."""

        def resume() -> int:
            found = _listed(["PENDING"], executor_id=executor)
            for queue, keys in _by_queue(found):
                DBOS.resume_workflows(keys, queue_name=queue)
            return len(found)

        return await self._in_thread(resume)

    async def purge(self, before: datetime) -> int:
        """Forget what ended before that; history is in the ledger."""

        def delete() -> int:
            found = _listed(OVER, completed_before=before.isoformat())
            DBOS.delete_workflows([each.workflow_id for each in found])
            return len(found)

        return await self._in_thread(delete)

    async def handle(self, key: str) -> None:
        """Call the handler. What it raises is a fault: logged, and the ledger will see that no result came."""
        kind, _, rest = key.partition(":")
        task = asyncio.current_task()
        assert task is not None
        self._tasks[key] = task
        try:
            await self.handlers[kind](rest)
        except Exception:
            log.exception("what the engine ran failed", key=key)
        finally:
            del self._tasks[key]

    def interrupt(self, key: str) -> None:
        """Once for each call of a handler: a second cancellation would break off its tidying up."""
        task = self._tasks.get(key)
        if task and not task.cancelling():
            task.cancel()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await self.loop.run_in_executor(self._threads, call)

    def _launch(self) -> None:
        """The queues are there before DBOS is, which would notice later ones only after a second."""
        DBOS.migrate(self._url)
        with self._client() as client:
            for queue, limit in self._queues.items():
                client.register_queue(queue, global_concurrency=limit, polling_interval_sec=self._poll)
        config: dict[str, Any] = {
            "name": NAME,
            "system_database_url": self._url,
            "system_database_engine": self._database,
            "application_version": VERSION,
            "executor_id": self.executor,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": self._poll,  # nobody notifies; a stop waits for it
        }
        DBOS(config=cast(DBOSConfig, config))
        DBOS.launch()

    def _land(self) -> None:
        """End DBOS. What was interrupted is given back: others, or the next start, need not wait until we seem dead.
        It is looked for afterwards: until then DBOS may yet take something from a queue, and never begin it."""
        DBOS.destroy()
        with self._client() as client:
            mine = client.list_workflows(
                status=["PENDING"], executor_id=self.executor, load_input=False, load_output=False
            )
            for queue, keys in _by_queue(mine):
                client.resume_workflows(keys, queue_name=queue)
        if self._database:
            self._database.dispose()

    @contextmanager
    def _client(self) -> Iterator[DBOSClient]:
        """The way to the same tables while DBOS itself is not running."""
        client = DBOSClient(system_database_url=self._url, system_database_engine=self._database, application_name=NAME)
        try:
            yield client
        finally:
            client.destroy()


_engine: DbosEngine | None = None  # DBOS calls functions by name, so the started engine must be found from there


def _started() -> DbosEngine:
    if _engine is None:
        raise asyncio.CancelledError  # stopped in this very moment: the next start goes on with it
    return _engine


def _listed(statuses: list[str], **which: Any) -> list[WorkflowStatus]:
    return DBOS.list_workflows(status=statuses, load_input=False, load_output=False, **which)


def _by_queue(found: Iterable[WorkflowStatus]) -> list[tuple[str, list[str]]]:
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for each in found:
        keys[each.queue_name or ""].append(each.workflow_id)
    return list(keys.items())
