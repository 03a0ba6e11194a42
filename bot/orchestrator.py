"""`Orchestrator`: the crew as a Python program sees it. Create agents, command them, sleep, read what they did, delete.

    from bot.orchestrator import Orchestrator

    orchestrator = Orchestrator()
    scout = orchestrator.create_agent("scout-api", task="Find all API endpoints", max_tokens=100_000)
    orchestrator.sleep_with_status_checks(interval=15)
    print(orchestrator.get_agent_output(scout)["result"])
    orchestrator.delete_all_agents()

An agent is named by its name, its id or the answer `create_agent` gave. Sleeping holds nothing: a look reads this
machine's ledger alone, and costs no token and no call to GitHub.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.cli.tasks import place_of
from bot.core.crew import UNKNOWN, Mate, Told, context_used, fleet, heard, progress
from bot.core.spend import dollars
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.crew.crew import Crew

T = TypeVar("T")
Agent = str | Mapping[str, Any]  # its name, its id, or what create_agent answered
INTERVAL = 15.0  # seconds between two looks


class Orchestrator:
    """Of the repository around `folder`, with the settings that lie there or in `config`."""

    def __init__(
        self,
        folder: str | Path | None = None,
        config: str | Path = FILE,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`say` is told what `log` and `summarize_to_user` say."""
        refuse_inside(bool(os.environ.get("SLUICE_RUN")))
        self._folder, self._config = Path(folder) if folder else None, Path(config)
        self._say, self.sleep = say, sleep

    # --- create, command, delete --------------------------------------------------------------------------------------

    def create_agent(
        self,
        name: str,
        task: str = "",
        model: str = "",
        max_tokens: int | None = None,
        *,
        peer: str = "",
        after: Agent | Sequence[Agent] = (),
        base: str = "",
    ) -> dict[str, Any]:
        """It begins in the background; `{"agent_id", "status": "created", "message"}`.

        `model`: where its program takes one (Claude Code: sonnet, unless its peer has another). `max_tokens`: for all
        it is told to do; the run that reaches it is stopped, its work kept. `after`: agents whose end it waits for;
        it begins where the first of them ended. `base`: the branch it begins from.
        """
        awaited = [_name(each) for each in ([after] if isinstance(after, str | Mapping) else after)]
        return self._do(
            lambda crew: create(
                crew, name, task, model=model, max_tokens=max_tokens, peer=peer, after=awaited, base=base
            )
        )

    def command_agent(self, agent: Agent, task: str) -> dict[str, Any]:
        """A task more for an agent that is there; `{"agent_id", "status": "commanded", "message"}`."""
        mate = self._do(lambda crew: crew.command(_name(agent), task))
        return {"agent_id": mate.id, "status": "commanded", "message": "Agent received task"}

    def interrupt_agent(self, agent: Agent) -> dict[str, Any]:
        """It ends what it is at; its work is kept, and the next command goes on from there."""
        return status_of(self._do(lambda crew: crew.interrupt(_name(agent))))

    def delete_agent(self, agent: Agent) -> dict[str, Any]:
        """Its work is saved first, and told where it is; its record stays."""
        return deleted(self._do(lambda crew: crew.delete(_name(agent))))

    def delete_all_agents(self) -> list[dict[str, Any]]:
        """Of this repository."""
        return [deleted(mate) for mate in self._do(lambda crew: crew.delete_all())]

    # --- looking ------------------------------------------------------------------------------------------------------

    def get_agent_status(self, agent: Agent, tail: int = 0) -> dict[str, Any]:
        """`{"status": creating | working | complete | failed, "progress", "context_used", ...}`: what follows from
        what was heard, else "unknown". `tail`: with so many of the last things that happened, as `events`."""
        return status_of(self._do(lambda crew: crew.look(_name(agent))), tail)

    def get_agent_output(self, agent: Agent) -> dict[str, Any]:
        """`{"files_consumed", "files_produced", "result", "branch", ...}`."""
        return output_of(self._do(lambda crew: crew.look(_name(agent))))

    def check_agent_status(self) -> dict[str, dict[str, Any]]:
        """All of them, by name."""
        return {told.mate.name: status_of(told) for told in self._do(lambda crew: crew.all())}

    def get_agent_results(self) -> dict[str, dict[str, Any]]:
        """What all of them made, by name."""
        return {told.mate.name: output_of(told) for told in self._do(lambda crew: crew.all())}

    def all_agents_complete(self) -> bool:
        """None works any more; those that failed are over, too, and who was told to do nothing yet does nothing."""
        return all(told.resting for told in self._do(lambda crew: crew.all()))

    def fleet(self) -> dict[str, Any]:
        """How many are active, what they used, who waits for whom, and who holds others up."""
        return vars(fleet(self._do(lambda crew: crew.all())))

    # --- sleeping and telling -----------------------------------------------------------------------------------------

    def sleep_with_status_checks(self, interval: float = INTERVAL, timeout: float | None = None) -> bool:
        """Until all agents are over, a line for each look; False: that took longer than `timeout`."""
        begun = time.monotonic()
        while not self.all_agents_complete():
            self.log(self.check_agent_status())
            if timeout is not None and time.monotonic() - begun >= timeout:
                return False
            self.sleep(interval)
        self.log(self.check_agent_status())
        return True

    def log(self, status: Mapping[str, Mapping[str, Any]]) -> None:
        """A line for all of them."""
        self._say("; ".join(f"{name} {each['status']} ({each['progress']})" for name, each in status.items()))

    def summarize_to_user(self, results: Mapping[str, Mapping[str, Any]]) -> str:
        """What each agent said at its end, and what it changed: agents report here, and never to the user."""
        lines = []
        for name, each in results.items():
            files = each["files_produced"]
            made = f" [{', '.join(files)} on {each['branch']}]" if files != UNKNOWN and each["branch"] else ""
            lines.append(f"{name} ({each['status']}): {each['result'] or each['reason'] or 'no words'}{made}")
        self._say(told := "\n".join(lines) or "no agents")
        return told

    def _do(self, verb: Callable[[Crew], Awaitable[T]]) -> T:
        async def run() -> T:
            async with crew_at(self._config, self._folder) as crew:
                return await verb(crew)

        with ThreadPoolExecutor(1) as own:  # whoever asks may have a loop at work already: a notebook has
            return own.submit(lambda: asyncio.run(run())).result()


