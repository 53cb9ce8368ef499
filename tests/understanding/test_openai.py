"""The way to a model's host, against real HTTP."""

import asyncio
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.openai import OpenAIModel
from bot.core.errors import (
    AnalystRateLimited,
    AnalystRefused,
    AnalystTimeout,
    AnalystUnavailable,
    AnswerCut,
    AnswerInvalid,
    BotError,
    BudgetSpent,
    QuestionTooLong,
)
from bot.core.ports import Completion, LanguageModel, ModelTraits, Question
from bot.core.prices import Budget, Price
from tests.counterparts import model
from tests.counterparts.faults import Hang
from tests.fakes import FakeClock, FakeModelMemory
from tests.understanding.model_server import ModelServer, Respond, breaks_off, calls, fails, says, sends, waits

KEY = "sk-very-secret-0123456789"
PAYLOAD = "payload_of_the_question"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"greeting": {"type": "string"}},
    "required": ["greeting"],
    "additionalProperties": False,
}
QUESTION = Question(purpose="test", instructions="Greet. Answer in JSON.", content=f"To {PAYLOAD}.", schema=SCHEMA)
ANSWER = '{"greeting": "Hello"}'
NO_FORM = fails(400, "response_format is not supported")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    server = ModelServer(script=[says(ANSWER)])
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    yield server
    await runner.cleanup()


@pytest.fixture
def memory() -> FakeModelMemory:
    return FakeModelMemory()


Connect = Callable[..., OpenAIModel]


@pytest.fixture
async def connect(server: ModelServer, memory: FakeModelMemory, clock: FakeClock) -> AsyncIterator[Connect]:
    """A model at the server, with a few settings of one's own."""
    models: list[OpenAIModel] = []

    def connect(**settings: Any) -> OpenAIModel:
        given = {"api_key": KEY, "base_url": server.url, "model": "small", "memory": memory, "now": clock} | settings
        models.append(OpenAIModel(**given))
        return models[-1]

    yield connect
    for connected in models:
        await connected.close()


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.openai.model.RETRY_PAUSE", 0.01)


async def ask(connect: Connect, **settings: Any) -> Completion:
    asked: LanguageModel = connect(**settings)
    return await asked.ask(QUESTION)


async def failure(connect: Connect, **settings: Any) -> BotError:
    with pytest.raises(BotError) as caught:
        await ask(connect, **settings)
    return caught.value


# A good answer


async def test_an_answer_comes_with_what_it_took(connect: Connect):
    prices = {"small": Price(prompt=1, completion=10)}
    assert await ask(connect, prices=prices) == Completion(
        text=ANSWER, model="small-2026", prompt_tokens=1234, completion_tokens=56, price=pytest.approx(0.001794)
    )


async def test_without_a_price_none_is_made_up(connect: Connect):
    assert (await ask(connect)).price is None


@pytest.mark.parametrize(
    "said",
    [
        f"```json\n{ANSWER}\n```",
        f"```\n{ANSWER}\n```",
        f"```JSON{ANSWER}```",
        f"\n  {ANSWER}\n",
        f"Here it is:\n{ANSWER}\nAnything else?",
        f'<think>Is it {{}}? Or {{"a": 1}}?</think>\n{ANSWER}',
        f"An object such as {{}} or {{'a'}}: {ANSWER}",
    ],
    ids=["fenced", "fenced plainly", "fenced tightly", "spaced", "talkative", "thoughtful", "with other objects"],
)
async def test_the_object_is_found_in_what_is_said(connect: Connect, server: ModelServer, said: str):
    server.script = [says(said)]
    assert (await ask(connect)).text == ANSWER


@pytest.mark.parametrize("said", ["No.", "[]", '{"greeting": "He', "{" * 5_000, "[" * 50_000, '{"a":' * 5_000])
async def test_what_is_no_object_is_left_to_whoever_asked(connect: Connect, server: ModelServer, said: str):
    server.script = [says(said)]
    assert (await ask(connect)).text == said


async def test_half_a_surrogate_pair_and_what_cannot_be_seen_do_no_harm(connect: Connect, server: ModelServer):
    server.script = [says('{"greeting": "a\u202e\ud83d"}', finish_reason="stop")]
    completion = await connect().ask(
        Question(purpose="test", instructions="a", content="\ud83d\udc00", schema=SCHEMA), repair=("\ud83d", "\udc00")
    )
    assert completion.text == '{"greeting": "a"}'


