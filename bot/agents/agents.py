"""The runtimes behind one verb: an assignment in, an outcome out. Also runs gate commands, by the same launcher."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.agents import skills
from bot.agents.doors import Doors, Way, settled
from bot.agents.errors import LaunchFailed
from bot.agents.homes import Home, Homes, Session
from bot.agents.launcher import Command, Exit, Launcher
from bot.agents.laying import lay
from bot.agents.logins import Login, give_back, login_of, share
from bot.agents.played import Played
from bot.agents.pulse import Pulse
from bot.agents.reach import reach_of
from bot.agents.runtimes import Launches, command_of, launches, program_of
from bot.agents.sandbox import bubblewrap_works
from bot.agents.seat import Driver, Model, Note, Seat
from bot.agents.talk import Talk
from bot.agents.transcripts import READERS, TOLD, USAGE_TOLD, billed
from bot.core.events import Event, event
from bot.core.foreign import with_faces
from bot.core.prompts import QUESTION
from bot.core.run import Assignment, Ended, Limits, Outcome, Peer
from bot.core.tokens import Tokens, since
from bot.core.worktree import ref_part

PLAYER, ACP_PLAYER = (Path(__file__).with_name(name) for name in ("play.py", "play_acp.py"))
QUESTION_FILE = "question.md"
SUMMARY = 4_000  # characters of an agent's own words that are kept
NOWHERE = Model()
GRACE = 10.0  # seconds a program has to end its turn in good order


class Agents:
    """`models`: by peer, where its model is and the key for it; without one its program has a login of its own, in the
    home of whoever runs Sluice, `user`. `doors`: where calls to a model go that are counted on their way."""

    def __init__(
        self,
        launcher: Launcher,
        root: Path,
        models: Mapping[str, Model] | None = None,
        user: Path | None = None,
        doors: Doors | None = None,
    ) -> None:
        self.launcher, self.root, self.models = launcher, root.resolve(), models or {}
        self.user, self.doors = user or Path.home(), doors
        self.homes = Homes(self.root)
        self._drivers: dict[str, Driver] = {}  # of the runs at work in this process
        self._pulses: dict[str, Pulse] = {}
        self._known: dict[str, tuple[Tokens, ...]] = {}  # what they were billed, as it was last read

    async def run(self, assignment: Assignment, note: Note = lambda _: None) -> Outcome:
        """Set the worktree up, once; then let the agent work."""
        desk = self._desk(assignment)
        assignment = _with_question(assignment, desk / QUESTION_FILE)
        pulse = self._pulses[assignment.run] = Pulse(heard=assignment.peer.runtime not in ("command", "scripted"))

        def hear(each: Event) -> None:
            pulse.hear(each)
            note(each)

        try:
            outcome = await self._work(assignment, desk, hear)
        finally:
            shutil.rmtree(desk, ignore_errors=True)
            del self._pulses[assignment.run]
            self._known.pop(assignment.run, None)
        outcome = replace(outcome, ended=pulse.ending) if pulse.ending else outcome
        summary, question = with_faces(outcome.summary), with_faces(outcome.question)
        return replace(outcome, summary=summary, question=question, failure=with_faces(outcome.failure))

    async def _work(self, assignment: Assignment, desk: Path, note: Note) -> Outcome:
        if failed := await self._set_up(assignment):
            return failed
        match assignment.peer.runtime:
            case "command":
                return await self._at_a_door(
                    assignment, lambda way: self._launch(assignment, _found(assignment.peer), desk, note, way=way)
                )
            case "scripted":
                return await self._launch(assignment, self._player(assignment, desk), desk, note, Played(note))
            case runtime:
                launch = launches(runtime)
                return await self._at_a_door(
                    assignment, lambda way: self._talk_through(assignment, launch, note, desk, way)
                )

    def end(self, run: str, how: Ended) -> None:
        """Its turn is interrupted, and it is ended if it does not end soon."""
        driver = self._drivers.get(run)
        if driver:
            driver.interrupt()
        if pulse := self._pulses.get(run):
            pulse.end(how, GRACE if driver else 0.0)

    def tell(self, run: str, text: str) -> bool:
        """A person's words reach the agent at its work; False: it cannot be told now, or does not work here."""
        driver = self._drivers.get(run)
        return driver is not None and driver.tell(text)

    def login(self, peer: Peer) -> Login:
        """In whose name its program works."""
        model = self.models.get(peer.name, Model())
        return login_of(program_of(peer), model.key, model.env, self.user)

    def billed(self, run: str, item: str, peer: Peer) -> tuple[Tokens, ...]:
        """What the run was billed so far, as its program's own transcripts tell; empty: unknown."""
        program = program_of(peer)
        home = self.homes.of(item, peer.name)
        now = billed(program if program in READERS else TOLD, home.path)
        found = since(home.baseline(run, lambda: now), now)
        if (pulse := self._pulses.get(run)) and found != self._known.get(run, ()):
            self._known[run] = found
            pulse.beat()
        return found

    def source(self, peer: Peer) -> str:
        """Whose word `billed` is."""
        return "transcript" if program_of(peer) in READERS else TOLD

    async def close(self) -> None:
        """Nothing is run any more."""
        if self.doors:
            await self.doors.stop()

    async def _at_a_door(self, assignment: Assignment, work: Callable[[Way], Awaitable[Outcome]]) -> Outcome:
        """Its own, which is shut whatever becomes of the run."""
        run, model = assignment.run, self.models.get(assignment.peer.name, Model())
        way = await self.doors.open(run, assignment.peer, lambda how: self.end(run, how)) if self.doors else None
        if self.doors is None or way is None:
            return await work(model)
        try:
            outcome = await work(way)
        finally:
            account = await asyncio.shield(self.doors.close(run))
        return settled(outcome, account)

    async def _talk_through(
        self, assignment: Assignment, launch: Launches, note: Note, desk: Path, model: Way
    ) -> Outcome:
        """A session that is kept goes on and is told what is new; one its program no longer knows starts anew, and is
        told everything."""
        home = self.homes.of(assignment.item, assignment.peer.name)
        skills.lay(home.path)
        self.billed(assignment.run, assignment.item, assignment.peer)  # so that what was billed before is known
        session = home.session
        seat = self._seat(assignment, home, desk, model)
        if session.id:
            news = assignment.interrupted if session.run == assignment.run else assignment.dossier
            going_on = replace(seat, session=session.id, brief=news or seat.brief)
            outcome, known = await self._sit(assignment, going_on, launch, note, home)
            if known:
                return outcome
            note(event("notice", "its session is not known any more; it starts anew"))
        return (await self._sit(assignment, seat, launch, note, home))[0]

    def _seat(self, assignment: Assignment, home: Home, desk: Path, model: Way) -> Seat:
        peer, tree, trusted = assignment.peer, Path(assignment.worktree), assignment.trusted
        program = tuple(_acting(assignment, home) if _is_played(peer) else _found(peer))
        return Seat(peer, program, tree, home.path, assignment.brief, "", model.url, model.key, desk, trusted)

    async def _sit(
        self, assignment: Assignment, seat: Seat, launch: Launches, note: Note, home: Home
    ) -> tuple[Outcome, bool]:
        """The outcome, and whether the program knew its session, or began one."""

        def keep_and_note(each: Event) -> None:
            """Whatever ends this process, the session it has begun is known to the next."""
            if driver.session:
                home.keep_session(Session(driver.session, assignment.run))
            note(each)

        reach = reach_of(seat.peer, seat.url, bubblewrap_works())
        launched = launch(seat, keep_and_note)
        program, login = program_of(seat.peer), self.login(seat.peer)
        shared = share(login, program, seat.home)
        driver = self._drivers[assignment.run] = launched.driver
        log = self.root / "logs" / f"{ref_part(assignment.run)}-{assignment.round}.log"
        try:
            ended = await self.launcher.run(
                Command(
                    launched.argv,
                    seat.tree,
                    assignment.run,
                    log,
                    seat.peer.limits,
                    {
                        **launched.env,
                        **self.models.get(seat.peer.name, Model()).env,
                        "SLUICE_QUESTION": str(seat.desk / QUESTION_FILE),
                    },
                    talk=driver,
                    home=seat.home,
                    pulse=self._pulses.get(assignment.run),
                    writable=(seat.tree, seat.desk, *shared),
                    readable=(*_around(seat.program), *launched.readable),
                    reach=reach,
                )
            )
        finally:
            del self._drivers[assignment.run]
            give_back(login, program, seat.home)
            if driver.session:
                home.keep_session(Session(driver.session, assignment.run))
        return _told(ended, driver, log, _question(seat.desk)), bool(driver.session)

    async def gate(self, key: str, command: str, checkout: Path, limits: Limits, offline: bool = False) -> Exit:
        """A gate command in a clean checkout. No secret is in reach, nor, if `offline`, any network."""
        log = self.root / "logs" / f"gate-{ref_part(key)}.log"
        return await self.launcher.run(
            Command(
                ("bash", "-c", command), checkout, f"gate-{key}", log, limits, writable=(checkout,), offline=offline
            )
        )

    def _desk(self, assignment: Assignment) -> Path:
        """The folder through which a brief goes in and a result comes back; outside the worktree."""
        desk = self.root / "desks" / ref_part(assignment.run)
        shutil.rmtree(desk, ignore_errors=True)
        desk.mkdir(parents=True)
        (desk / "brief.md").write_text(assignment.brief)
        return desk

    async def _launch(
        self,
        assignment: Assignment,
        argv: list[str],
        desk: Path,
        note: Note,
        talk: Talk | None = None,
        way: Way = NOWHERE,
    ) -> Outcome:
        note(event("started", Path(argv[0]).name))
        tree = Path(assignment.worktree)
        log = self.root / "logs" / f"{ref_part(assignment.run)}-{assignment.round}.log"
        home = self.homes.of(assignment.item, assignment.peer.name).path
        self.billed(assignment.run, assignment.item, assignment.peer)  # so that what was billed before is known
        files = {"SLUICE_BRIEF": "brief.md", "SLUICE_RESULT": "result.json", "SLUICE_QUESTION": QUESTION_FILE}
        env = {name: str(desk / file) for name, file in files.items()} | {"SLUICE_USAGE": str(home / USAGE_TOLD)}
        env |= {"SLUICE_MODEL_URL": way.url, "SLUICE_MODEL_KEY": way.key} if way.url else {}
        env |= self.models.get(assignment.peer.name, Model()).env if assignment.peer.runtime == "command" else {}
        skills.lay(home)
        ended = await self.launcher.run(
            Command(
                argv,
                tree,
                assignment.run,
                log,
                assignment.peer.limits,
                env,
                assignment.brief.encode(),
                talk,
                home=home,
                pulse=self._pulses.get(assignment.run),
                writable=(tree, desk),
                readable=(PLAYER, *_own_files(assignment.peer)),
                reach=reach_of(assignment.peer, way.url, bubblewrap_works()),
            )
        )
        outcome = _outcome(ended, _result(desk / "result.json"), log, _question(desk))
        note(event("finished", outcome.summary or outcome.ended))
        return outcome

    def _player(self, assignment: Assignment, desk: Path) -> list[str]:
        """The edit script's steps for this item and round, handed to the program that plays them."""
        steps = _steps(Path(assignment.peer.script), assignment)
        (desk / "steps.json").write_text(json.dumps(steps))
        return [sys.executable, "-I", "-S", str(PLAYER), str(desk / "steps.json")]

    async def _set_up(self, assignment: Assignment) -> Outcome | None:
        """The policy's set-up commands, unless these very ones ran in this worktree before."""
        tree = Path(assignment.worktree)
        mark = self.root / "setup" / tree.parent.name / tree.name
        wanted = hashlib.sha256("\n".join(assignment.setup).encode()).hexdigest()
        if not assignment.setup or (mark.exists() and mark.read_text() == wanted):
            return None
        for number, line in enumerate(assignment.setup):
            log = self.root / "logs" / f"{ref_part(assignment.run)}-setup-{number}.log"
            command = ("bash", "-c", line)
            ended = await self.launcher.run(
                Command(
                    command,
                    tree,
                    f"{assignment.run}-setup",
                    log,
                    assignment.peer.limits,
                    writable=(tree,),
                    offline=assignment.peer.offline,
                )
            )
            if ended.ended != "finished" or ended.code != 0:
                if ended.ended == "unreached":
                    return _cut_short(ended, "", log)
                said = f"the set-up command `{line}` failed: {ended.why or ended.tail.strip()[-1_000:]}"
                return Outcome("failed", said, ended.seconds, str(log), ended.code, failure="setup")
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(wanted)
        return None


