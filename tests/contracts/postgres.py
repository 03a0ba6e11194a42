"""A real PostgreSQL for the contract suites: a cluster of its own in a temporary folder, reached by its socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import psycopg

FAST = "-c fsync=off -c full_page_writes=off -c max_connections=200 -c listen_addresses=''"


def find_binaries() -> Path | None:
    """Where initdb and pg_ctl are; None when there is no PostgreSQL here."""
    places = [shutil.which("initdb"), *sorted(glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)]
    if config := shutil.which("pg_config"):
        bindir = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        places.append(f"{bindir}/initdb")
    return next((Path(place).parent for place in places if place and Path(place).exists()), None)


@contextmanager
def cluster(binaries: Path) -> Iterator[str]:
    """A running server; its URL without a database name, `{}` in that place."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    user = _owner(folder)
    data = folder / "data"
    start = ["-D", str(data), "-l", str(folder / "log"), "-w", "-o", f"-k {folder} {FAST}"]
    _as(user, [str(binaries / "initdb"), "-D", str(data), "-U", "sluice", "-A", "trust", "-E", "UTF8", "-N"])
    _as(user, [str(binaries / "pg_ctl"), *start, "start"])
    try:
        yield f"postgresql://sluice@/{{}}?host={folder}"
    finally:
        _as(user, [str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


def make_database(urls: str, name: str) -> str:
    """A new empty database; its URL."""
    with psycopg.connect(urls.format("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urls.format(name)


def _owner(folder: Path) -> str | None:
    """The server refuses to run as root; then it runs as `postgres`."""
    if os.geteuid() != 0:
        return None
    shutil.chown(folder, "postgres", "postgres")
    return "postgres"


def _as(user: str | None, command: list[str]) -> None:
    prefix = ["runuser", "-u", user, "--"] if user else []
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
