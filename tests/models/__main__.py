"""`python -m tests.models [--uds PATH]`: serves on a free port of loopback, and says where when ready.

The socket in the file system is for those who write scenarios from another network namespace.
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys

import uvicorn

from tests.models.endpoint import create_app


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        print(f"models listening on http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--uds", help="a Unix socket to listen at, too")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again once it has shut down
    sockets = [bound(socket.AF_INET, ("127.0.0.1", 0))]
    if given.uds:
        sockets.append(bound(socket.AF_UNIX, given.uds))
    config = uvicorn.Config(
        create_app(), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    Server(config).run(sockets=sockets)


def bound(family: socket.AddressFamily, address: object) -> socket.socket:
    listening = socket.socket(family)
    listening.bind(address)  # type: ignore[arg-type]
    if family == socket.AF_INET:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each event waits for the last one's ACK
    return listening


if __name__ == "__main__":
    main()