def _is_played(peer: Peer) -> bool:
    return peer.runtime == "acp" and bool(peer.script) and not peer.command


def _acting(assignment: Assignment, home: Home) -> list[str]:
    """A script in place of a program: it is played by the protocol."""
    steps = lay(home.path, "steps.json", json.dumps(_steps(Path(assignment.peer.script), assignment)))
    return [os.path.realpath(sys.executable), "-I", "-S", str(ACP_PLAYER), str(steps)]


def _found(peer: Peer) -> list[str]:
    """The peer's command line, its program found where the bot finds it: the sandbox has a PATH of its own."""
    command = command_of(peer)
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise LaunchFailed(f"agent {peer.name}: the program {' '.join(command[:1])!r} is not there")
    return [os.path.abspath(program), *command[1:]]


def _around(program: Sequence[str]) -> list[Path]:
    """A program is more than its file: what its folder holds is visible to it."""
    files = [Path(word).resolve() for word in program if os.path.isabs(word) and os.path.isfile(word)]
    return [*(file.parent for file in files), *(Path(word) for word in program if os.path.isabs(word))]


def _own_files(peer: Peer) -> list[Path]:
    """The files the settings name in the command line: the program and what it is given are visible to it."""
    words = _found(peer) if peer.runtime == "command" else []
    return [Path(word) for word in words if os.path.isabs(word) and os.path.isfile(word)]