@asynccontextmanager
async def crew_at(config: Path = FILE, folder: Path | None = None) -> AsyncIterator[Crew]:
    """The same verbs for an asynchronous program."""
    from bot.crew.crew import Crew  # here, so that commands that need none start quickly

    place = place_of(config, folder)
    beside = place.top / FILE
    file = config if config != FILE or FILE.exists() else beside if beside.exists() else None
    async with place.ledger() as ledger:
        yield Crew(place.settings, ledger, place.top, file)


def refuse_inside(inside: bool) -> None:
    """An agent at its work creates no agents: whoever orchestrates is at the top, and nobody's agent."""
    if inside:
        raise UserError("an agent at its work may not create or command agents: report to whoever created you")


async def create(crew: Crew, name: str, task: str, *, model: str, **more: Any) -> dict[str, Any]:
    mate = await crew.create(name, task, model=model, **more)
    said = "; ".join((f"Agent {mate.name} created", *crew.caveats(mate, model)))
    return {"agent_id": mate.id, "status": "created", "message": said}


def deleted(mate: Mate) -> dict[str, Any]:
    return {"agent_id": mate.id, "status": "deleted", "message": f"Agent {mate.name} deleted: {mate.left}"}


def status_of(told: Told, tail: int = 0) -> dict[str, Any]:
    used = told.used
    happened = [f"{each.at:%H:%M:%S} {heard(each.event)}" for each in told.events[-tail:]] if tail else []
    return ({"events": happened} if tail else {}) | {
        "agent_id": told.mate.id,
        "name": told.mate.name,
        "status": told.status,
        "progress": progress(told),
        "context_used": context_used(told),
        "peer": told.mate.peer,
        "model": told.mate.model or "its own choice",
        "tokens": used.tokens if used else UNKNOWN,
        "cost": dollars(used.cost_usd) if used and used.cost_usd is not None else UNKNOWN,
        "tools": told.tools,
        "last_tool": told.last_tool,
        "reason": told.reason,
        "question": told.question,
        "since": told.since.isoformat(timespec="seconds"),
        "after": list(told.mate.after),
    }


def output_of(told: Told) -> dict[str, Any]:
    consumed, produced = told.consumed, told.produced
    return {
        "agent_id": told.mate.id,
        "status": told.status,
        "files_consumed": UNKNOWN if consumed is None else list(consumed),
        "files_produced": UNKNOWN if produced is None else list(produced),
        "result": told.result,
        "reason": told.reason,
        "question": told.question,
        "branch": told.where,
    }


def _name(agent: Agent) -> str:
    return agent if isinstance(agent, str) else str(agent["agent_id"])