# What is asked


async def test_what_never_changes_stands_first_and_the_data_last(connect: Connect, server: ModelServer):
    asked = connect()
    await asked.ask(QUESTION)
    other = Question(purpose="test", instructions=QUESTION.instructions, content="To others.", schema=SCHEMA)
    await asked.ask(other)
    assert server.said("system", 0) == server.said("system", 1) == QUESTION.instructions
    assert server.said("user", 0) == QUESTION.content
    first, second = ([*request["messages"][:1], request["response_format"]] for request in server.requests)
    assert first == second
    form = server.requests[0]["response_format"]
    assert form["json_schema"] == {"name": "test", "strict": True, "schema": SCHEMA}
    assert server.requests[0]["max_completion_tokens"] > 1_000


async def test_what_nobody_set_is_not_sent(connect: Connect, server: ModelServer):
    await ask(connect)
    assert server.requests[0].keys() == {"messages", "model", "response_format", "max_completion_tokens"}
    await ask(connect, temperature=0.2, service_tier="priority")
    assert (server.requests[1]["temperature"], server.requests[1]["service_tier"]) == (0.2, "priority")
    assert server.keys == {f"Bearer {KEY}"}


async def test_only_openai_gets_a_cache_key(connect: Connect):
    def keys(model: OpenAIModel) -> object:
        return model._request(QUESTION, None, model._lessons.manner).get("prompt_cache_key")

    assert keys(connect()) is None
    assert keys(connect(base_url="https://api.openai.com.evil.example/v1")) is None
    assert str(keys(connect(base_url=None))).startswith("test-")


async def test_an_answer_is_sent_back_to_be_repaired(connect: Connect, server: ModelServer):
    await connect().ask(QUESTION, repair=("Hello", "That is no JSON."))
    said = [(message["role"], message["content"]) for message in server.requests[0]["messages"]]
    assert said[1:] == [("user", QUESTION.content), ("assistant", "Hello"), ("user", "That is no JSON.")]


async def test_an_empty_answer_is_not_sent_back(connect: Connect, server: ModelServer):
    await connect().ask(QUESTION, repair=("", "That was empty."))
    assert [message["role"] for message in server.requests[0]["messages"]] == ["system", "user"]
    assert server.said("user").endswith("That was empty.")


# The ladder


