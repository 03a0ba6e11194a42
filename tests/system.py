"""Installs what the tests use beyond Python, where this machine lets us: PostgreSQL and bubblewrap, from Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def missing(wanted: list[str]) -> list[str]:
    """`wanted` narrows it down; empty: everything the tests use."""
    packages = []
    if not shutil.which("bwrap"):
        packages.append("bubblewrap")
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        packages.append("postgresql")
    return [package for package in packages if not wanted or package in wanted]


def main() -> None:
    packages = missing(sys.argv[1:])
    if not packages:
        return
    wanted = " ".join(packages)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print(
            f"not installed, so some tests are skipped: {wanted} (as root: apt-get install {wanted})", file=sys.stderr
        )
        return
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], check=False, env=environment, **quiet)
    done = subprocess.run(["apt-get", "install", "-y", *packages], check=False, env=environment, **quiet)
    print(f"{'installed' if done.returncode == 0 else 'could not install'}: {wanted}", file=sys.stderr)


if __name__ == "__main__":
    main()
