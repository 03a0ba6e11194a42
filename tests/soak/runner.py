"""Many seeds side by side: each worker has a localhub of its own, and a folder for each world."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock

from tests.forks import FORKS
from tests.soak import life
from tests.soak.schedule import Schedule, schedule_of

LONGEST = 240.0  # seconds one life may take; a world that waits for nothing takes a few
FRESH = 40  # worlds after which a worker takes a new localhub, which keeps everything in memory


@dataclass(frozen=True)
class Told:
    """What came of one seed."""

    schedule: Schedule
    wrong: tuple[str, ...]
    struck: int = 0
    killed: int = 0
    runs: int = 0
    seconds: float = 0.0

    def line(self) -> str:
        end = "ok" if not self.wrong else "WRONG"
        figures = f"{self.struck} faults, killed {self.killed} times, {self.runs} runs, {self.seconds:.1f} s"
        return f"seed {self.schedule.seed}: {end}  {figures}  ({self.schedule.told})"

    @property
    def again(self) -> str:
        return f"make soak SEEDS=1 FROM={self.schedule.seed}"


def soak(seeds: Iterable[int], root: Path, jobs: int, tell: Callable[[Told], None], until: float) -> None:
    """Tells of each seed as it ends; takes no new one once the monotonic clock shows `until`, or when interrupted."""
    todo, taking, interrupted = iter(seeds), Lock(), Event()

    def work(worker: int) -> None:
        while True:
            with localhub(root / f"hub-{worker}") as url:
                for _ in range(FRESH):
                    with taking:
                        over = interrupted.is_set() or time.monotonic() >= until
                        seed = None if over else next(todo, None)
                    if seed is None:
                        return
                    tell(play(seed, url, root / str(seed)))

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for done in [pool.submit(work, worker) for worker in range(jobs)]:
                done.result()
        except KeyboardInterrupt:  # the seeds under way come to their end, so that nothing of them is left
            interrupted.set()
            raise


def play(seed: int, url: str, folder: Path) -> Told:
    """One seed, over all its lives. The folder stays only when something is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    told = replace(_lives(seed, url, folder), seconds=time.monotonic() - began)
    if not told.wrong:
        shutil.rmtree(folder, ignore_errors=True)
    return told


def _lives(seed: int, url: str, folder: Path) -> Told:
    schedule, killed = schedule_of(seed), 0
    verdict = folder / "verdict.json"
    while True:
        process = FORKS.Process(target=life.live, args=(seed, killed, url, folder), daemon=True)
        process.start()
        process.join(LONGEST)
        if process.exitcode is None:
            process.kill()
            process.join()
            return Told(schedule, (f"did not come to an end within {LONGEST:.0f} seconds",), killed=killed)
        if verdict.exists():
            found = json.loads(verdict.read_text())
            return Told(schedule, tuple(found["wrong"]), found["struck"], killed, found["runs"])
        if process.exitcode != -9 or killed >= len(schedule.kills):
            log = (folder / "log").read_text()[-800:].strip()
            return Told(schedule, (f"the process ended with {process.exitcode}: {log}",), killed=killed)
        killed += 1


@contextmanager
def localhub(root: Path) -> Iterator[str]:
    """Its address."""
    command = [str(Path(sys.executable).with_name("localhub")), "serve", "--port", "0", "--root", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(root, ignore_errors=True)