@pytest.mark.parametrize(
    "message",
    ["response_format is not supported", "Unknown parameter: json_schema", "invalid type: `json_schema`"],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_a_host_without_schemas_is_asked_for_any_json_and_that_is_remembered(
    connect: Connect, server: ModelServer, memory: FakeModelMemory, status: int, message: str
):
    server.script = [fails(status, message), says(ANSWER)]
    asked = connect()
    for _ in range(2):
        assert (await asked.ask(QUESTION)).text == ANSWER
    assert server.forms == ["json_schema", "json_object", "json_object"]
    assert server.said("system", 1).startswith(QUESTION.instructions)
    assert json.dumps(SCHEMA) in server.said("system", 1)
    await ask(connect)
    assert server.forms[3:] == ["json_object"]
    assert list(memory.traits) == [(server.url, "small")]


async def test_a_host_without_json_is_asked_for_a_call_and_then_for_anything(connect: Connect, server: ModelServer):
    server.script = [NO_FORM, NO_FORM, calls(ANSWER)]
    assert (await ask(connect)).text == ANSWER
    assert server.requests[2]["tool_choice"]["function"]["name"] == "answer"
    server.script = [fails(400, "tools are not supported"), says(f"Sure: {ANSWER}")]
    assert (await ask(connect)).text == ANSWER
    assert server.forms == ["json_schema", "json_object", "tool", "tool", "text"]


async def test_a_host_that_takes_no_form_at_all_is_an_invalid_answer(connect: Connect, server: ModelServer):
    server.script = [fails(400, "response_format, tools: not supported")]
    assert isinstance(await failure(connect), AnswerInvalid)
    assert server.forms == ["json_schema", "json_object", "tool", "text"]


async def test_a_host_that_twice_ignores_the_schema_is_told_it_in_the_prompt(connect: Connect, server: ModelServer):
    server.script = [says('{"salute": "Hi"}'), says(ANSWER), says('{"salute": "Hi"}'), says("Hi"), says(ANSWER)]
    asked = connect()
    for _ in range(5):
        await asked.ask(QUESTION)
    assert server.forms == ["json_schema"] * 4 + ["json_object"]


async def test_questions_that_fail_together_step_down_once(connect: Connect, server: ModelServer):
    async def takes_objects(request: web.Request) -> web.StreamResponse:
        form = (await request.json()).get("response_format", {}).get("type")
        await asyncio.sleep(0.02)
        return await (says(ANSWER) if form == "json_object" else NO_FORM)(request)

    server.script = [takes_objects]
    asked = connect()
    await asyncio.gather(*(asked.ask(QUESTION) for _ in range(8)))
    assert set(server.forms) == {"json_schema", "json_object"}
    await asked.ask(QUESTION)
    assert server.forms[-1] == "json_object"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Unrecognized request argument supplied: max_completion_tokens", [{"max_tokens"}]),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 12000. The maximum context length is 4096.",
            [{"max_tokens"}],
        ),
    ],
)
async def test_a_host_that_cannot_limit_answers_so_is_asked_otherwise(
    connect: Connect, server: ModelServer, message: str, expected: list[set[str]]
):
    server.script = [fails(400, message), says(ANSWER)]
    asked = connect()
    for _ in range(2):
        await asked.ask(QUESTION)
    limits = [{"max_tokens", "max_completion_tokens"} & request.keys() for request in server.requests]
    assert limits == [{"max_completion_tokens"}, *expected, *expected]
    server.script = [fails(400, "max_tokens is not supported"), says(ANSWER)]
    await asked.ask(QUESTION)
    assert server.requests[-1].keys() == {"messages", "model", "response_format"}


# Service tiers


@pytest.mark.parametrize(
    "no_room",
    [fails(429, "Resource unavailable", code="resource_unavailable"), fails(503)],
    ids=["429", "503"],
)
async def test_flex_without_room_falls_back_for_that_question(
    connect: Connect, server: ModelServer, memory: FakeModelMemory, no_room: Respond
):
    server.script = [no_room, says(ANSWER, tier="default"), says(ANSWER, tier="flex")]
    prices = {"small": Price(prompt=2, completion=2), "small@flex": Price(prompt=1, completion=1)}
    asked = connect(service_tier="flex", prices=prices)
    assert (await asked.ask(QUESTION)).price == pytest.approx(0.00258)
    assert (await asked.ask(QUESTION)).price == pytest.approx(0.00129)
    assert [request["service_tier"] for request in server.requests] == ["flex", "default", "flex"]
    assert [call.service_tier for call in memory.calls] == ["flex", "default", "flex"]


async def test_a_host_without_tiers_is_asked_without(connect: Connect, server: ModelServer):
    server.script = [fails(400, "Unknown parameter: 'service_tier'."), says(ANSWER)]
    asked = connect(service_tier="flex")
    for _ in range(2):
        await asked.ask(QUESTION)
    assert ["service_tier" in request for request in server.requests] == [True, False, False]


async def test_flex_may_take_longer_than_others(connect: Connect, server: ModelServer):
    server.script = [waits(0.4, says(ANSWER))]
    assert isinstance(await failure(connect, timeout=0.1), AnalystTimeout)
    assert await ask(connect, timeout=0.1, service_tier="flex")


# Answers that cannot be used

