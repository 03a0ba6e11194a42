"""The gateway passes calls to the model on, exchanges keys, and counts what was billed: in every dialect alike."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from bot.agents.doors import settled
from bot.core.run import Ended, Limits, Outcome
from bot.core.tokens import Tokens
from bot.equipment import gateway_of
from bot.errors import Unavailable
from bot.gateway import Meter, Upstream
from bot.gateway.asked import below
from bot.gateway.gateway import AGAIN
from bot.gateway.meter import AT_FIRST, AT_ONCE, MOST_UNTOLD, Account
from bot.logs import Hiding
from bot.settings import Settings
from tests.contracts.gateway_world import DIALECTS, NOW, REAL, Speaking, World, event, gateway_world
from tests.models.record import Record
from tests.models.scenario import Billed, Refusal, Scenario, Turn

BILLED = Billed(11, 200, 3_000, 0, 40_000, 500)
ANTHROPIC, CHAT = DIALECTS["anthropic"], DIALECTS["chat"]
BEGUN = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 7, "output_tokens": 1}}}
ENDED = {"type": "message_delta", "usage": {"output_tokens": 90}}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with gateway_world() as made:
        yield made


@pytest.fixture(params=DIALECTS)
def speaking(request: pytest.FixtureRequest) -> Speaking:
    return DIALECTS[request.param]


def truth(record: Record) -> tuple[Tokens, ...]:
    return tuple(
        Tokens(
            model,
            input_total=each.input + each.cache_read + each.cache_write,
            cache_read=each.cache_read,
            cache_write=each.cache_write,
            cache_write_1h=each.cache_write_1h,
            output=each.output,
        )
        for model, each in sorted(record.billed().items())
    )


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
async def test_every_token_is_counted(world: World, speaking: Speaking, streamed: bool) -> None:
    """What the provider says it bills is what the ledger has when the run ends, call for call."""
    key = await world.play("cost", Scenario([Turn(say="a usage of hello", billed=BILLED)]))
    for _ in range(2):
        answer = await world.ask(key, speaking if streamed else speaking.whole())
        assert answer.status_code == 200 and "a usage of hello" in answer.text
    account = await world.gateway.close("cost")
    assert account and account.calls == 2
    assert account.billed == world.kept["cost"] == truth(await world.record("cost"))


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
async def test_the_ledger_has_the_bill_before_the_agent_has_the_answer(
    world: World, speaking: Speaking, streamed: bool
) -> None:
    """However slow the ledger is: what a killed process has passed on is counted, for it is not asked again."""
    swiftly = world.gateway.meter.keep
    assert swiftly

    async def slowly(run: str, source: str, billed: tuple[Tokens, ...]) -> None:
        await asyncio.sleep(0.05)
        await swiftly(run, source, billed)

    world.gateway.meter.keep = slowly
    key = await world.play("sudden", Scenario([Turn(say="hello", billed=BILLED)]))
    await world.ask(key, speaking if streamed else speaking.whole())
    assert world.kept["sudden"] == truth(await world.record("sudden"))


async def test_what_an_answer_costs_is_kept_while_it_comes(world: World) -> None:
    """What was read for it is billed from its first word on, though the process may not live to its last."""

    async def endless() -> AsyncIterator[bytes]:
        yield event(BEGUN)
        await asyncio.Event().wait()

    async def answering(_: Request) -> Response:
        return StreamingResponse(endless(), media_type="text/event-stream")

    world.answer = answering
    answer = await world.http.send(world.request(await world.door("long", world.odd), ANTHROPIC), stream=True)
    assert await anext(answer.aiter_raw()) == event(BEGUN)
    assert world.kept["long"] == (Tokens("m", 7, output=1),)
    await answer.aclose()


async def test_a_ledger_out_of_reach_is_not_the_agents_trouble(world: World) -> None:
    """Its answer comes, and what it cost is written as soon as the ledger takes it."""
    taken, swiftly, tried = asyncio.Event(), world.gateway.meter.keep, []
    assert swiftly

    async def twice_in_vain(run: str, source: str, billed: tuple[Tokens, ...]) -> None:
        tried.append(run)
        if len(tried) < 3:
            raise Unavailable("the database is gone")
        await swiftly(run, source, billed)
        taken.set()

    world.gateway.meter.keep = twice_in_vain
    key = await world.play("gone", Scenario([Turn(say="hello", billed=BILLED)]))
    assert "hello" in (await world.ask(key, ANTHROPIC)).text
    await asyncio.wait_for(taken.wait(), 2 * AGAIN)
    assert world.kept["gone"] == truth(await world.record("gone"))


async def test_the_real_key_stays_here(world: World, speaking: Speaking) -> None:
    """The provider gets its own key where the agent's stood, and nothing of the run's, nor another key beside it."""
    key = await world.play("keys", Scenario([Turn(say="hello")]))
    answer = await world.ask(key, speaking, api_key="another", cookie="c=1", x_forwarded_for="192.0.2.7")
    (asked,) = (await world.record("keys")).asked
    assert asked.headers[speaking.header] == speaking.value.format(REAL)
    assert not {"cookie", "x-forwarded-for", "api-key"} & asked.headers.keys()
    assert key not in str(asked) and REAL not in f"{answer.headers}{answer.text}"


async def test_a_key_in_the_address_stays_out_of_it(world: World) -> None:
    """Gemini's clients may show it there, where logs would have it."""
    key = await world.play("address", Scenario([Turn(say="hello")]))
    gemini = DIALECTS["gemini"]
    asked = Speaking(f"{gemini.path}&key={key}", "x-nothing", "", gemini.body)
    assert (await world.ask("", asked)).status_code == 200
    (seen,) = (await world.record("address")).asked
    assert seen.headers["x-goog-api-key"] == REAL


