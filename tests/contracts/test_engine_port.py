"""What Sluice asks of its engine, on both databases. Another engine must pass the same."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.engine import DbosEngine
from bot.errors import LedgerBusy, SettingsError
from tests.contracts.engine_world import Workshop, engine_on, now, over, until


@pytest.fixture
async def engine(database: str, workshop: Workshop) -> AsyncIterator[DbosEngine]:
    started = engine_on(database, workshop)
    await started.start()
    yield started
    await started.stop()


async def test_key_submitted_twice_runs_once(engine: DbosEngine, workshop: Workshop) -> None:
    """However often and whenever it is submitted, even when it is long over."""
    await asyncio.gather(*(engine.submit("run:a.0", "ada") for _ in range(5)))
    await until(lambda: workshop.begun == ["a.0"])
    assert await engine.status("run:a.0") == "running"
    workshop.release("a.0")
    await over(engine, "run:a.0")
    await engine.submit("run:a.0", "ada")
    await engine.submit("gate:b", "gates")
    await until(lambda: "b" in workshop.begun)
    assert workshop.begun == ["a.0", "b"]
    assert await engine.status("run:nobody") is None


async def test_queue_keeps_its_limit_and_order(database: str, workshop: Workshop) -> None:
    """Two at once, lower priority numbers first."""
    engine = engine_on(database, workshop, limit=0)  # a limit that is changed counts from the next look but one
    await engine.start()
    for priority, key in ((3, "c"), (1, "a"), (2, "b"), (4, "d")):
        await engine.submit(f"run:{key}", "ada", priority)
    assert await engine.status("run:a") == "waiting"
    assert sorted(await engine.running()) == ["run:a", "run:b", "run:c", "run:d"]
    await engine.set_limit("ada", 2)
    await until(lambda: len(workshop.begun) == 2)
    assert sorted(workshop.begun) == ["a", "b"]
    workshop.release("a")
    await until(lambda: len(workshop.begun) == 3)
    assert (workshop.begun[2], await engine.status("run:d")) == ("c", "waiting")
    await engine.stop()


async def test_unknown_queue_is_made(engine: DbosEngine, workshop: Workshop) -> None:
    """An agent set up while Sluice runs gets its queue with the first run."""
    await engine.submit("run:a", "bob")
    await until(lambda: workshop.begun == ["a"])


async def test_cancelled_handler_cleans_up(engine: DbosEngine, workshop: Workshop) -> None:
    """It hears of it within a second, and is not over before it has cleaned up; what waits never starts."""
    for key in ("a", "b", "c"):
        await engine.submit(f"run:{key}", "ada")
    await until(lambda: len(workshop.begun) == 2)
    first, second = workshop.begun
    waiting = ({"a", "b", "c"} - {first, second}).pop()
    await engine.cancel(f"run:{waiting}")
    await engine.cancel(f"run:{first}")
    await until(lambda: workshop.interrupted == [first], seconds=1)
    await over(engine, f"run:{first}")
    await engine.cancel("run:nobody")
    workshop.release(second)
    await over(engine, f"run:{second}")
    assert await engine.status(f"run:{waiting}") == "over"
    assert sorted(workshop.begun) == sorted([first, second])


async def test_tidying_up_is_not_broken_off(engine: DbosEngine, workshop: Workshop) -> None:
    """Cancelled again while it saves its work, a handler still counts as running and still ends by itself."""
    workshop.tidied.clear()
    await engine.submit("run:a", "ada")
    await until(lambda: workshop.begun == ["a"])
    for _ in range(3):
        await engine.cancel("run:a")
    assert engine.busy and await engine.status("run:a") == "running"
    workshop.tidied.set()
    await over(engine, "run:a")
    assert workshop.interrupted == ["a"]


async def test_broken_handler_is_over(engine: DbosEngine) -> None:
    """A fault ends the work without a result; the engine goes on."""
    await engine.submit("broken:a", "ada")
    await over(engine, "broken:a")


async def test_purge_forgets_what_is_over(engine: DbosEngine, workshop: Workshop) -> None:
    await engine.submit("run:a", "ada")
    await engine.submit("run:b", "ada")
    await until(lambda: len(workshop.begun) == 2)
    workshop.release("a")
    await over(engine, "run:a")
    assert await engine.purge(now() - timedelta(hours=1)) == 0
    assert await engine.purge(now() + timedelta(hours=1)) == 1
    assert (await engine.status("run:a"), await engine.status("run:b")) == (None, "running")


async def test_stopped_work_goes_on_at_the_next_start(database: str, workshop: Workshop) -> None:
    """A stop interrupts what runs and lets it clean up; the next start calls the handler again. Threads still work."""
    first = engine_on(database, workshop)
    await first.start()
    await first.submit("run:a", "ada")
    await until(lambda: workshop.begun == ["a"])
    await first.stop()
    assert workshop.interrupted == ["a"]
    assert await asyncio.to_thread(lambda: "threads work") == "threads work"

    second = engine_on(database, workshop, executor="machine-2")
    await second.start()
    await until(lambda: workshop.begun == ["a", "a"])
    workshop.release("a")
    await over(second, "run:a")
    await second.stop()
    assert workshop.done == ["a"]


async def test_winding_down_takes_nothing_new(database: str, workshop: Workshop) -> None:
    """What runs may end by itself for a while; what is submitted then waits for the next start."""
    first = engine_on(database, workshop)
    await first.start()
    await first.submit("run:a", "ada")
    await until(lambda: workshop.begun == ["a"])
    ending = asyncio.create_task(first.wind_down(patience=30))
    await until(lambda: first.stopping)
    await first.submit("run:b", "ada")
    workshop.release("a")
    await ending
    await over(first, "run:a")
    assert workshop.begun == ["a"] and workshop.interrupted == []
    await first.stop()

    second = engine_on(database, workshop, executor="machine-2")
    await second.start()
    await until(lambda: workshop.begun == ["a", "b"])
    workshop.release("b")
    await over(second, "run:b")
    await second.stop()


KILLED = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[3])
from bot.engine import DbosEngine

async def die(key):
    print("begun", key, flush=True)
    os.kill(os.getpid(), 9)

async def main():
    engine = DbosEngine(sys.argv[1], sys.argv[2], {"ada": 1}, 0.05)
    engine.handlers["run"] = die
    await engine.start()
    await engine.submit("run:a", "ada")
    await asyncio.sleep(300)

asyncio.run(main())
"""


