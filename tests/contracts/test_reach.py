"""`network = "model-only"`: of all the world a program reaches its model, through a socket, for as long as it runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.agents import Launcher
from bot.agents.errors import LaunchFailed
from bot.agents.launcher import Command
from bot.agents.reach import reach_of
from bot.agents.sandbox import bubblewrap_works
from bot.core.run import Limits, Peer
from bot.errors import SettingsError
from bot.settings import read_settings

pytestmark = pytest.mark.slow
PEER = Peer("robin", "claude", network="model-only")


class Model(BaseHTTPRequestHandler):
    """Streams two events; the second one only when the first has been seen in the worktree."""

    tree: Path
    hung_up: threading.Event

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._event(b"first " + said[-5:])
            while not (self.tree / "seen").exists():
                self._event(b"")
                self.hung_up.wait(0.01)
            self._event(b"second")
        except OSError:
            self.hung_up.set()

    def _event(self, data: bytes) -> None:
        self.wfile.write(b"data: " + data + b"\n\n" if data else b": still here\n\n")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    if not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    made = tmp_path / "a rather long name, because the name of a socket may have a hundred characters only" / "tree"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def model(tree: Path) -> Iterator[ThreadingHTTPServer]:
    Model.tree, Model.hung_up = tree, threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def program(tree: Path, model: ThreadingHTTPServer, body: str) -> Command:
    (tree / "agent.py").write_text(f"import os, socket, sys, time, urllib.request\nPORT = {model.server_port}\n{body}")
    limits = Limits(wall_seconds=30, stall_seconds=30)
    words = ("python3", "agent.py")
    to = ("127.0.0.1", model.server_port)
    return Command(words, tree, "k", tree.parent / "log", limits, writable=(tree,), reach=to, stdin=b"a word")


ASKS = """
request = urllib.request.Request(f"http://127.0.0.1:{PORT}/v1/messages", b"x" * 3_000_000 + b"hello")
with urllib.request.urlopen(request) as answer:
    for line in answer:
        if line.startswith(b"data"):
            print(line.decode().strip())
            open("seen", "w").close()
"""


async def test_its_model_answers_event_by_event(tree: Path, model: ThreadingHTTPServer) -> None:
    """A large request arrives whole, and each event of the answer as it is said; input and exit code are its own."""
    ended = await Launcher(tree.parent / "root").run(
        program(tree, model, f"{ASKS}print(sys.stdin.read()); sys.exit(3)")
    )
    assert ended.tail.split("\n") == ["data: first hello", "data: second", "a word", ""]
    assert (ended.code, ended.ended) == (3, "finished")


TRIES = """
def tried(what, *given):
    try:
        what(*given)
    except OSError as error:
        return type(error).__name__
    return "reached"
def connect(family, *where):
    with socket.socket(family) as made:
        made.settimeout(5)
        made.connect(where)
print(tried(connect, socket.AF_INET, "192.0.2.1", 80), tried(connect, socket.AF_INET6, "2001:db8::1", 80),
      tried(socket.getaddrinfo, "example.com", 80), tried(connect, socket.AF_INET, "127.0.0.1", OTHER),
      tried(connect, socket.AF_INET, "127.0.0.1", PORT))
print([line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]])
"""


async def test_nothing_else_is_in_reach(tree: Path, model: ThreadingHTTPServer) -> None:
    """No address, new or old, no name and no other port of this machine answers; there is one interface, its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as other:
        command = program(tree, model, f"OTHER = {other.server_port}\n{TRIES}")
        ended = await Launcher(tree.parent / "root").run(command)
    assert ended.tail.splitlines() == ["OSError OSError gaierror ConnectionRefusedError reached", "['lo']"]


async def test_the_bridge_ends_with_the_run(tree: Path, model: ThreadingHTTPServer) -> None:
    """When a run is stopped in the middle of an answer the model sees nobody listen any more, and no socket is left."""
    waits = ASKS.replace('open("seen", "w")', 'open("begun", "w")')
    launcher = Launcher(tree.parent / "root")
    running = asyncio.create_task(launcher.run(program(tree, model, waits)))
    while not (tree / "begun").exists():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(Model.hung_up.wait, 10)
    assert list((launcher.root / "runs").iterdir()) == []


@pytest.mark.parametrize(
    "peer, url, sandboxed, words",
    [
        (PEER, "http://127.0.0.1:8321/model", False, "install it"),
        (PEER, "", True, "needs api_key"),
        (PEER, "https://models.example.com", True, "not models.example.com"),
    ],
    ids=["no sandbox", "no key", "a model elsewhere"],
)
def test_it_is_refused_where_it_cannot_hold(peer: Peer, url: str, sandboxed: bool, words: str) -> None:
    """Without a sandbox, a key or a model on this machine such an agent is not started, and what to do is said."""
    with pytest.raises(LaunchFailed, match=words):
        reach_of(peer, url, sandboxed)
    assert reach_of(replace(peer, network="open"), url, sandboxed) is None


def test_settings_want_the_key_at_once(tmp_path: Path) -> None:
    """An agent that may reach its model only, and has no key for it, is refused when the settings are read."""
    file = tmp_path / "sluice.toml"
    file.write_text('[peers.robin]\nruntime = "claude"\nnetwork = "model-only"\n')
    with pytest.raises(SettingsError, match="needs api_key"):
        read_settings(file)
