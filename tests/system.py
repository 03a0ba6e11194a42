"""Installs what the tests use beyond Python, where this machine lets us; what is missing is said in one line each.

Debian's packages (PostgreSQL, bubblewrap, gh) go into the system. A newer gh, which knows projects, octokit.js and the
real coding agents go into build/tools, and change nothing else. `probot` is installed only when it is asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TOOLS = Path(__file__).parents[1] / "build" / "tools"
AGENTS = TOOLS / "agents"
NEWER_GH = TOOLS / "gh" / "usr" / "bin" / "gh"
NEWER_SUITE = "trixie"
OCTOKIT = "octokit@5.0.5"
AGENTS_LOCK = Path(__file__).with_name("agents.lock")  # those whose programs PyPI has
NODE_AGENTS = {
    "gemini": "@google/gemini-cli@0.61.0",
    "opencode": "opencode-ai@1.18.33",
    "copilot": "@github/copilot@1.0.102",
}
PROBOT = "probot@14.3.2"  # the benchmarks' peer; no test needs it
PATIENCE = 300  # seconds
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def missing(wanted: list[str]) -> list[str]:
    """`wanted` narrows it down; empty: everything the tests use."""
    packages = []
    if not shutil.which("bwrap"):
        packages.append("bubblewrap")
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        packages.append("postgresql")
    if not shutil.which("gh"):
        packages.append("gh")
    return [package for package in packages if not wanted or package in wanted]


def main() -> None:
    wanted = sys.argv[1:]
    install_packages(missing(wanted))
    TOOLS.mkdir(parents=True, exist_ok=True)
    if not wanted and not NEWER_GH.exists():
        said(f"gh of Debian {NEWER_SUITE}", install_newer_gh())
    if not wanted and not (TOOLS / "node_modules" / "octokit").exists():
        said(OCTOKIT, install_package(OCTOKIT))
    if not wanted:
        install_agents()
    if "probot" in wanted and not (TOOLS / "node_modules" / "probot").exists():
        said(PROBOT, install_package(PROBOT))


def install_packages(packages: list[str]) -> None:
    if not packages:
        return
    wanted = " ".join(packages)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print(
            f"not installed, so some tests are skipped: {wanted} (as root: apt-get install {wanted})", file=sys.stderr
        )
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], check=False, env=environment, **QUIET)
    said(wanted, works(["apt-get", "install", "-y", *packages], env=environment))


def install_newer_gh() -> bool:
    """From the next suite of this machine's mirror, with lists of our own: the system's apt hears nothing of it."""
    if not shutil.which("apt-get"):
        return False
    mirror = debian_mirror()
    with TemporaryDirectory() as folder:
        for part in ("lists/partial", "cache/archives/partial"):
            (Path(folder) / part).mkdir(parents=True)
        keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        (Path(folder) / "list").write_text(f"deb {keyring} {mirror} {NEWER_SUITE} main\n")
        options = {
            "Dir::Etc::sourcelist": f"{folder}/list", "Dir::Etc::sourceparts": "-", "Acquire::Languages": "none",
            "Dir::State::lists": f"{folder}/lists", "Dir::Cache": f"{folder}/cache",
        }  # fmt: skip
        apt = ["apt-get", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
        if not mirror or not works([*apt, "update"]) or not works([*apt, "download", "gh"], cwd=folder):
            return False
        return all(works(["dpkg-deb", "-x", str(file), str(TOOLS / "gh")]) for file in Path(folder).glob("gh_*.deb"))


def debian_mirror() -> str:
    asked = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
    return next((line.split()[2] for line in listed if line.startswith("Debian Debian ")), "")


def install_package(package: str, folder: Path = TOOLS) -> bool:
    if not shutil.which("npm"):
        return False
    quietly = ["--no-audit", "--no-fund", "--no-package-lock", "--no-save", "--fetch-retries=1"]
    return works(["npm", "install", *quietly, "--prefix", str(folder), package])


def install_agents() -> None:
    """Each into a folder of its own, with a note of what it holds: another version is installed anew."""
    orders = {"python": AGENTS_LOCK.read_text(), **NODE_AGENTS}
    lacking = [name for name, order in orders.items() if noted(name) != order]

    def install(name: str) -> None:
        shutil.rmtree(AGENTS / name, ignore_errors=True)
        done = install_wheels(AGENTS / name) if name == "python" else install_package(orders[name], AGENTS / name)
        if done:
            (AGENTS / name / ".holds").write_text(orders[name])
        said(NODE_AGENTS.get(name, "Claude Code and Codex, of PyPI"), done)

    with ThreadPoolExecutor() as pool:
        list(pool.map(install, lacking))


def noted(name: str) -> str:
    note = AGENTS / name / ".holds"
    return note.read_text() if note.exists() else ""


def install_wheels(folder: Path) -> bool:
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    return works([*pip, "--no-deps", "--require-hashes", "--target", str(folder), "-r", str(AGENTS_LOCK)])


def works(command: list[str], **more: Any) -> bool:
    """A registry that does not answer is one that has nothing."""
    try:
        return subprocess.run(command, check=False, timeout=PATIENCE, **QUIET, **more).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def said(what: str, done: bool) -> None:
    print(f"{'installed' if done else 'could not install'}: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
