"""Plays an edit script in the current folder: the `scripted` runtime's agent. Standard library only.

Steps: {"write": path, "text"} {"append": path, "text"} {"replace": path, "old", "new"} {"delete": path}
{"run": shell} {"wait": seconds} {"say": text} {"ask": text} {"commit": message} {"exit": code} {"fail": class}
{"limited": seconds} {"spend": {"model", "input_total", "output"}}: what it says that it used.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


def main(file: str) -> int:
    summary = ""
    for step in json.loads(Path(file).read_text()):
        print(json.dumps(step), flush=True)
        if "exit" in step:
            return int(step["exit"])
        if "fail" in step:
            return leave({"status": "failed", "summary": summary, "failure": step["fail"]})
        if "limited" in step:
            until = datetime.now(UTC) + timedelta(seconds=step["limited"])
            return leave({"status": "limited", "summary": summary, "until": until.isoformat()})
        if "ask" in step:
            return leave({"status": "asks", "summary": summary, "question": str(step["ask"])})
        summary = str(step.get("say", summary))
        play(step)
    return leave({"status": "finished", "summary": summary})


def leave(result: dict[str, str]) -> int:
    if target := os.environ.get("SLUICE_RESULT"):
        Path(target).write_text(json.dumps(result))
    return 0


def play(step: dict[str, Any]) -> None:
    match step:
        case {"write": path, "text": text}:
            place(path).write_text(text)
        case {"append": path, "text": text}:
            with place(path).open("a") as opened:
                opened.write(text)
        case {"replace": path, "old": old, "new": new}:
            before = place(path).read_text()
            if old not in before:
                sys.exit(f"{path} does not contain {old!r}")
            place(path).write_text(before.replace(old, new))
        case {"delete": path}:
            place(path).unlink()
        case {"run": line}:
            subprocess.run(["bash", "-c", line], check=True)
        case {"wait": seconds}:
            time.sleep(seconds)
        case {"commit": message}:
            subprocess.run(["git", "add", "-A"], check=True)
            subprocess.run(["git", "commit", "-q", "-m", message], check=True)
        case {"spend": used}:
            spend(used)
        case {"say": _}:
            pass
        case _:
            sys.exit(f"unknown step {step}")


def spend(used: dict[str, Any]) -> None:
    file = Path(os.environ["SLUICE_USAGE"])
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(json.dumps(used) + "\n")


def place(path: str) -> Path:
    """A path inside the worktree, its folder made."""
    target = (Path.cwd() / path).resolve()
    if not target.is_relative_to(Path.cwd()):
        sys.exit(f"{path} leads out of the worktree")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