async def test_only_a_run_at_work_is_let_in(world: World, speaking: Speaking) -> None:
    """Neither the real key, nor one of a run that has ended, nor none at all; each is told in its own dialect."""
    key = await world.play("ended", Scenario([Turn(say="hello")]))
    await world.gateway.close("ended")
    for shown in (key, REAL, "none"):
        answer = await world.ask(shown, speaking)
        assert answer.status_code == 401 and "no run" in answer.json()["error"]["message"]
    assert (await world.record("ended")).asked == []


ELSEWHERE = (
    *(
        "/v1/files",
        "/v1/messages/batches",
        "/v1/responses/resp_1",
        "/v1/messages/",
        "/",
        "//elsewhere.example/v1/messages",
    ),
    *(
        "/v1/models/../../admin",
        "/v1/models/%2e%2e/%2e%2e/admin",
        "/v1/models/..:generateContent",
        "/v1%2Fmessages%3Fx",
    ),
)


async def test_nothing_else_is_reached_with_the_key(world: World) -> None:
    """What is no question to a model stays here, however its path is written."""

    async def reached(request: Request) -> Response:
        return JSONResponse({"reached": str(request.url)})

    world.answer = reached
    key = await world.door("narrow", world.odd)
    for path in ELSEWHERE:
        url = httpx.URL(world.url).copy_with(raw_path=f"/model{path}".encode())
        answer = await world.http.post(url, json={}, headers={"x-api-key": key})
        assert answer.status_code == 404 and "reached" not in answer.text, path


async def test_nobody_is_followed_elsewhere(world: World) -> None:
    """A provider that sends callers on gets no second call, and the agent no address to go to."""

    async def elsewhere(_: Request) -> Response:
        return RedirectResponse(f"{world.models}/s/other/v1/messages", 307)

    world.answer = elsewhere
    answer = await world.ask(await world.door("away", world.odd), ANTHROPIC)
    assert answer.status_code == 502 and "location" not in answer.headers and "api_url" in answer.text


