"""A two-step task for one agent in a scratch repository: does it work, and does it remember?"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.agents import Agents
from bot.agents.errors import LaunchFailed
from bot.agents.logins import HOW_TO_LOG_IN
from bot.agents.runtimes import program_of
from bot.agents.sandbox import bubblewrap_works
from bot.cli.finding import Finding
from bot.core.events import Event
from bot.core.run import Assignment, Outcome, Peer

PATIENCE = 300.0  # seconds a step may take
FIRST = "Create a file hello.txt that holds the one word `hello`. Do nothing else, and commit nothing."
SECOND = "Add a second line to hello.txt, which holds the one word `again`. Do nothing else, and commit nothing."
BEFORE = f"This was asked of you before, and may be done already: {FIRST}\n\n"
ENDINGS = {
    "limited": "was told to wait",
    "timed_out": f"was not done after {PATIENCE:.0f} s",
    "stalled": "stood still",
    "overspent": "reached its cap",
    "asked": "asked a question",
}
STEPS = ((FIRST, "hello"), (SECOND, "hello\nagain"))


async def smoke(agents: Agents, peer: Peer, kept: Path) -> AsyncIterator[Finding]:
    """Finding by finding, as it goes; stops at the first that is wrong. `kept`: where what it printed then stays."""
    sandbox = "bubblewrap" if bubblewrap_works() else "none: install bubblewrap, or the agent sees this machine's files"
    yield Finding("sandbox", "ok" if bubblewrap_works() else "warning", sandbox)
    login = agents.login(peer)
    if login.kind == "none":
        yield Finding("login", "wrong", f"none: {_how_to_log_in(peer)}")
        return
    yield Finding("login", "ok", str(login))
    with TemporaryDirectory(prefix="sluice-try-") as folder:
        tree = Path(folder) / "tree"
        await (await asyncio.create_subprocess_exec("git", "init", "-q", str(tree))).wait()
        for number, (_, wanted) in enumerate(STEPS, 1):
            heard: list[Event] = []
            try:
                outcome = await agents.run(_assignment(peer, number, tree), heard.append)
            except LaunchFailed as error:
                yield Finding("program", "wrong", str(error))
                return
            finding = _judged(peer, number, outcome, tree, wanted, heard)
            if finding.state == "wrong":
                yield replace(finding, told=f"{finding.told}{await asyncio.to_thread(_keep, outcome, kept)}")
                return
            yield finding
        used = agents.billed("try-2", "try", peer)
        yield Finding("tokens", "ok" if used else "warning", _used(sum(each.total for each in used)))


def _assignment(peer: Peer, number: int, tree: Path) -> Assignment:
    """Both steps are one session's, where the program keeps one; one that keeps none is told what was before."""
    limits = replace(peer.limits, wall_seconds=PATIENCE, stall_seconds=PATIENCE)
    brief = FIRST if number == 1 else BEFORE + SECOND
    dossier = "" if number == 1 else SECOND
    return Assignment(
        f"try-{number}", replace(peer, limits=limits), 0, "Try", number, brief, str(tree), (), "try", dossier
    )


def _judged(peer: Peer, number: int, outcome: Outcome, tree: Path, wanted: str, heard: list[Event]) -> Finding:
    what, said = f"step {number}", " ".join(outcome.summary.split())[:300]
    if outcome.ended != "finished":
        how = ENDINGS.get(outcome.ended, outcome.ended)
        return Finding(what, "wrong", f"it {how}: {said or 'without a word'}{_fix(peer, outcome)}")
    file = tree / "hello.txt"
    if file.is_symlink() or not file.is_file() or file.read_text(errors="replace").strip() != wanted:
        return Finding(what, "wrong", f"hello.txt is not as it was asked for; it said: {said or 'nothing'}")
    anew = number > 1 and any(each.kind == "notice" and "starts anew" in each.text for each in heard)
    kept = "; its session was not known any more, so it began anew" if anew else ""
    return Finding(what, "warning" if anew else "ok", f"done in {outcome.seconds:.1f} s{kept}")


def _fix(peer: Peer, outcome: Outcome) -> str:
    if outcome.ended == "limited":
        when = f" until {outcome.until:%Y-%m-%d %H:%M} UTC" if outcome.until else ""
        return f"; its provider says to wait{when}"
    if outcome.failure == "login":
        return f"; {_how_to_log_in(peer)}"
    if outcome.failure == "model":
        name = f"peers.{peer.name}"
        return f"; its model said no, or was not reached: mend {name}.model or {name}.api_url, or try again later"
    return ""


def _keep(outcome: Outcome, kept: Path) -> str:
    """The folder it worked in is gone soon."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(outcome.log, kept)
    except OSError:  # nothing was printed, or there is no room for it
        return ""
    return f"; what it printed is in {kept}"


def _how_to_log_in(peer: Peer) -> str:
    how = HOW_TO_LOG_IN.get(program_of(peer), "give it a key as peers.NAME.api_key")
    return f"set peers.NAME.api_key, or {how}".replace("NAME", peer.name)


def _used(tokens: int) -> str:
    return (
        f"{tokens:,} for the second step, by its own transcript"
        if tokens
        else "unknown: it keeps no transcript known here"
    )