_OTHER = {
    "empty": (says(""), AnswerCut),
    "blank": (says(" \n"), AnswerCut),
    "nothing": (says(None), AnswerCut),
    "cut off": (says(ANSWER, finish_reason="length"), AnswerCut),
    "filtered": (says(ANSWER, finish_reason="content_filter"), AnswerInvalid),
    "refused by the model": (says(None, refusal="I cannot help with that."), AnswerInvalid),
    "HTML": (sends("<html><body>Sign in</body></html>", content_type="text/html"), AnswerInvalid),
    "HTML that says it is JSON": (sends("<html>"), AnswerInvalid),
    "no choices": (sends('{"choices": []}'), AnswerInvalid),
    "null choices": (sends('{"choices": null}'), AnswerInvalid),
    "null": (sends("null"), AnswerInvalid),
    "no body": (sends(""), AnswerInvalid),
    "half a body": (sends('{"choices": [{"mess'), AnswerInvalid),
    "deep nesting": (sends("[" * 100_000), AnswerInvalid),
    "two megabytes": (says("x" * 2_000_000), AnswerInvalid),
    "two megabytes of JSON": (says(json.dumps({"greeting": "x" * 2_000_000})), AnswerInvalid),
    "too long a context": (fails(400, "no", code="context_length_exceeded"), QuestionTooLong),
    "too long for vLLM": (fails(400, "This model's maximum context length is 4096 tokens."), QuestionTooLong),
    "too large": (fails(413), QuestionTooLong),
    "not understood": (fails(400, "Bad request"), AnswerInvalid),
}


@pytest.mark.parametrize(("respond", "error"), _OTHER.values(), ids=_OTHER)
async def test_an_answer_that_cannot_be_used_is_invalid(
    connect: Connect, server: ModelServer, memory: FakeModelMemory, respond: Respond, error: type[BotError]
):
    server.script = [respond]
    raised = await failure(connect)
    assert type(raised) is error
    assert not raised.retry
    assert len(server.requests) == 1
    assert [call.error for call in memory.calls] == [error.__name__]


async def test_any_usage_is_taken_for_what_it_is(connect: Connect, server: ModelServer, memory: FakeModelMemory):
    usage = {"prompt_tokens": 100, "completion_tokens": None, "prompt_tokens_details": {"cached_tokens": 60}}
    server.script = [says(ANSWER, usage=usage), says(ANSWER, usage={"prompt_tokens_details": None})]
    asked = connect(prices={"small": Price(prompt=10, completion=10, cached=1)})
    assert (await asked.ask(QUESTION)).price == pytest.approx(0.00046)
    assert (await asked.ask(QUESTION)).prompt_tokens == 0
    assert [call.cached_tokens for call in memory.calls] == [60, 0]


# Hosts that do not answer


@pytest.mark.parametrize(
    ("respond", "error", "requests"),
    [
        (fails(401, f"Incorrect API key provided: {KEY}"), AnalystRefused, 1),
        (fails(403), AnalystRefused, 1),
        (fails(404, "no such model"), AnalystRefused, 1),
        (fails(402, "no money"), AnalystRefused, 1),
        (fails(400, "API key not valid", code="invalid_api_key"), AnalystRefused, 1),
        (fails(429, code="insufficient_quota"), AnalystRefused, 1),
        (fails(429, Retry_After="0"), AnalystRateLimited, 2),
        (fails(429), AnalystRateLimited, 2),
        (fails(429, Retry_After="150"), AnalystRateLimited, 1),
        (fails(500), AnalystUnavailable, 2),
        (fails(503, Retry_After="0"), AnalystUnavailable, 2),
        (breaks_off, AnalystUnavailable, 2),
    ],
    ids=["401", "403", "404", "402", "400 key", "quota", "429 now", "429", "429 later", "500", "503", "broken"],
)
async def test_each_failure_of_the_host_has_its_error(
    connect: Connect,
    server: ModelServer,
    memory: FakeModelMemory,
    respond: Respond,
    error: type[BotError],
    requests: int,
):
    server.script = [respond]
    raised = await failure(connect)
    assert type(raised) is error
    assert raised.retry == issubclass(error, AnalystUnavailable)
    assert len(server.requests) == requests
    assert [call.error for call in memory.calls] == [error.__name__] * requests


async def test_a_host_that_nobody_serves_is_unavailable(connect: Connect):
    assert type(await failure(connect, base_url="http://127.0.0.1:9/v1")) is AnalystUnavailable


async def test_a_host_that_hangs_is_out_of_time(connect: Connect, server: ModelServer):
    server.script = [waits(30, says(ANSWER))]
    error = await failure(connect, timeout=0.2)
    assert type(error) is AnalystTimeout
    assert error.retry


async def test_a_host_that_sends_a_byte_now_and_then_is_out_of_time(connect: Connect, server: ModelServer):
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(300):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    server.script = [drip]
    assert type(await failure(connect, timeout=0.3)) is AnalystTimeout


