"""The `localhub` command."""

from __future__ import annotations

import gc
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from localhub.graphql.schema import schema
from localhub.hub import Hub
from localhub.server import create_app

app = typer.Typer(help="A GitHub on this machine.", no_args_is_help=True)


@app.callback()
def localhub() -> None:
    """A GitHub on this machine."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 0,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    uds: Annotated[Path | None, typer.Option(help="A Unix socket to listen at, too, as gh's http_unix_socket.")] = None,
    root: Annotated[Path | None, typer.Option(help="Where git repositories live; else a temporary folder.")] = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, and say where when ready."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again once it has shut down
    gc.disable()  # nothing of what is built now is garbage, and the search for some is a fifth of the start
    with tempfile.TemporaryDirectory(prefix="localhub-") as folder, _bound(host, port) as listening:
        hub = Hub(root or Path(folder), f"http://{host}:{listening.getsockname()[1]}")
        config = uvicorn.Config(
            create_app(hub), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        schema()
        gc.freeze()  # the schema stays: searched for garbage again and again, it costs more than what is asked
        gc.enable()
        _Server(config, hub).run(sockets=[listening, *([_bound_at(uds)] if uds else [])])


class _Server(uvicorn.Server):
    """Says one line when it listens."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self.hub = hub

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"localhub listening on {self.hub.base_url}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in list(self.hub.pending):
            task.cancel()
        await super().shutdown(sockets)


def _bound(host: str, port: int) -> socket.socket:
    family: Any = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def _bound_at(path: Path) -> socket.socket:
    """A socket in the file system; one that a dead server left there is in the way."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    return listening
