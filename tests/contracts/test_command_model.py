"""A program that is started as a command and has a model of its own: told where that is, and nothing else in reach."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.agents.sandbox import bubblewrap_works
from bot.equipment import agents_of
from bot.errors import SettingsError
from bot.settings import read_settings
from tests.contracts.git_world import GitWorld
from tests.contracts.test_runtimes import assignment

pytestmark = pytest.mark.slow
AGENT = """#!/usr/bin/env python3
import os
from pathlib import Path
from urllib.request import Request, urlopen
asked = Request(os.environ["SLUICE_MODEL_URL"] + "/v1/models", headers={"x-api-key": os.environ["SLUICE_MODEL_KEY"]})
said = urlopen(asked).read().decode()
Path("told").write_text(" ".join((said, os.environ["EXTRA"], str("treasure" in str(dict(os.environ))))))
"""


class Provider(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"for a friend" if "a-treasure" in str(self.headers) else b"for a stranger"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def settings(folder: Path, more: str) -> Path:
    program = folder / "agent.py"
    program.write_text(AGENT)
    program.chmod(0o755)
    file = folder / "sluice.toml"
    words = f'runtime = "command"\ncommand = {json.dumps([str(program)])}\napi_key = "a-treasure"\n'
    file.write_text(f'[peers.robin]\n{words}env = {{EXTRA = "more"}}\n{more}')
    return file


async def test_a_command_reaches_its_model_by_its_door(provider: str, tmp_path: Path) -> None:
    """It is told an address and a key of its own, behind which the real key is; in its environment that is not."""
    if not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    given = read_settings(settings(tmp_path, f'network = "model-only"\napi_url = "{provider}"\n'))
    world, agents = GitWorld(tmp_path), agents_of(given, tmp_path / "data")
    outcome = await agents.run(await assignment(world, given.peer_list()[0]))
    await agents.close()
    assert outcome.ended == "finished", outcome.summary
    assert (world.git.worktrees()[0] / "told").read_text() == "for a friend more False"


def test_where_its_model_is_must_be_said(tmp_path: Path) -> None:
    """A key for a program whose provider nobody knows is refused with what is missing."""
    with pytest.raises(SettingsError, match="api_key needs api_url"):
        read_settings(settings(tmp_path, ""))


def test_commands_that_run_its_code_reach_no_more_than_it_does(tmp_path: Path) -> None:
    """Set-up and gate commands of an agent with its model alone have no network, unless that is said; others have."""
    model = 'api_url = "http://127.0.0.1:9"\n'
    closed, opened = f'{model}network = "model-only"\n', 'commands_network = "open"\n'
    said = [closed, closed + opened, model, f'{model}commands_network = "none"\n']
    offline = [read_settings(settings(tmp_path, more)).peer_list()[0].offline for more in said]
    assert offline == [True, False, False, True]
