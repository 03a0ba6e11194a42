"""Sends webhooks at a steady rate, whatever the receiver does: `python -m benchmarks.load ORDER.json`, a process of
its own. What it found is one JSON object on standard output.

A latency counts from when a webhook was due, not from when it was sent: a receiver that holds the sender up gains
nothing by it. `late` is how far behind the sender itself was, so that its figures can be believed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 10.0  # seconds; GitHub's
IDLE = 2.0  # seconds after which a connection may be about to be closed


@dataclass(frozen=True)
class Order:
    host: str
    port: int
    path: str
    secret: str
    tag: str  # with which delivery ids begin
    rate: float  # a second
    seconds: float
    bodies: list[dict[str, Any]]  # event and payload, taken in turn


@dataclass
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float  # when it was last


@dataclass
class Sender:
    """Connections that are kept and used again, as many as it takes."""

    order: Order
    idle: list[Connection] = field(default_factory=list)  # the one used last at the end
    answers: list[float] = field(default_factory=list)  # seconds
    late: list[float] = field(default_factory=list)
    failures: int = 0

    async def run(self) -> dict[str, Any]:
        made = [_made(self.order, each) for each in self.order.bodies]
        count = round(self.order.rate * self.order.seconds)
        began, worked = time.monotonic() + 0.2, time.process_time()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                due = began + number / self.order.rate
                if (wait := due - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                elif number % 16 == 0:
                    await asyncio.sleep(0)
                head, body = made[number % len(made)]
                group.create_task(self._send(head % number + body, due))
        took, worked = time.monotonic() - began, time.process_time() - worked
        told = {"sent": count, "failed": self.failures, "rate": round(count / took, 1), "busy": round(worked / took, 2)}
        return told | _spread("answered", self.answers) | _spread("late", self.late)

    async def _send(self, request: bytes, due: float) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await self._connection()
                self.late.append(time.monotonic() - due)
                connection.writer.write(request)
                status = await _status(connection.reader)
                connection.used = time.monotonic()
                self.answers.append(connection.used - due)
                self.idle.append(connection)
                self.failures += not 200 <= status < 300
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self.failures += 1

    async def _connection(self) -> Connection:
        """Of those that are idle the one used last; the others grow old, and the receiver closes them."""
        if self.idle and time.monotonic() - self.idle[-1].used < IDLE:
            return self.idle.pop()
        reader, writer = await asyncio.open_connection(self.order.host, self.order.port)
        return Connection(reader, writer, time.monotonic())


def _made(order: Order, each: dict[str, Any]) -> tuple[bytes, bytes]:
    """Head, with a place for the number, and body."""
    body = json.dumps(each["payload"]).encode()
    signature = hmac.new(order.secret.encode(), body, hashlib.sha256).hexdigest()
    lines = [
        f"POST {order.path} HTTP/1.1", f"host: {order.host}", "content-type: application/json",
        f"content-length: {len(body)}", "user-agent: GitHub-Hookshot/bench", "accept: */*",
        f"x-github-event: {each['event']}", f"x-github-delivery: {order.tag}-%d", "x-github-hook-id: 1",
        f"x-hub-signature-256: sha256={signature}", "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode(), body


async def _status(reader: asyncio.StreamReader) -> int:
    """Of one answer, which is read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), None)
    if length is None and b"transfer-encoding: chunked" in lines:
        await reader.readuntil(b"0\r\n\r\n")
    elif length:
        await reader.readexactly(length)
    return int(lines[0].split()[1])


def _spread(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    found = sorted(seconds) or [0.0]
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {f"{name}_{p}": round(found[min(len(found) - 1, int(len(found) * q))] * 1000, 2) for p, q in at.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Sender(Order(**json.loads(Path(sys.argv[1]).read_text()))).run())))
