"""The other end of bridge.py: a socket that a sandbox without a network is given, and the one address behind it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.agents.errors import LaunchFailed
from bot.core.run import Peer

Address = tuple[str, int]
AT_ONCE = 65_536  # bytes
NEARBY = ("127.0.0.1", "localhost")


def reach_of(peer: Peer, url: str, sandboxed: bool) -> Address | None:
    """What a peer may reach if it may not reach everything; None: everything. The URL is good inside as well."""
    if peer.network == "open":
        return None
    if not sandboxed:
        raise LaunchFailed(
            f'agent {peer.name}: network = "model-only" needs bubblewrap, which does not work here: install it '
            '(apt install bubblewrap), or set network = "open"'
        )
    if not url:
        raise LaunchFailed(
            f'agent {peer.name}: network = "model-only" needs api_key: a login of its own program would have to be '
            'renewed over the network. Add the key, or set network = "open"'
        )
    parts = urlsplit(url)
    if parts.hostname not in NEARBY or not parts.port:
        raise LaunchFailed(
            f'agent {peer.name}: network = "model-only" reaches a model on this machine only, not {parts.hostname}: '
            'let Sluice\'s own gateway stand between, or set network = "open"'
        )
    return "127.0.0.1", parts.port


@asynccontextmanager
async def opened(door: Path, to: Address) -> AsyncIterator[None]:
    """While it is open, who comes to the socket `door` is at `to`."""
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # asyncio runs each caller in one
        carrying.add(task)
        task.add_done_callback(carrying.discard)
        await _joined(reader, writer, to)

    server = await asyncio.start_unix_server(carry, sock=_bound(door))
    try:
        yield
    finally:
        server.close()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        door.unlink(missing_ok=True)


def _bound(door: Path) -> socket.socket:
    """Bound through its folder: the name of a socket must be short, and paths are not."""
    door.unlink(missing_ok=True)
    folder = os.open(door.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        made = socket.socket(socket.AF_UNIX)
        made.bind(f"/proc/self/fd/{folder}/{door.name}")
    finally:
        os.close(folder)
    return made


async def _joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: Address) -> None:
    try:
        far, farther = await asyncio.open_connection(*to)
    except OSError:  # the caller sees that nobody is there
        writer.close()
        return
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_carry(reader, farther))
            both.create_task(_carry(far, writer))
    except* OSError:
        pass  # one of them hung up, and so does the other
    finally:
        farther.close()
        writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side says no more; the other direction may go on."""
    while piece := await reader.read(AT_ONCE):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