async def test_killed_process_leaves_nothing_undone(
    database: str, workshop: Workshop, pytestconfig: pytest.Config
) -> None:
    """After SIGKILL in mid-run the next start on SQLite, or whoever adopts on PostgreSQL, runs it again."""
    url = database.replace("ledger.db", "engine.db")
    command = [sys.executable, "-c", KILLED, url, "machine-1", str(pytestconfig.rootpath)]
    died = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, check=False)
    assert died.stdout == "begun a\n", died.stderr

    survivor = engine_on(database, workshop, executor="machine-2")
    await survivor.start()
    if not survivor.sqlite:
        assert await survivor.status("run:a") == "running"
        assert await survivor.adopt("machine-1") == 1
        assert await survivor.adopt("machine-1") == 0
    await until(lambda: workshop.begun == ["a"])
    workshop.release("a")
    await over(survivor, "run:a")
    await survivor.stop()


async def test_one_engine_on_one_file(tmp_path: object, workshop: Workshop) -> None:
    """A second process is told which one is in its way; when that one dies, the file is free."""
    url = f"sqlite:///{tmp_path}/engine.db"
    code = "import sys; sys.path.insert(0, sys.argv[2])\nfrom bot.engine.sqlite import lock_beside\n"
    code += "held = lock_beside(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    root = __file__.rsplit("/tests/", 1)[0]
    other = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", code, f"{tmp_path}/engine.db", root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout and other.stdin and other.stdout.readline() == "held\n"
    engine = engine_on(url, workshop)
    with pytest.raises(LedgerBusy, match=f"process {other.pid}"):
        await engine.start()
    other.kill()
    other.communicate()
    await engine.start()
    await engine.stop()


def test_default_name_is_refused_where_several_share() -> None:
    """Two machines of one name would take each other's runs for their own leftovers."""
    with pytest.raises(SettingsError, match="name of its own"):
        DbosEngine("postgresql://db/sluice", "local", {})