async def test_each_piece_goes_through_at_once(world: World) -> None:
    """The agent has the beginning of an answer while the model still thinks about its end."""
    read = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield event(BEGUN)
        await read.wait()
        yield b"event: ping\n" + event({"type": "ping"})
        yield event(ENDED)

    async def answering(_: Request) -> Response:
        return StreamingResponse(slowly(), media_type="text/event-stream")

    world.answer = answering
    request = world.request(await world.door("slow", world.odd), ANTHROPIC)
    answer = await world.http.send(request, stream=True)
    pieces = answer.aiter_raw()
    assert await anext(pieces) == event(BEGUN) and world.beats == ["slow"], "it is at work, however long it takes"
    read.set()
    await anext(pieces)
    assert await anext(pieces) == event(ENDED) and len(world.beats) == 2, "a ping says nothing"
    await answer.aclose()
    await world.gateway.close("slow")
    assert world.kept["slow"] == (Tokens("m", 7, output=90),)


async def test_a_stream_that_breaks_off_counts_what_was_told(world: World) -> None:
    """The agent notices that the end is missing, and what is known to be billed is counted."""

    async def broken() -> AsyncIterator[bytes]:
        yield event(BEGUN)
        raise ConnectionAbortedError

    async def answering(_: Request) -> Response:
        return StreamingResponse(broken(), media_type="text/event-stream")

    world.answer = answering
    key = await world.door("broken", world.odd)
    with pytest.raises(httpx.RemoteProtocolError):
        await world.ask(key, ANTHROPIC)
    await world.gateway.close("broken")
    assert world.kept["broken"] == (Tokens("m", 7, output=1),)


@pytest.mark.parametrize("begun", [True, False], ids=["in the middle", "before the first word"])
async def test_who_hangs_up_takes_the_call_along(world: World, begun: bool) -> None:
    """The model is not left to speak to nobody: the provider sees the end of the call."""
    gone, asked = asyncio.Event(), asyncio.Event()

    async def watched(request: Request) -> Response:
        async def endless() -> AsyncIterator[bytes]:
            try:
                yield event(BEGUN)
                await asyncio.Event().wait()
            finally:
                gone.set()

        asked.set()
        if begun:
            return StreamingResponse(endless(), media_type="text/event-stream")
        while not await request.is_disconnected():
            await asyncio.sleep(0.01)
        gone.set()
        return Response()

    world.answer = watched
    request = world.request(await world.door("gone", world.odd), ANTHROPIC)
    calling = asyncio.create_task(world.http.send(request, stream=True))
    await asked.wait()
    if begun:
        await (await calling).aclose()
    else:
        calling.cancel()
    await asyncio.wait_for(gone.wait(), 5)
    await world.gateway.close("gone")
    assert world.kept.get("gone") == ((Tokens("m", 7, output=1),) if begun else None)


async def test_who_hangs_up_before_the_bill_gets_it_all_the_same(world: World) -> None:
    """What a call costs stands at the end of its answer: it is read to that, if it is about to come."""
    hung_up = asyncio.Event()

    async def nearly() -> AsyncIterator[bytes]:
        yield event(BEGUN)
        await hung_up.wait()
        yield event(ENDED)

    async def answering(_: Request) -> Response:
        return StreamingResponse(nearly(), media_type="text/event-stream")

    world.answer = answering
    answer = await world.http.send(world.request(await world.door("sly", world.odd), ANTHROPIC), stream=True)
    assert await anext(answer.aiter_raw()) == event(BEGUN)
    await answer.aclose()
    await asyncio.sleep(0)
    hung_up.set()
    while (account := world.gateway.meter.account("sly")) is None or not account.calls:
        await asyncio.sleep(0.01)
    assert account.billed == (Tokens("m", 7, output=90),)


