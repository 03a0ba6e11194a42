"""The endpoint in a process of its own, where the machine lets us in a network that holds nothing but its loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from tests.models.record import RECORD, Record
from tests.models.scenario import SCENARIO, Scenario

TOP = Path(__file__).parents[2]
OWN_NETWORK = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--net", "--user", "--map-root-user")
NOWHERE = "OutNoRoutes"  # the kernel's count of what was to leave and had no way


@dataclass(frozen=True)
class Models:
    """A running endpoint. Programs that are to reach its `url` are started with `inside` before their name."""

    url: str
    admin: httpx.Client
    inside: tuple[str, ...] = ()  # the way into its network; empty where that is this machine's

    def play(self, name: str, scenario: Scenario) -> str:
        """The base URL at which the scenario is played, from its beginning."""
        self.admin.put(f"/_models/{name}", content=SCENARIO.dump_json(scenario)).raise_for_status()
        return f"{self.url}/s/{name}"

    def record(self, name: str) -> Record:
        return RECORD.validate_json(self.admin.get(f"/_models/{name}").raise_for_status().content)

    def strays(self) -> int:
        """How many packets were meant for elsewhere since the network was made. None gets out of it."""
        if not self.inside:
            return 0  # other programs share the network, and whose they were is not known
        told = [self._read(f"/proc/net/{table}") for table in ("snmp", "snmp6")]
        ipv4 = [line.split() for line in told[0].splitlines() if line.startswith("Ip:")]
        ipv6 = dict(line.split() for line in told[1].splitlines())
        return int(ipv4[1][ipv4[0].index(NOWHERE)]) + int(ipv6[f"Ip6{NOWHERE}"])

    def _read(self, file: str) -> str:
        return subprocess.run([*self.inside, "cat", file], capture_output=True, text=True, check=True).stdout


@contextmanager
def serving(folder: Path, *, apart: bool = True) -> Iterator[Models]:
    """`folder` takes the socket; its path must be short. Not `apart`: on this machine's own loopback."""
    alone = apart and own_network_works()
    serve = [sys.executable, "-m", "tests.models", "--uds", str(folder / "models")]
    command = [*OWN_NETWORK, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *serve] if alone else serve
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert "listening on " in ready, f"the model endpoint did not start: {ready!r}"
            transport = httpx.HTTPTransport(uds=str(folder / "models"))
            with httpx.Client(transport=transport, base_url="http://models") as admin:
                yield Models(ready.split()[-1], admin, way_into(process.pid) if alone else ())
        finally:
            process.terminate()


@cache
def own_network_works() -> bool:
    if not all(shutil.which(program) for program in ("unshare", "nsenter", "ip")):
        return False
    probe = [*OWN_NETWORK, "ip", "link", "set", "lo", "up"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def way_into(pid: int) -> tuple[str, ...]:
    user = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
    return ("nsenter", "--target", str(pid), "--net", *user, "--")
