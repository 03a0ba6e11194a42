"""The scripted endpoint tells the same story in every dialect, and keeps what was asked and billed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests.models.scenario import Billed, Delegate, Refusal, Run, Scenario, Turn, Use
from tests.models.serving import Models, serving

Json = dict[str, Any]
SCHEMA: Json = {"type": "object"}
BILLED = Billed(11, 200, 3_000, 0, 40_000, 500)


class Talk:
    """A conversation in one dialect: what was said so far goes out whole with every request, as programs do it."""

    path = ""

    def __init__(self, models: Models, url: str) -> None:
        self.client = models.admin  # the same app, by its socket
        self.url = url.removeprefix(models.url)

    def ask(self, *said: str, tools: tuple[str, ...] = ("shell",)) -> httpx.Response:
        """The user and the model speak by turns; the user begins."""
        return self.client.post(f"{self.url}/{self.path}", json=self.body(said, tools))

    def body(self, said: tuple[str, ...], tools: tuple[str, ...]) -> Json:
        raise NotImplementedError


class Anthropic(Talk):
    path = "v1/messages"

    def body(self, said: tuple[str, ...], tools: tuple[str, ...]) -> Json:
        messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
        offered = [{"name": name, "input_schema": SCHEMA} for name in tools]
        return {"model": "m", "max_tokens": 9, "stream": True, "messages": messages, "tools": offered}


class Responses(Talk):
    path = "v1/responses"

    def body(self, said: tuple[str, ...], tools: tuple[str, ...]) -> Json:
        items = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
        return {"model": "m", "stream": True, "input": items, "tools": [{"type": "function", "name": n} for n in tools]}


class Chat(Talk):
    path = "v1/chat/completions"

    def body(self, said: tuple[str, ...], tools: tuple[str, ...]) -> Json:
        messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
        offered = [{"type": "function", "function": {"name": name}} for name in tools]
        more = {"stream": True, "stream_options": {"include_usage": True}}
        return {"model": "m", "messages": messages, "tools": offered, **more}


class Gemini(Talk):
    path = "v1beta/models/m:streamGenerateContent"

    def body(self, said: tuple[str, ...], tools: tuple[str, ...]) -> Json:
        contents = [{"role": ("user", "model")[n % 2], "parts": [{"text": text}]} for n, text in enumerate(said)]
        return {"contents": contents, "tools": [{"functionDeclarations": [{"name": name} for name in tools]}]}


TOLD = {
    Anthropic: {11, 200, 3_000, 40_000},
    Responses: {3_211, 200, 3_000, 40_000, 500},
    Chat: {3_211, 200, 40_000, 500},
    Gemini: {3_211, 200, 39_500, 500},
}


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    with TemporaryDirectory(prefix="models-") as folder, serving(Path(folder)) as running:
        yield running


@pytest.fixture(params=[Anthropic, Responses, Chat, Gemini], ids=lambda talk: talk.__name__)
def dialect(request: pytest.FixtureRequest) -> type[Talk]:
    return request.param


def test_the_turn_follows_from_the_request_alone(models: Models, dialect: type[Talk]) -> None:
    """Whoever asks the same twice, or after a restart, gets the same."""
    talk = dialect(models, models.play("turns", Scenario([Turn(say="first"), Turn(say="second")])))
    assert "second" in talk.ask("do it", "first", "go on").text
    assert "first" in talk.ask("do it").text
    assert "first" in talk.ask("do it").text


def test_every_token_is_told_and_kept(models: Models, dialect: type[Talk]) -> None:
    """What the answer says of its cost is what the record holds, but where the dialect has no word for it."""
    talk = dialect(models, models.play("cost", Scenario([Turn(say="hello", billed=BILLED)])))
    assert TOLD[dialect] <= _numbers(talk.ask("do it").text)
    whole = BILLED if dialect in (Anthropic, Responses) else BILLED.without_writes()
    assert models.record("cost").billed() == {"m": whole}


def test_refusals_come_first_and_cost_nothing(models: Models, dialect: type[Talk]) -> None:
    """One for each time the turn is asked for, with the time to come back."""
    turn = Turn(say="at last", refusals=[Refusal(529), Refusal(429, after=17)])
    talk = dialect(models, models.play("refused", Scenario([turn])))
    answers = [talk.ask("do it") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [529, 429, 200]
    assert "17" in f"{answers[1].headers.get('retry-after')}{answers[1].text}"
    assert [each.billed is None for each in models.record("refused").asked] == [True, True, False]


def test_a_call_has_the_name_the_program_gives_it(models: Models, dialect: type[Talk]) -> None:
    """A command goes to whichever shell is offered; a tool that is not there is an error that says so."""
    talk = dialect(models, models.play("named", Scenario([Turn([Run("ls"), Use("mcp__ask", {"a": 1})])])))
    answer = talk.ask("do it", tools=("bash",)).text
    assert '"bash"' in answer and '"mcp__ask"' in answer
    refused = talk.ask("do it", tools=("hammer",))
    assert refused.status_code == 400 and "hammer" in refused.text


def test_a_sub_agent_has_turns_of_its_own(models: Models, dialect: type[Talk]) -> None:
    """It is known by its prompt; and who offers no tools asks beside the work."""
    delegate = Delegate("count the files", [Turn(say="three")])
    scenario = Scenario([Turn([delegate]), Turn(say="done")], aside=Turn(say="a title"))
    talk = dialect(models, models.play("helped", scenario))
    assert "three" in talk.ask("please count the files").text
    assert "a title" in talk.ask("name this", tools=()).text
    assert [each.branch for each in models.record("helped").asked] == ["count the files", "aside"]


def test_who_hangs_up_before_the_model_speaks_pays_nothing(models: Models, dialect: type[Talk]) -> None:
    """An interrupted request stands in the record, without a bill, also when its answer would have been due."""
    talk = dialect(models, models.play("slow", Scenario([Turn(say="late", delay=0.2)])))
    with pytest.raises(httpx.ReadTimeout):
        models.admin.post(f"{talk.url}/{talk.path}", json=talk.body(("do it",), ("shell",)), timeout=0.05)
    assert "late" in talk.ask("do it").text
    assert [each.billed is None for each in models.record("slow").asked] == [True, False]


def test_what_no_dialect_knows_is_kept(models: Models) -> None:
    """A program that asks for something else is found out."""
    url = models.play("odd", Scenario([Turn(say="done")])).removeprefix(models.url)
    assert models.admin.get(f"{url}/v1/models").status_code == 404
    assert models.record("odd").strays == ["GET v1/models"]


def test_a_scenario_is_plain_data(models: Models) -> None:
    """It may come from anywhere; a word too much is refused."""
    turns = [{"calls": [{"command": "ls"}, {"path": "a", "text": "b"}], "billed": {"input": 5}}]
    assert models.admin.put("/_models/plain", content=json.dumps({"turns": turns})).is_success
    turns[0]["calls"].append({"command": "ls", "path": "a"})  # type: ignore[attr-defined]
    assert not models.admin.put("/_models/plain", content=json.dumps({"turns": turns})).is_success


def _numbers(stream: str) -> set[int]:
    """Every number in the last event that tells a cost."""
    told: set[int] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, int) and not isinstance(value, bool):
            told.add(value)

    for line in stream.splitlines():
        if "sage" in line and line.startswith("data: {"):
            walk(json.loads(line.removeprefix("data: ")))
    return told