@pytest.mark.parametrize("how", ["gives up", "is told nothing"])
async def test_a_run_that_hides_what_it_spends_is_ended(world: World, how: str) -> None:
    """Calls given up before their end, or answered without their cost: a few happen to anybody."""
    asked = asyncio.Semaphore(0)

    async def answering(request: Request) -> Response:
        asked.release()
        while how == "gives up" and not await request.is_disconnected():
            await asyncio.sleep(0.01)
        return JSONResponse({"model": "m"})

    world.answer = answering
    key = await world.door("hiding", world.odd)
    for number in range(MOST_UNTOLD + 1):
        assert not world.stopped, number
        calling = asyncio.create_task(world.ask(key, ANTHROPIC))
        await asked.acquire()
        if how == "gives up":
            calling.cancel()
        await asyncio.wait([calling])
    while not world.stopped:
        await asyncio.sleep(0.01)
    assert world.stopped == [("hiding", "failed")]
    refused = await world.ask(key, ANTHROPIC)
    assert refused.status_code == 402 and "is not known" in refused.text
    outcome = settled(Outcome("failed", "interrupted", 1.0, "log"), await world.gateway.close("hiding"))
    assert (outcome.ended, outcome.failure) == ("failed", "uncounted") and "21 of its calls" in outcome.summary


async def test_a_run_that_ends_takes_its_calls_along(world: World) -> None:
    """When its door is shut, what was told until then is counted, and the ledger has it."""

    async def endless() -> AsyncIterator[bytes]:
        yield event(BEGUN)
        await asyncio.Event().wait()

    async def answering(_: Request) -> Response:
        return StreamingResponse(endless(), media_type="text/event-stream")

    world.answer = answering
    answer = await world.http.send(world.request(await world.door("cut", world.odd), ANTHROPIC), stream=True)
    await anext(answer.aiter_raw())
    account = await world.gateway.close("cut")
    assert account and account.billed == world.kept["cut"] == (Tokens("m", 7, output=1),)
    await answer.aclose()


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
async def test_a_packed_answer_is_counted_too(world: World, streamed: bool) -> None:
    """A provider that packs though it was asked not to is understood, and the agent gets it plainly."""
    whole = json.dumps({"type": "message", "model": "m", "usage": {"input_tokens": 7, "output_tokens": 90}}).encode()
    body = event(BEGUN) + event(ENDED) if streamed else whole

    async def packed(_: Request) -> Response:
        kind = "text/event-stream" if streamed else "application/json"
        return Response(gzip.compress(body), headers={"content-encoding": "gzip"}, media_type=kind)

    world.answer = packed
    answer = await world.ask(await world.door("packed", world.odd), ANTHROPIC)
    assert answer.content == body and "content-encoding" not in answer.headers
    await world.gateway.close("packed")
    assert world.kept["packed"] == (Tokens("m", 7, output=90),)