def _steps(script: Path, assignment: Assignment) -> list[dict[str, Any]]:
    try:
        plays = tomllib.loads(script.read_text()).get("play", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LaunchFailed(f"the edit script {script} cannot be read: {error}") from error
    names = (assignment.number, assignment.title)
    mine = [play for play in plays if play.get("item") in names and play.get("round", 1) == assignment.round]
    nothing: list[dict[str, Any]] = [{"say": f"the script has nothing for round {assignment.round}"}]
    return list(mine[-1]["steps"]) if mine else nothing


def _with_question(assignment: Assignment, file: Path) -> Assignment:
    """What it is told names the file itself: not every program lets its tools see the environment."""
    told = {
        name: getattr(assignment, name).replace(QUESTION, str(file)) for name in ("brief", "dossier", "interrupted")
    }
    return replace(assignment, **told)


def _question(desk: Path) -> str:
    return _left(desk / QUESTION_FILE).strip()[:SUMMARY]


def _result(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_left(file) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _left(file: Path) -> str:
    """What the agent left, if it left something sensible: a regular, small file of its own."""
    if file.is_symlink() or not file.is_file() or file.stat().st_size > 1_000_000:
        return ""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _told(ended: Exit, driver: Driver, log: Path, question: str) -> Outcome:
    """The program's own word counts when it ended by itself."""
    told = driver.ending
    summary = (told.summary if told else "")[:SUMMARY]
    if ended.ended != "finished":
        return _cut_short(ended, summary, log)
    if told is None:
        said = f"it ended without a result: {ended.tail.strip()[-1_000:]}"
        return Outcome("failed", said, ended.seconds, str(log), ended.code, failure=f"exit {ended.code}")
    how: Ended = "asked" if told.how == "finished" and question else told.how
    asked = question if how == "asked" else ""
    return Outcome(
        how, summary, ended.seconds, str(log), ended.code, until=told.until, failure=told.failure, question=asked
    )


def _outcome(ended: Exit, result: dict[str, Any], log: Path, question: str) -> Outcome:
    said = str(result.get("summary", ""))[:SUMMARY]
    if ended.ended != "finished":
        return _cut_short(ended, said, log)
    if ended.code == 0 and result.get("status") == "limited":
        return Outcome("limited", said, ended.seconds, str(log), ended.code, until=_instant(result.get("until")))
    failed = ended.code != 0 or result.get("status") == "failed"
    failure = str(result.get("failure") or f"exit {ended.code}")[:100] if failed else ""
    words = said or (ended.tail.strip()[-1_000:] if failed else "")
    if result.get("status") == "asks":
        question = str(result.get("question", "")).strip()[:SUMMARY] or question
    if question and not failed:
        return Outcome("asked", words, ended.seconds, str(log), ended.code, question=question)
    how: Ended = "failed" if failed else "finished"
    return Outcome(how, words, ended.seconds, str(log), ended.code, failure=failure)


def _instant(told: object) -> datetime | None:
    """As ISO 8601 with its zone; anything else is no time."""
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _cut_short(ended: Exit, summary: str, log: Path) -> Outcome:
    return Outcome(ended.ended, ended.why or summary, ended.seconds, str(log), failure="disk" if ended.why else "")
