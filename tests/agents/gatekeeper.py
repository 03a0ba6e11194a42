"""`python -m tests.agents.gatekeeper URL KEY`: a gateway in a process of its own, with one door to the model at URL.

It may so be started in the network in which the endpoint is alone. It says where the door is when it is open, and what
went through it when its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from bot.core.run import Peer
from bot.core.tokens import Tokens
from bot.gateway import Gateway, Meter, Upstream
from tests.models.serving import TOP, Models

RUN = "run"


@dataclass
class Door:
    """As the test sees it."""

    url: str
    key: str
    billed: tuple[Tokens, ...] = field(default=())  # once it is shut
    calls: int = 0


@contextmanager
def door(models: Models, url: str, key: str) -> Iterator[Door]:
    command = [*models.inside, sys.executable, "-m", "tests.agents.gatekeeper", url, key]
    with subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        opened = Door(**json.loads(process.stdout.readline()))
        try:
            yield opened
        finally:
            process.stdin.close()
            told = json.loads(process.stdout.readline())
        opened.calls, opened.billed = told["calls"], tuple(Tokens(**each) for each in told["billed"])


async def keep(url: str, key: str) -> None:
    gateway = Gateway({"robin": Upstream(url, key)}, Meter(), lambda: datetime.now(UTC))
    way = await gateway.open(RUN, Peer("robin", "claude"), lambda: None)
    assert way
    print(json.dumps({"url": way.url, "key": way.key}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    account = await gateway.close(RUN)
    assert account
    print(json.dumps({"calls": account.calls, "billed": [asdict(each) for each in account.billed]}), flush=True)
    await gateway.stop()


if __name__ == "__main__":
    asyncio.run(keep(*sys.argv[1:]))