async def test_a_host_that_breaks_off_in_its_answer_is_unavailable(connect: Connect, server: ModelServer):
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices"')
        return await breaks_off(request)

    server.script = [half]
    assert type(await failure(connect)) is AnalystUnavailable


async def test_one_failure_is_forgiven(connect: Connect, server: ModelServer):
    server.script = [fails(500), says(ANSWER)]
    assert (await ask(connect)).text == ANSWER


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("150", timedelta(seconds=150)),
        ("600.5", timedelta(seconds=600.5)),
        ("999999999", None),
        ("inf", None),
        ("nan", None),
        ("-3", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
async def test_the_hosts_wish_to_wait_is_passed_on(
    connect: Connect, server: ModelServer, header: str, expected: timedelta | None
):
    server.script = [fails(429, Retry_After=header)]
    assert (await failure(connect)).retry_after == expected


# What is remembered


async def test_every_call_is_recorded(connect: Connect, server: ModelServer, memory: FakeModelMemory, clock: FakeClock):
    server.script = [NO_FORM, says(ANSWER)]
    await ask(connect, base_url=server.url.replace("://", "://name:word@") + "/")
    refused, answered = memory.calls
    assert (refused.rung, refused.error, refused.request_id) == ("json_schema", "Rejected", "req_2")
    assert (answered.rung, answered.error, answered.request_id) == ("json_object", "", "req_1")
    assert (answered.purpose, answered.endpoint, answered.model) == ("test", server.url, "small")
    assert (answered.prompt_tokens, answered.completion_tokens, answered.at) == (1234, 56, clock())
    assert 0 < answered.seconds < 5


async def test_bytes_per_token_follow_what_the_host_counts(
    connect: Connect, server: ModelServer, memory: FakeModelMemory
):
    asked = connect()
    assert (await asked.state()).bytes_per_token is None
    long = Question(purpose="test", instructions="Greet.", content="word " * 2_000, schema=SCHEMA)
    server.script = [says(ANSWER, usage={"prompt_tokens": 5_000})]
    await asked.ask(QUESTION)  # too short to tell
    assert (await asked.state()).bytes_per_token is None
    await asked.ask(long)
    first = (await asked.state()).bytes_per_token
    assert first == pytest.approx(2.05, abs=0.05)
    server.script = [says(ANSWER, usage={"prompt_tokens": 1})]
    await asked.ask(long)
    second = (await asked.state()).bytes_per_token
    assert first is not None
    assert second is not None
    assert first < second < 3
    assert (await connect().state()).bytes_per_token == second


async def test_after_a_restart_the_rung_is_still_known(connect: Connect, server: ModelServer, engine: AsyncEngine):
    server.script = [NO_FORM, says(ANSWER)]
    await ask(connect, memory=DatabaseModelMemory(engine))
    await ask(connect, memory=DatabaseModelMemory(engine))
    assert server.forms == ["json_schema", "json_object", "json_object"]


async def test_a_rung_that_nobody_knows_any_more_is_forgotten(
    connect: Connect, server: ModelServer, memory: FakeModelMemory
):
    memory.traits[server.url, "small"] = ModelTraits(rung="functions")
    await ask(connect)
    assert server.forms == ["json_schema"]


# The budget


async def test_nothing_is_asked_once_the_budget_is_spent(
    connect: Connect, server: ModelServer, memory: FakeModelMemory, clock: FakeClock
):
    asked = connect(budget=Budget(tokens=2_000))
    assert (await asked.state()).budget_used == 0
    await asked.ask(QUESTION)
    assert (await asked.state()).budget_used == pytest.approx(0.645)
    await asked.ask(QUESTION)
    with pytest.raises(BudgetSpent):
        await asked.ask(QUESTION)
    assert len(server.requests) == len(memory.calls) == 2
    clock.forward(timedelta(days=1))
    assert await asked.ask(QUESTION)


async def test_a_budget_may_be_in_dollars(connect: Connect, server: ModelServer):
    asked = connect(budget=Budget(price=0.001), prices={"small": Price(prompt=1, completion=1)})
    await asked.ask(QUESTION)
    with pytest.raises(BudgetSpent):
        await asked.ask(QUESTION)
    assert len(server.requests) == 1


# What must not happen


async def test_never_more_than_eight_questions_are_under_way(connect: Connect, server: ModelServer):
    server.script = [waits(0.05, says(ANSWER))]
    asked = connect()
    await asyncio.gather(*(asked.ask(QUESTION) for _ in range(40)))
    assert server.busiest == 8
    assert len(server.requests) == 40


async def test_a_failed_question_gives_its_place_back(connect: Connect, server: ModelServer):
    server.script = [fails(401)] * 3 + [says(ANSWER)]
    asked = connect(max_in_flight=1)
    for _ in range(3):
        with pytest.raises(AnalystRefused):
            await asked.ask(QUESTION)
    assert await asked.ask(QUESTION)


@pytest.mark.parametrize(
    "respond",
    [
        fails(401, f"Incorrect API key provided: {KEY}, for {PAYLOAD}"),
        fails(400, f"{KEY} {PAYLOAD}"),
        fails(400, f"response_format {KEY} {PAYLOAD}"),
        fails(500, f"{KEY} {PAYLOAD}"),
        fails(429, f"{KEY} {PAYLOAD}", code="insufficient_quota"),
        says(f"{KEY} {PAYLOAD}"),
        says(f"{KEY} {PAYLOAD}", finish_reason="length"),
        sends(f"<html>{KEY} {PAYLOAD}", content_type="text/html"),
        breaks_off,
        says(ANSWER),
    ],
    ids=["401", "400", "form", "500", "quota", "nonsense", "cut", "HTML", "broken connection", "good"],
)
async def test_neither_key_nor_payload_is_in_errors_or_logs(
    connect: Connect,
    server: ModelServer,
    memory: FakeModelMemory,
    respond: Respond,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
):
    caplog.set_level(logging.DEBUG)
    server.script = [respond]
    text = ""
    try:
        await ask(connect)
    except BotError as error:
        text = (
            "".join(traceback.format_exception(error))
            + repr(error.__dict__)
            + repr((error.__cause__, error.__context__))
        )
    printed = capsys.readouterr()
    for found in (text, caplog.text, printed.out, printed.err, repr(memory.calls)):
        assert KEY not in found
        assert PAYLOAD not in found


def test_importing_the_adapter_does_not_import_the_sdk():
    code = "import sys, bot.adapters.openai; print('openai' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


async def test_warming_up_asks_nothing(connect: Connect, server: ModelServer):
    await connect().warm_up()
    assert not server.requests


async def test_closing_twice_or_unused_is_harmless(connect: Connect):
    asked = connect()
    await asked.close()
    await asked.warm_up()
    await asked.close()
    await asked.close()


# A server that checks what it is asked


@pytest.fixture
def counterpart(connect: Connect, emulated_model: model.ModelProxy) -> Connect:
    return lambda **settings: connect(**{"api_key": model.API_KEY, "base_url": emulated_model.api, **settings})


async def test_each_rung_is_a_request_that_a_server_takes(counterpart: Connect, emulated_model: model.ModelProxy):
    emulated_model.answer(ANSWER)
    asked = counterpart()
    for parameter in ("response_format", "response_format", "tools"):
        assert (await asked.ask(QUESTION)).text == ANSWER
        emulated_model.fail(model.unsupported(parameter))
    assert (await asked.ask(QUESTION)).text == ANSWER
    formats = [call.chat.response_format for call in emulated_model.calls if call.status == 200]
    assert formats == ["json_schema", "json_object", None, None]


async def test_what_a_provider_may_do_has_its_error(counterpart: Connect, emulated_model: model.ModelProxy):
    emulated_model.answer(ANSWER)
    asked = counterpart(timeout=0.5)
    for fault, error, calls_made in (
        (model.rate_limited(0), AnalystRateLimited, 2),
        (model.quota_exhausted(), AnalystRefused, 1),
        (model.server_error(), AnalystUnavailable, 2),
        (model.html_page(), AnswerInvalid, 1),
        (model.malformed_json(), AnswerInvalid, 1),
        (Hang(), AnalystTimeout, 2),
    ):
        before = len(emulated_model.calls)
        emulated_model.fail(fault, calls_made)
        with pytest.raises(error):
            await asked.ask(QUESTION)
        assert len(emulated_model.calls) - before == calls_made
    assert (await asked.ask(QUESTION)).text == ANSWER