async def test_fifty_megabytes_go_through(world: World) -> None:
    """A screenshot or a whole code base, there and back."""

    async def echoed(request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
        return Response(b"x" * size, media_type="application/octet-stream")

    world.answer = echoed
    large = Speaking(ANTHROPIC.path, ANTHROPIC.header, ANTHROPIC.value, {"text": "y" * 50_000_000})
    answer = await world.ask(await world.door("large", world.odd), large)
    assert len(answer.content) > 50_000_000


async def test_chat_is_asked_for_its_cost(world: World) -> None:
    """A stream of chat completions tells it only then; whoever asked for it already is passed on byte by byte."""
    key = await world.play("asked", Scenario([Turn(say="hello", billed=BILLED)]))
    assert "prompt_tokens" in (await world.ask(key, CHAT)).text
    body = CHAT.body | {"stream_options": {"include_usage": True}, "odd": "  as it is  "}
    await world.ask(key, Speaking(CHAT.path, CHAT.header, CHAT.value, body))
    asked = (await world.record("asked")).asked
    assert [each.request.priced for each in asked] == [True, True]
    assert asked[1].bytes == len(world.request(key, Speaking(CHAT.path, CHAT.header, CHAT.value, body)).content)


async def test_what_could_not_be_counted_is_not_asked(world: World) -> None:
    """An answer made in the background would be billed where nobody sees it."""
    key = await world.play("later", Scenario([Turn(say="hello")]))
    responses = DIALECTS["responses"]
    later = Speaking(responses.path, responses.header, responses.value, responses.body | {"background": True})
    assert (await world.ask(key, later)).status_code == 400
    assert (await world.record("later")).asked == []


async def test_counting_is_free(world: World) -> None:
    """A question for the number of tokens is passed on, and is no cost."""
    key = await world.play("free", Scenario([Turn()]))
    free = Speaking("/v1/messages/count_tokens", ANTHROPIC.header, ANTHROPIC.value, ANTHROPIC.body)
    assert (await world.ask(key, free)).json()["input_tokens"] > 0
    account = await world.gateway.close("free")
    assert account and (account.billed, account.calls) == ((), 0)


FINAL = {"anthropic": 402, "responses": 400, "chat": 402, "gemini": 402}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_run_over_its_budget_asks_no_more(world: World, dialect: str) -> None:
    """It is told with the status its program takes as final, and whoever runs it is told once, when it is reached."""
    world.limits = Limits(tokens=2_000)
    key = await world.play("rich", Scenario([Turn(say="hello", billed=Billed(900, output=100))]))
    assert [(await world.ask(key, DIALECTS[dialect])).status_code for _ in range(2)] == [200, 200]
    assert world.stopped == [("rich", "overspent")]
    refused = await world.ask(key, DIALECTS[dialect])
    assert (
        refused.status_code == FINAL[dialect]
        and "used 2 k tokens of the 2 k tokens" in refused.json()["error"]["message"]
    )
    assert len((await world.record("rich")).asked) == 2 and world.stopped == [("rich", "overspent")]
    account = await world.gateway.close("rich")
    assert account and account.overspent


async def test_money_ends_a_run_where_its_price_is_known(world: World) -> None:
    """At the cap it was admitted with; a model without a price is bound by its tokens alone."""
    world.limits = Limits(cost_usd=0.5)
    scenario = Scenario([Turn(say="hello", billed=Billed(900, output=100))])
    key = await world.play("unknown", scenario)
    assert [(await world.ask(key, ANTHROPIC)).status_code for _ in range(2)] == [200, 200]
    world.gateway.meter.price = lambda tokens: tokens.total / 2_000
    key = await world.play("dear", scenario)
    assert [(await world.ask(key, ANTHROPIC)).status_code for _ in range(2)] == [200, 402]
    assert world.stopped == [("dear", "overspent")]


async def test_calls_at_once_are_all_counted(world: World) -> None:
    """Sub-agents of one run ask side by side; each token is theirs together, and the budget, too."""
    world.limits = Limits(tokens=8_000)
    key = await world.play("many", Scenario([Turn(say="hello", billed=Billed(900, output=100), delay=0.05)]))
    answers = await asyncio.gather(*(world.ask(key, ANTHROPIC) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert world.gateway.meter.used("many") == (Tokens("m", 7_200, output=800),)
    assert (await world.ask(key, ANTHROPIC)).status_code == 402


async def test_no_cap_is_passed_by_asking_all_at_once(world: World) -> None:
    """What is asked side by side waits for its turn where it would not fit into what is left."""
    world.limits = Limits(tokens=6_500)
    key = await world.play("burst", Scenario([Turn(say="hello", billed=Billed(900, output=100), delay=0.05)]))
    answers = await asyncio.gather(*(world.ask(key, ANTHROPIC) for _ in range(20)))
    assert [answer.status_code for answer in answers].count(200) == len((await world.record("burst")).asked) == 7
    assert world.stopped == [("burst", "overspent")] and AT_FIRST < 7


async def test_more_than_its_own_limits_may_stop_a_run(world: World) -> None:
    """Whoever knows of the item's, the agent's and the day's caps has a word in it."""
    world.gateway.meter.over_budget = lambda run: f"the cap of the day is reached, and {run} ends"
    key = await world.play("late", Scenario([Turn(say="hello")]))
    refused = await world.ask(key, ANTHROPIC)
    assert refused.status_code == 402 and "The cap of the day" in refused.text


async def test_two_runs_are_two_accounts(world: World) -> None:
    """What one is billed with is not the other's, and a run entered again goes on with its own."""
    scenario = Scenario([Turn(say="hello", billed=Billed(900, output=100))])
    one, other = await world.play("one", scenario), await world.play("other", scenario)
    for key in (one, other, one):
        await world.ask(key, ANTHROPIC)
    await world.gateway.close("one")
    await world.ask(await world.play("one", scenario), ANTHROPIC)
    await world.gateway.close("one")
    await world.gateway.close("other")
    assert world.kept == {"one": (Tokens("m", 2_700, output=300),), "other": (Tokens("m", 900, output=100),)}


async def test_a_refusal_goes_through_as_it_is_and_is_remembered(world: World, speaking: Speaking) -> None:
    """The agent sees the provider's own answer; when it takes work again is known, until it does."""
    turn = Turn(say="at last", refusals=[Refusal(429, after=17)])
    key = await world.play("busy", Scenario([turn]))
    refused = await world.ask(key, speaking)
    assert refused.status_code == 429 and "as the scenario has it" in refused.text
    assert "17" in f"{refused.headers.get('retry-after')}{refused.text}"
    assert world.gateway.meter.limited("busy") == NOW + timedelta(seconds=17)
    assert (await world.ask(key, speaking)).status_code == 200
    assert world.gateway.meter.limited("busy") is None


async def test_nobody_waits_for_hours_at_work(world: World) -> None:
    """A program would hold its place and try again; the run ends, and what frees it is known to the second."""
    turn = Turn(say="never", refusals=[Refusal(429, after=60), Refusal(429, after=7_200)])
    key = await world.play("hours", Scenario([turn]))
    await world.ask(key, ANTHROPIC)
    assert world.stopped == []
    await world.ask(key, ANTHROPIC)
    assert world.stopped == [("hours", "limited")]
    assert world.gateway.meter.limited("hours") == NOW + timedelta(hours=2)


async def test_a_run_has_so_many_calls_at_once(world: World) -> None:
    """One that asks for more is told to come back, and no other run waits for it."""

    async def never(_: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    world.answer = never
    key = await world.door("greedy", world.odd)
    asking = [asyncio.create_task(world.ask(key, ANTHROPIC)) for _ in range(AT_ONCE + 1)]
    (first,), waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert first.result().status_code == 429
    assert (await world.ask(await world.play("other", Scenario([Turn(say="hello")])), ANTHROPIC)).status_code == 200
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)


async def test_a_model_out_of_reach_is_told(world: World, speaking: Speaking) -> None:
    """With a sentence, in the dialect's own words for an error."""
    answer = await world.ask(await world.door("off", "http://127.0.0.1:9"), speaking)
    assert answer.status_code == 502 and "127.0.0.1 was not reached" in answer.json()["error"]["message"]


async def test_rate_limits_are_told_and_cookies_are_not(world: World) -> None:
    """The provider's headers reach the agent, but those of the connection and what only browsers want."""

    async def answering(_: Request) -> Response:
        headers = {"anthropic-ratelimit-tokens-remaining": "5", "set-cookie": "a=b", "request-id": "r"}
        return JSONResponse({}, headers=headers)

    world.answer = answering
    answer = await world.ask(await world.door("told", world.odd), ANTHROPIC)
    assert answer.headers["anthropic-ratelimit-tokens-remaining"] == "5" and answer.headers["request-id"] == "r"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "base, path, whole",
    [
        ("https://api.example", "/v1/messages", "https://api.example/v1/messages"),
        ("https://api.example/", "/messages", "https://api.example/messages"),
        ("https://api.example/openai/v1", "/v1/chat/completions", "https://api.example/openai/v1/chat/completions"),
        ("https://api.example/paas/v4/", "/v1/chat/completions", "https://api.example/paas/v4/chat/completions"),
    ],
)
def test_a_version_in_the_address_counts(base: str, path: str, whole: str) -> None:
    """People write a provider's address with it and without it."""
    assert below(base, path) == whole


def test_a_key_goes_by_the_gateway_unless_told_otherwise() -> None:
    """To the provider whose program it is, or where the settings say; who has no key, or is given it, needs no door."""
    peers: dict[str, dict[str, object]] = {
        "a": {"runtime": "claude", "api_key": REAL},
        "b": {"runtime": "codex", "api_key": REAL, "api_url": "https://models.example"},
        "c": {"runtime": "acp", "command": ["gemini", "--acp"], "api_key": REAL},
        "d": {"runtime": "claude", "api_key": REAL, "gateway": False},
        "e": {"runtime": "claude"},
        "f": {"command": ["agent"], "api_key": REAL, "api_url": "https://own.example"},
    }
    upstreams = gateway_of(Settings(peers=peers), lambda: NOW).upstreams  # type: ignore[arg-type]
    assert {name: upstream.url for name, upstream in upstreams.items()} == {
        "a": "https://api.anthropic.com",
        "b": "https://models.example",
        "c": "https://generativelanguage.googleapis.com",
        "f": "https://own.example",
    }
    with pytest.raises(ValidationError, match="api_key needs api_url"):
        Settings(peers={"g": {"runtime": "acp", "command": ["own"], "api_key": REAL}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "ended, overspent, busy, comes_to",
    [
        ("failed", "", False, "failed"),
        ("failed", "all used", False, "overspent"),
        ("failed", "", True, "limited"),
        ("limited", "all used", True, "overspent"),
        ("finished", "all used", True, "finished"),
        ("cancelled", "all used", True, "cancelled"),
    ],
)
def test_what_the_door_saw_explains_a_failure(ended: Ended, overspent: str, busy: bool, comes_to: Ended) -> None:
    """And nothing else: what finished has finished, whatever it cost."""
    account = Account((Tokens("m", 7),), 1, overspent, busy, NOW if busy else None)
    outcome = settled(Outcome(ended, "said", 1.0, "log"), account)
    assert (outcome.ended, outcome.used) == (comes_to, account.billed)
    assert outcome.until == (NOW if comes_to == "limited" else None)


@pytest.mark.parametrize(
    "status, failure", [(401, "login"), (403, "login"), (404, "model"), (500, "model"), (400, "context")]
)
async def test_what_is_to_be_mended_the_provider_knows(world: World, status: int, failure: str) -> None:
    """Its word counts for more than what a program makes of it: one hides a wrong key, another calls no model one."""
    key = await world.play("wrong", Scenario([Turn(say="hello", refusals=[Refusal(status)])]))
    failed = Outcome("failed", "said", 1.0, "log", failure="context")
    await world.ask(key, CHAT)
    assert settled(failed, world.gateway.meter.account("wrong")).failure == failure
    await world.ask(key, CHAT)
    assert settled(failed, world.gateway.meter.account("wrong")).failure == "context", "it answered since"


async def test_it_listens_on_loopback_alone(world: World) -> None:
    """Whatever host the webhooks' server has."""
    await world.door("here", world.odd)
    assert httpx.URL(world.url).host == "127.0.0.1"


def test_no_log_shows_a_runs_key() -> None:
    """It is known by its beginning, since it is made up long after the log is set up."""
    door = Meter().open("run", "robin", Upstream("https://api.example", REAL), Limits(), lambda _: None, lambda: None)
    assert door.key not in Hiding(()).text(f"the key {door.key} was shown")
    assert door.key not in repr(door) and REAL not in repr(door)
