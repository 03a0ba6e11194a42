"""`python -m tests.agents.gatekeeper URL KEY TOKENS`: a gateway in a process of its own, with one door to a model.

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

from bot.core.run import Limits, Peer
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
    refused: int = 0  # of a run that has used what it may


@contextmanager
def door(models: Models, url: str, key: str, tokens: int = 1_000_000) -> Iterator[Door]:
    command = [*models.inside, sys.executable, "-m", "tests.agents.gatekeeper", url, key, str(tokens)]
    with subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        opened = Door(**json.loads(process.stdout.readline()))
        try:
            yield opened
        finally:
            process.stdin.close()
            told = json.loads(process.stdout.readline())
        opened.calls, opened.refused = told["calls"], told["refused"]
        opened.billed = tuple(Tokens(**each) for each in told["billed"])


async def keep(url: str, key: str, tokens: str) -> None:
    gateway = Gateway({"robin": Upstream(url, key)}, Meter(), lambda: datetime.now(UTC))
    peer = Peer("robin", "claude", limits=Limits(tokens=int(tokens)))
    way = await gateway.open(RUN, peer, lambda _: None, lambda: None)
    assert way
    print(json.dumps({"url": way.url, "key": way.key}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    account = await gateway.close(RUN)
    assert account
    told = {"calls": account.calls, "refused": gateway.meter.figures.calls["robin", "overspent"]}
    print(json.dumps(told | {"billed": [asdict(each) for each in account.billed]}), flush=True)
    await gateway.stop()


if __name__ == "__main__":
    asyncio.run(keep(*sys.argv[1:]))
