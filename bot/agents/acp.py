"""Any agent that speaks the Agent Client Protocol: how it is started, and the turns it is led through.

The protocol itself is the library's; where agents differ is told in `quirks.py`. Loaded when such an agent runs.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from acp import PROTOCOL_VERSION, RequestError
from acp.client.connection import ClientSideConnection
from acp.schema import ClientCapabilities, Implementation, InitializeResponse, TextContentBlock
from pydantic import ValidationError

from bot.agents.acp_ear import AcpEar
from bot.agents.acp_wire import Wire
from bot.agents.errors import LaunchFailed
from bot.agents.laying import lay
from bot.agents.quirks import Quirks
from bot.agents.seat import Ending, Launch, Note, Seat
from bot.agents.talk import Mouth
from bot.core.events import event

PATIENCE = 5.0  # seconds for what it said last to be taken in, once it has ended
LOGIN = -32000  # the protocol's code for "log in first"
WAITING = ("429", "rate limit", "rate_limit", "too many requests", "quota", "usage limit", "resource_exhausted")
SHUT = ("401", "403", "unauthorized", "api key", "api_key", "authentication", "permission_denied", "log in")
REASONS = {"cancelled": "interrupted", "max_tokens": "context", "max_turn_requests": "turns", "refusal": "refusal"}


def launch(seat: Seat, note: Note, quirks: Quirks) -> Launch:
    if quirks.needs_model and seat.url and not seat.peer.model:
        raise LaunchFailed(f"agent {seat.peer.name}: with an api_key or api_url it needs model = ...")
    for name, content in quirks.laid(seat):
        lay(seat.home, name, content)
    words = [word for word in quirks.words_for(seat) if word not in seat.program]
    return Launch((*seat.program, *words), Acp(seat, note, quirks), quirks.environment(seat))


class Acp:
    """Words said in the middle of a turn are the next turn: the protocol has no way to say them at once."""

    def __init__(self, seat: Seat, note: Note, quirks: Quirks) -> None:
        self.session = ""
        self.ending: Ending | None = None
        self._seat, self._note, self._quirks = seat, note, quirks
        self._wire, self._ear = Wire(), AcpEar(note, quirks, seat.permits, self.interrupt)
        self._turns = [seat.brief]
        self._at_work = self._stopped = False
        self._talk: asyncio.Task[None] | None = None
        self._stop: asyncio.Task[None] | None = None

    def begin(self, mouth: Mouth) -> None:
        self._wire.mouth = mouth
        self._agent = ClientSideConnection(self._ear, self._wire)  # type: ignore[arg-type]  # it offers less
        self._talk = asyncio.create_task(self._lead(mouth))

    def hear(self, line: bytes) -> None:
        self._wire.hear(line)

    async def over(self) -> None:
        self._wire.end()
        if self._talk:
            await asyncio.wait((self._talk,), timeout=PATIENCE)
            self._talk.cancel()

    def tell(self, text: str) -> bool:
        if self._at_work and not self._stopped:
            self._turns.append(text)
        return self._at_work and not self._stopped

    def interrupt(self) -> None:
        """A turn that has not begun is not begun."""
        self._stopped = True
        if self._at_work:
            self._stop = asyncio.create_task(self._agent.cancel(self._own))

    async def _lead(self, mouth: Mouth) -> None:
        try:
            self.ending = await self._lead_through()
        except RequestError as error:
            self.ending = _failed(f"{error} {error.data or ''}".strip(), error.code)
        except ValidationError as error:
            self.ending = Ending("failed", f"it does not keep to the protocol: {error.title}", "protocol")
        except ConnectionError:
            return  # it has ended without a word
        finally:
            self._at_work = False
            mouth.close()
            await self._agent.close()
        self._ear.pause()
        self._note(event("finished", self.ending.summary))

    async def _lead_through(self) -> Ending:
        who = Implementation(name="sluice", title="Sluice", version=version("sluice"))
        hello = await self._agent.initialize(PROTOCOL_VERSION, ClientCapabilities(), who)
        self._own = await self._session(hello)
        self.session = self._own if self._quirks.resumes and _can_resume(hello) else ""
        agent = hello.agent_info
        names = (self._seat.peer.model, agent.name, agent.version) if agent else (self._seat.peer.model,)
        self._note(event("started", " ".join(filter(None, names))))
        if self._quirks.mode:
            await self._agent.set_session_mode(self._own, self._quirks.mode)
        return await self._prompt()

    async def _session(self, hello: InitializeResponse) -> str:
        tree, session = str(self._seat.tree), self._seat.session
        if not session:
            return (await self._agent.new_session(tree, mcp_servers=[])).session_id
        if hello.agent_capabilities and hello.agent_capabilities.load_session and not _resumes(hello):
            self._ear.deaf = True
            await self._agent.load_session(tree, session, mcp_servers=[])
            self._ear.deaf = False
        else:
            await self._agent.resume_session(session, tree, mcp_servers=[])
        return session

    async def _prompt(self) -> Ending:
        reason = "cancelled"
        while self._turns and not self._stopped:
            self._at_work = True
            said = TextContentBlock(type="text", text=self._turns.pop(0))
            answer = await self._agent.prompt(self._own, [said])
            reason = answer.stop_reason
            self._ear.pause()
            if answer.usage:  # for people to see: what it counts, and since when, differs from agent to agent
                used = f"{answer.usage.input_tokens:,} read, {answer.usage.output_tokens:,} written, as it says itself"
                self._note(event("usage", used))
        if self._ear.error:
            return _failed(self._ear.error)
        if reason == "end_turn":
            return Ending("finished", self._ear.last)
        return Ending("failed", self._ear.last, REASONS.get(reason, reason))


def _resumes(hello: InitializeResponse) -> bool:
    """Without saying again what was said before."""
    able = hello.agent_capabilities
    return bool(able and able.session_capabilities and able.session_capabilities.resume is not None)


def _can_resume(hello: InitializeResponse) -> bool:
    return _resumes(hello) or bool(hello.agent_capabilities and hello.agent_capabilities.load_session)


def _failed(told: str, code: int = 0) -> Ending:
    """What a failed call to the model looks like differs from agent to agent: its HTTP status, or else its words."""
    lowered = f"{code} {told}".lower()
    if any(word in lowered for word in WAITING):
        return Ending("limited", told)
    login = code == LOGIN or any(word in lowered for word in SHUT)
    return Ending("failed", told, "login" if login else "model")
