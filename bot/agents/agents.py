"""The runtimes behind one verb: an assignment in, an outcome out. Also runs gate commands, by the same launcher."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.agents import endings, programs, scripts, skills
from bot.agents.desk import Desk, laid
from bot.agents.doors import Doors, Way, settled
from bot.agents.handing import hand_over, handed_on
from bot.agents.homes import Home, Homes, Session
from bot.agents.launcher import Command, Exit, Launcher
from bot.agents.laying import drop
from bot.agents.logins import Login, give_back, login_of, share
from bot.agents.permits import Permits
from bot.agents.played import Played
from bot.agents.preparing import left_of, set_up
from bot.agents.pulse import Pulse
from bot.agents.quirks import GENERIC, QUIRKS
from bot.agents.reach import reach_of
from bot.agents.runtimes import Launches, launches, program_of
from bot.agents.sandbox import bubblewrap_works
from bot.agents.seat import Driver, Model, Note, Seat
from bot.agents.talk import Talk
from bot.agents.transcripts import READERS, TOLD, USAGE_TOLD, billed
from bot.core.events import Event, event
from bot.core.run import Assignment, Ended, Limits, Outcome, Peer
from bot.core.tokens import Tokens, by_model, since
from bot.core.worktree import ref_part

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
        await asyncio.to_thread(hand_over, Path(assignment.worktree), assignment.handed)
        desk = laid(self.root, assignment)
        assignment = desk.told_of(assignment)
        pulse = self._pulses[assignment.run] = Pulse(heard=assignment.peer.runtime not in ("command", "scripted"))

        def hear(each: Event) -> None:
            pulse.hear(each)
            if each.kind != "finished":  # told below, once, behind what was used
                note(each)

        try:
            outcome = await self._work(assignment, desk, hear)
        finally:
            desk.clear()
            del self._pulses[assignment.run]
            self._known.pop(assignment.run, None)
        outcome = replace(outcome, ended=pulse.ending) if pulse.ending else outcome
        at_doors = by_model((*assignment.billed, *outcome.used))
        for each in at_doors or self.billed(assignment.run, assignment.item, assignment.peer):
            note(event("usage", f"{each.input_total:,} tokens read, {each.output:,} written", each.model))
        if outcome.question:
            note(event("asked", outcome.question))
        note(event("finished", outcome.summary or outcome.ended.replace("_", " ")))
        return outcome

    async def _work(self, assignment: Assignment, desk: Desk, note: Note) -> Outcome:
        begun = time.monotonic()
        if failed := await set_up(self.launcher, assignment, begun):
            return failed
        assignment = replace(assignment, peer=replace(assignment.peer, limits=left_of(assignment.peer.limits, begun)))
        match assignment.peer.runtime:
            case "command":
                argv = programs.found(assignment.peer)
                return await self._at_a_door(
                    assignment, lambda way: self._launch(assignment, argv, desk, note, way=way)
                )
            case "scripted":
                return await self._launch(assignment, scripts.player(assignment, desk), desk, note, Played(note))
            case runtime:
                launch = launches(runtime)
                return await self._at_a_door(
                    assignment, lambda way: self._talk_through(assignment, launch, note, desk, way)
                )

    async def handed_on(self, tree: Path, names: Sequence[str]) -> dict[str, str]:
        """What an agent left beside the branch, by path."""
        return await asyncio.to_thread(handed_on, tree, names)

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
        if self.doors is None:
            return await work(model)
        way = await self.doors.open(run, assignment.peer, lambda how: self.end(run, how), self._pulses[run].beat)
        if way is None:
            return await work(model)
        try:
            outcome = await work(way)
        finally:
            account = await asyncio.shield(self.doors.close(run))
        return settled(outcome, account)

    async def _talk_through(
        self, assignment: Assignment, launch: Launches, note: Note, desk: Desk, model: Way
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
            outcome, known = await self._sit(assignment, going_on, launch, note, home, desk)
            if known:
                return outcome
            note(event("notice", "its session is not known any more; it starts anew"))
        return (await self._sit(assignment, seat, launch, note, home, desk))[0]

    def _seat(self, assignment: Assignment, home: Home, desk: Desk, model: Way) -> Seat:
        peer, tree, trusted = assignment.peer, Path(assignment.worktree), assignment.trusted
        program = tuple(scripts.actor(assignment, home) if scripts.is_acted(peer) else programs.found(peer))
        permits = Permits(peer.permissions, assignment.said, (tree, desk.path))
        return Seat(
            peer, program, tree, home.path, assignment.brief, "", model.url, model.key, desk.path, trusted, permits
        )

    async def _sit(
        self, assignment: Assignment, seat: Seat, launch: Launches, note: Note, home: Home, desk: Desk
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
                        "SLUICE_QUESTION": str(desk.question_file),
                    },
                    talk=driver,
                    home=seat.home,
                    pulse=self._pulses.get(assignment.run),
                    writable=(seat.tree, desk.path, *shared),
                    readable=(*programs.around(seat.program), *launched.readable),
                    reach=reach,
                )
            )
        finally:
            del self._drivers[assignment.run]
            give_back(login, program, seat.home)
            for name in QUIRKS.get(program, GENERIC).sheds:
                with contextlib.suppress(OSError):  # what an agent made of it may not be removable
                    await asyncio.shield(asyncio.to_thread(drop, seat.home, name))
            if driver.session:
                home.keep_session(Session(driver.session, assignment.run))
        return endings.told(ended, driver, log, desk.question(), seat.permits.question), bool(driver.session)

    async def gate(self, key: str, command: str, checkout: Path, limits: Limits, offline: bool = False) -> Exit:
        """A gate command in a clean checkout. No secret is in reach, nor, if `offline`, any network."""
        log = self.root / "logs" / f"gate-{ref_part(key)}.log"
        return await self.launcher.run(
            Command(
                ("bash", "-c", command), checkout, f"gate-{key}", log, limits, writable=(checkout,), offline=offline
            )
        )

    async def _launch(
        self,
        assignment: Assignment,
        argv: list[str],
        desk: Desk,
        note: Note,
        talk: Talk | None = None,
        way: Way = NOWHERE,
    ) -> Outcome:
        note(event("started", Path(argv[0]).name))
        tree = Path(assignment.worktree)
        log = self.root / "logs" / f"{ref_part(assignment.run)}-{assignment.round}.log"
        home = self.homes.of(assignment.item, assignment.peer.name).path
        self.billed(assignment.run, assignment.item, assignment.peer)  # so that what was billed before is known
        skills.lay(home)
        env = {**desk.environment, "SLUICE_USAGE": str(home / USAGE_TOLD)}
        env |= {"SLUICE_MODEL_URL": way.url, "SLUICE_MODEL_KEY": way.key} if way.url else {}
        env |= self.models.get(assignment.peer.name, Model()).env
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
                writable=(tree, desk.path),
                readable=(scripts.PLAYER, *programs.own_files(assignment.peer)),
                reach=reach_of(assignment.peer, way.url, bubblewrap_works()),
            )
        )
        return endings.left(ended, desk.result(), log, desk.question())
