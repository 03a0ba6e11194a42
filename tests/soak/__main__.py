"""`make soak SEEDS=1000 FROM=1 MINUTES=60`: plays the seeds one after the other, and says which are wrong."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from statistics import median

from tests.soak.runner import Told, soak

ROOT = Path("build/soak")
JOBS = 4  # much of a world is waiting for processes


def main() -> int:
    asked = ArgumentParser(prog="make soak")
    asked.add_argument("--seeds", type=int, default=1000)
    asked.add_argument("--from", type=int, default=1, dest="first")
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--jobs", type=int, default=JOBS)
    order = asked.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found: list[Told] = []
    began = time.monotonic()
    shutil.rmtree(ROOT, ignore_errors=True)

    def tell(told: Told) -> None:
        found.append(told)
        print(told.line(), flush=True)
        for each in told.wrong:
            print(f"  {each.strip()}\n  again: {told.again}    its files: {ROOT / str(told.schedule.seed)}", flush=True)

    seeds = range(order.first, order.first + order.seeds)
    with suppress(KeyboardInterrupt):
        soak(seeds, ROOT, min(order.jobs, order.seeds), tell, began + order.minutes * 60)
    print(_summary(found, len(seeds), time.monotonic() - began))
    return 1 if any(told.wrong for told in found) else 0


def _summary(found: list[Told], wanted: int, seconds: float) -> str:
    wrong = sorted(told.schedule.seed for told in found if told.wrong)
    struck, killed = sum(told.struck for told in found), sum(told.killed for told in found)
    typical = median(told.seconds for told in found) if found else 0
    runs = sum(told.runs for told in found)
    said = f"{len(found)} of {wanted} schedules in {seconds / 60:.1f} minutes (each {typical:.1f} s in the middle): "
    said += f"{struck} faults struck, {killed} kills, {runs} agent runs; "
    return said + (f"wrong: {', '.join(map(str, wrong))}" if wrong else "nothing wrong")


if __name__ == "__main__":
    sys.exit(main())
