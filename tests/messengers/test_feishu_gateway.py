"""One way to Feishu: its token, what it repeats, how long it waits, how calls are spaced, and what each error means."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import stamina

from bot.adapters.feishu import failures
from bot.adapters.feishu.gateway import PATCH, REPLY, SEND, FeishuGateway
from bot.adapters.feishu.tokens import Issued, TenantToken
from bot.core import errors
from bot.core.pacing import giving_way
from tests.counterparts.faults import Answer, Fault, Hang, Reset
from tests.messengers.scripted_feishu import APP_ID, APP_SECRET, TOKEN, ScriptedFeishu, refused
from tests.stopwatch import Heard, Watch

CHAT = "GET /open-apis/im/v1/chats/:chat_id"
GROUP = "GET /open-apis/im/v1/chats/oc_1"


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """How long was waited before each repetition, in seconds."""
    waited: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: waited.append(details.wait_for)])
    yield waited
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture(autouse=True)
def hurry(request: pytest.FixtureRequest) -> Iterator[None]:
    """Repetitions follow at once, unless a test looks at how long is waited."""
    stamina.set_testing("waits" not in request.fixturenames, attempts=3)
    yield
    stamina.set_testing(False)


async def post(gateway: FeishuGateway, group: str = "oc_1", uuid: str = "u1") -> str:
    body = {"receive_id": group, "msg_type": "text", "content": '{"text":"Hello."}', "uuid": uuid}
    answer = await gateway.call(SEND, query={"receive_id_type": "chat_id"}, body=body, whom=group)
    return answer["data"]["message_id"]


async def look(gateway: FeishuGateway) -> dict[str, Any]:
    return await gateway.call(CHAT, path={"chat_id": "oc_1"})


# Tokens


async def test_a_call_carries_the_token_that_the_app_s_id_and_secret_are_good_for(
    gateway: FeishuGateway, scripted: ScriptedFeishu
):
    assert await post(gateway) == "om_1"
    asked, sent = scripted.calls
    assert (asked.method, asked.body) == (TOKEN, {"app_id": APP_ID, "app_secret": APP_SECRET})
    assert (sent.method, sent.token, sent.query) == (SEND, "t-1", {"receive_id_type": "chat_id"})
    assert sent.body == {"receive_id": "oc_1", "msg_type": "text", "content": '{"text":"Hello."}', "uuid": "u1"}


async def test_a_token_is_kept_and_many_calls_at_once_ask_for_one(gateway: FeishuGateway, scripted: ScriptedFeishu):
    await asyncio.gather(*(look(gateway) for _ in range(10)))
    await look(gateway)
    assert len(scripted.calls_of(TOKEN)) == 1
    assert {call.token for call in scripted.calls_of(GROUP)} == {"t-1"}


async def test_a_token_is_renewed_before_it_expires(scripted: ScriptedFeishu):
    watch = Watch()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    for minutes in (0, 109, 2, 60):
        watch.now += minutes * 60
        await look(gateway)
    assert [call.token for call in scripted.calls_of(GROUP)] == ["t-1", "t-1", "t-2", "t-2"]


@pytest.mark.parametrize("code", [99991661, 99991663, 99991664])
async def test_a_token_that_is_rejected_is_replaced_once(gateway: FeishuGateway, scripted: ScriptedFeishu, code: int):
    scripted.fail(SEND, refused(code, status=400))
    await post(gateway)
    assert [call.token for call in scripted.calls_of(SEND)] == ["t-1", "t-2"]
    scripted.fail(SEND, refused(code, status=400), times=None)
    with pytest.raises(failures.TokenRejected):
        await post(gateway)
    assert [call.token for call in scripted.calls_of(SEND)[2:]] == ["t-2", "t-3"]


async def test_many_calls_whose_token_is_rejected_replace_it_once():
    issued = iter(("t-1", "t-2", "t-3"))

    async def issue() -> Issued:
        await asyncio.sleep(0)
        return Issued(token=next(issued), lives=timedelta(hours=2))

    token = TenantToken(issue, clock=Watch())
    first = await token.current()
    assert await asyncio.gather(*(token.renewed(first) for _ in range(5))) == ["t-2"] * 5


async def test_many_calls_during_an_outage_ask_for_a_token_once_and_learn_of_it_together():
    asked, gate = list[int](), asyncio.Event()

    async def issue() -> Issued:
        asked.append(1)
        await gate.wait()
        raise errors.PlatformUnavailable

    token = TenantToken(issue, clock=Watch())
    calls = [asyncio.create_task(token.current()) for _ in range(5)]
    await asyncio.sleep(0)
    calls[0].cancel()  # whoever gives up takes nothing from the others
    gate.set()
    failed = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(each) for each in failed] == [asyncio.CancelledError, *[errors.PlatformUnavailable] * 4]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refused(10003, "invalid param"), errors.CredentialsRejected),
        (refused(10014, "app secret invalid"), errors.CredentialsRejected),
        (refused(99991400, status=429, headers={"x-ogw-ratelimit-reset": "120"}), errors.PlatformUnavailable),
        (Answer(status=502, body="<html>Bad Gateway</html>"), errors.PlatformUnavailable),
        (Reset(), errors.PlatformUnavailable),
    ],
    ids=str,
)
async def test_without_a_token_nothing_is_sent_and_the_reason_told(
    gateway: FeishuGateway, scripted: ScriptedFeishu, fault: Fault, error: type[errors.BotError]
):
    scripted.fail(TOKEN, fault, times=None)
    with pytest.raises(error) as problem:
        await post(gateway)
    assert scripted.calls_of(SEND) == []
    assert problem.value.permanent is (error is errors.CredentialsRejected)


async def test_an_outage_of_a_moment_does_not_keep_the_token_away(gateway: FeishuGateway, scripted: ScriptedFeishu):
    scripted.fail(TOKEN, Reset())
    await post(gateway)


# What is repeated


LOST = [
    Reset(),
    Reset(processed=True),
    Answer(status=502, body="<html>Bad Gateway</html>"),
    Answer(status=504, body="", processed=True),
    Answer(status=200, body="not JSON", processed=True),
    Answer(status=500, body={"code": 2200, "msg": "Internal Error"}, processed=True),
    refused(230049, "the message is being sent"),
]


@pytest.mark.parametrize("fault", LOST, ids=str)
@pytest.mark.parametrize("kept", [True, False], ids=["kept connections", "new connections"])
async def test_a_post_whose_answer_got_lost_is_repeated_as_it_was_and_makes_one_message(
    gateway: FeishuGateway, scripted: ScriptedFeishu, fault: Fault, kept: bool
):
    scripted.fail(SEND, fault)
    if kept:
        async with gateway.connected():
            assert await post(gateway) == "om_1"
    else:
        assert await post(gateway) == "om_1"
    first, second = scripted.calls_of(SEND)
    assert first.body == second.body
    assert scripted.messages == {"u1": "om_1"}


@pytest.mark.parametrize("fault", LOST, ids=str)
async def test_a_post_without_any_answer_may_have_arrived(
    gateway: FeishuGateway, scripted: ScriptedFeishu, fault: Fault
):
    scripted.fail(SEND, fault, times=None)
    with pytest.raises(errors.DeliveryUncertain):
        await post(gateway)
    assert len(scripted.calls_of(SEND)) == 3


async def test_a_slow_answer_is_not_waited_for_longer_than_the_time_limit(scripted: ScriptedFeishu):
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, timeout=0.2)
    scripted.fail(SEND, Hang(seconds=30, processed=True))
    assert await post(gateway) == "om_1"
    assert len(scripted.messages) == 1


async def test_a_refusal_after_a_lost_answer_leaves_open_whether_the_message_arrived(
    gateway: FeishuGateway, scripted: ScriptedFeishu
):
    scripted.fail(SEND, Reset(processed=True))
    scripted.fail(SEND, refused(99991400, status=429, headers={"x-ogw-ratelimit-reset": "120"}))
    with pytest.raises(errors.DeliveryUncertain) as problem:
        await post(gateway)
    assert problem.value.retry_after == timedelta(seconds=120)


async def test_where_nothing_listens_nothing_can_have_arrived():
    gateway = FeishuGateway(APP_ID, APP_SECRET, "http://127.0.0.1:9")
    with pytest.raises(errors.PlatformUnavailable, match="Feishu did not answer"):
        await post(gateway)


async def test_a_question_without_an_answer_is_an_outage(gateway: FeishuGateway, scripted: ScriptedFeishu):
    scripted.fail(GROUP, Reset())
    await look(gateway)
    scripted.fail(GROUP, Answer(status=503, body=""), times=None)
    with pytest.raises(errors.PlatformUnavailable, match="Feishu did not answer"):
        await look(gateway)


# Rate limits


@pytest.mark.parametrize(
    "fault",
    [
        refused(99991400, "request trigger frequency limit", status=429, headers={"x-ogw-ratelimit-reset": "1"}),
        refused(99991400, "request trigger frequency limit", status=400, headers={"x-ogw-ratelimit-reset": "1"}),
        refused(230020, "rate limit", headers={"x-ogw-ratelimit-reset": "1"}),
        refused(11232, "system pressure", headers={"x-ogw-ratelimit-reset": "1"}),
        Answer(status=429, body="Too Many Requests", headers={"x-ogw-ratelimit-reset": "1"}),
    ],
    ids=str,
)
async def test_a_rate_limit_is_waited_out_as_long_as_feishu_says(
    gateway: FeishuGateway, scripted: ScriptedFeishu, waits: list[float], fault: Fault
):
    scripted.fail(SEND, fault)
    await post(gateway)
    assert waits == [1.0]
    assert len(scripted.messages) == 1


async def test_a_rate_limit_without_a_time_is_waited_out_longer_each_time(
    gateway: FeishuGateway, scripted: ScriptedFeishu, waits: list[float]
):
    scripted.fail(SEND, refused(230020), times=None)
    with pytest.raises(failures.RateLimited) as problem:
        await post(gateway)
    assert problem.value.retry_after is None
    assert len(waits) == 2


async def test_a_rate_limit_that_is_too_long_is_left_to_the_ledger(
    gateway: FeishuGateway, scripted: ScriptedFeishu, waits: list[float]
):
    scripted.fail(SEND, refused(99991400, status=429, headers={"x-ogw-ratelimit-reset": "120"}))
    with pytest.raises(errors.PlatformUnavailable) as problem:
        await post(gateway)
    assert (problem.value.retry_after, waits) == (timedelta(seconds=120), [])


async def test_whoever_wants_to_know_hears_of_limits_that_are_kept_and_hit(scripted: ScriptedFeishu):
    watch, heard = Watch(), Heard()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep, waits=heard)
    for number in range(6):
        await post(gateway, uuid=f"u{number}")
    scripted.fail(SEND, refused(230020, headers={"x-ogw-ratelimit-reset": "120"}))
    scripted.fail(SEND, refused(230020), times=None)
    for group in ("oc_2", "oc_2", "oc_3"):
        with pytest.raises(errors.PlatformUnavailable):
            await post(gateway, group=group)
    assert heard == [("kept", 1.1), ("hit", 120.0), *[("hit", 0.0)] * 3]


async def test_who_was_told_to_wait_does_not_ask_meanwhile_but_others_may(scripted: ScriptedFeishu):
    watch = Watch()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    scripted.fail(SEND, refused(230020, headers={"x-ogw-ratelimit-reset": "120"}))
    for _ in range(3):
        with pytest.raises(errors.PlatformUnavailable):
            await post(gateway)
    assert len(scripted.calls_of(SEND)) == 1
    await post(gateway, "oc_2", "u2")
    watch.now += 121
    await post(gateway)
    assert len(scripted.messages) == 2


@pytest.mark.parametrize("reset", ["", "soon", "-1", "1.5", "9" * 5000])
async def test_a_time_that_is_none_is_not_believed(gateway: FeishuGateway, scripted: ScriptedFeishu, reset: str):
    scripted.fail(SEND, refused(230020, headers={"x-ogw-ratelimit-reset": reset}))
    await post(gateway)


# Pace


async def test_five_messages_a_second_go_into_one_group_and_other_groups_do_not_wait(scripted: ScriptedFeishu):
    watch = Watch()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    at: list[float] = []
    for number in range(11):
        await post(gateway, uuid=str(number))
        at.append(round(watch.now - 100, 1))
    await post(gateway, "oc_2", "another")
    at.append(round(watch.now - 100, 1))
    assert at == [0.0] * 5 + [1.1] * 5 + [2.2, 2.2]


async def test_a_message_is_answered_and_changed_five_times_a_second(scripted: ScriptedFeishu):
    watch = Watch()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    for _ in range(5):
        await gateway.call(REPLY, path={"message_id": "om_1"}, body={"uuid": "u"}, whom="om_1")
    await gateway.call(PATCH, path={"message_id": "om_1"}, body={"content": "{}"}, whom="om_1")
    assert round(watch.now - 100, 1) == 1.1


async def test_an_app_makes_fifty_calls_of_a_method_in_a_second_and_a_thousand_in_a_minute(scripted: ScriptedFeishu):
    watch = Watch()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    at: list[float] = []
    async with gateway.connected():
        for number in range(1_001):
            await post(gateway, f"oc_{number}", str(number))
            at.append(round(watch.now - 100, 3))
    assert (at[49], at[50], at[999], at[1_000]) == (0.0, 1.1, 20.9, 60.0)


async def test_posts_of_the_clock_are_spread_over_the_minute_and_an_answer_does_not_wait_for_them(
    scripted: ScriptedFeishu,
):
    watch = Watch()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    at: list[float] = []
    async with gateway.connected():
        for number in range(17):
            with giving_way():
                await post(gateway, f"oc_{number}", str(number))
            at.append(round(watch.now - 100, 2))
            if number == 15:
                await post(gateway, "oc_answer", "answer")
                at.append(round(watch.now - 100, 2))
    assert at == [0.0] * 8 + [0.49] * 9 + [0.98]


# What errors mean


MEANINGS: dict[type[errors.BotError], str] = {
    failures.AppRefused: "99991401 230006 232025",
    errors.ScopeMissing: "99991672 99991679 99991640 230027",
    errors.ChannelGone: "230002 230038 230075 232006 232010 232011",
    failures.GroupDissolved: "232009",
    failures.SpeakingForbidden: "230018 230035",
    failures.PersonGone: "230013",
    errors.MessageGone: "230011 230031 230110 230111",
    failures.ThreadRefused: "230019 230071 230072",
    failures.ContentRefused: "230022 230028",
    failures.CardRejected: "230099",
    failures.AlreadyThere: "40000000",
    errors.MessageRejected: "230001 230025 99992402 40000031 123456789",
    failures.QuotaSpent: "99991403",
    failures.StillSending: "230049",
    failures.RateLimited: "99991400 230020 11232 11233 11247",
}


@pytest.mark.parametrize(
    ("code", "error"), [(int(code), error) for error, codes in MEANINGS.items() for code in codes.split()]
)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_every_code_of_feishu_has_its_meaning_whatever_the_status(
    gateway: FeishuGateway, scripted: ScriptedFeishu, code: int, error: type[errors.BotError], status: int
):
    scripted.fail(PATCH.replace(":message_id", "om_1"), refused(code, "failed", status=status), times=None)
    if status == 500 and error is errors.MessageRejected and code == 123456789:
        error = errors.DeliveryUncertain
    with pytest.raises(error) as problem:
        await gateway.call(PATCH, path={"message_id": "om_1"}, body={"content": "{}"}, whom="om_1")
    assert type(problem.value) is error
    assert problem.value.permanent is issubclass(error, errors.CredentialsRejected | errors.ChannelGone)


@pytest.mark.parametrize(
    "error",
    [failures.AppRefused, errors.ScopeMissing, errors.ChannelGone, errors.MessageRejected, failures.QuotaSpent],
)
async def test_what_cannot_help_is_not_tried_again(
    gateway: FeishuGateway, scripted: ScriptedFeishu, error: type[errors.BotError]
):
    scripted.fail(SEND, refused(int(MEANINGS[error].split()[0])), times=None)
    with pytest.raises(error) as problem:
        await post(gateway)
    assert not problem.value.retry
    assert len(scripted.calls_of(SEND)) == 1


SUBCODES = {
    11310: "element exceeds the limit",
    100290: "invalid user id in at",
    200380: "template card",
    200381: "template card",
    200550: "chart",
    200570: "image",
    200621: "parse card json err",
    200732: "template card",
    200861: "unsupported tag action",
    200914: "table",
    200915: "table rows",
}


@pytest.mark.parametrize(("subcode", "said"), SUBCODES.items())
async def test_a_card_that_cannot_be_made_says_why(
    gateway: FeishuGateway, scripted: ScriptedFeishu, subcode: int, said: str
):
    message = f"Failed to create card content, ext=ErrCode: {subcode}; ErrMsg: {said}; "
    scripted.fail(SEND, refused(230099, message, status=400))
    with pytest.raises(failures.CardRejected, match=str(subcode)) as problem:
        await post(gateway)
    assert problem.value.subcode == subcode


async def test_a_card_that_is_locked_for_a_moment_is_sent_again(gateway: FeishuGateway, scripted: ScriptedFeishu):
    scripted.fail(SEND, refused(230099, "ext=ErrCode: 11310; ErrMsg: card action is lock; "))
    assert await post(gateway) == "om_1"


APPLY = "https://open.feishu.cn/app/cli_0123456789abcdef/auth?q=im:chat:readonly&op_from=openapi&token_type=tenant"


@pytest.mark.parametrize(
    ("body", "scope", "sentence"),
    [
        (
            {"msg": f"Access denied. One of the following scopes is required: [im:chat, im:chat:readonly].{APPLY}"},
            "im:chat / im:chat:readonly",
            f"The Feishu app lacks im:chat / im:chat:readonly. It can be asked for here: {APPLY}",
        ),
        (
            {
                "msg": "Access denied.",
                "error": {"permission_violations": [{"type": "action_scope_required", "subject": "im:chat:readonly"}]},
            },
            "im:chat:readonly",
            "The Feishu app lacks im:chat:readonly. It can be asked for in the developer console.",
        ),
        (
            {"msg": "Access denied.", "error": {"permission_violations": ["odd", {"subject": ""}]}},
            "",
            "The Feishu app lacks a permission. It can be asked for in the developer console.",
        ),
    ],
)
async def test_a_missing_scope_is_named_with_the_page_on_which_to_ask_for_it(
    gateway: FeishuGateway, scripted: ScriptedFeishu, body: dict[str, Any], scope: str, sentence: str
):
    scripted.fail(GROUP, Answer(status=400, body={"code": 99991672, **body}))
    with pytest.raises(errors.ScopeMissing) as problem:
        await look(gateway)
    assert (problem.value.scope, str(problem.value)) == (scope, sentence)


# What is logged


async def test_a_failure_is_logged_with_what_support_asks_for_and_without_secrets(
    gateway: FeishuGateway, scripted: ScriptedFeishu, capsys: pytest.CaptureFixture[str]
):
    scripted.fail(SEND, refused(230001, "invalid content", headers={"X-Tt-Logid": "20260121-LOG"}))
    with pytest.raises(errors.MessageRejected):
        await post(gateway)
    scripted.fail(TOKEN, refused(10014, f"app secret invalid: {APP_SECRET}", headers={"X-Tt-Logid": "20260121-TOK"}))
    scripted.fail(SEND, refused(99991663))
    with pytest.raises(errors.CredentialsRejected) as problem:
        await post(gateway)
    logged = "".join(capsys.readouterr())
    for said in ("feishu.call_failed", "230001", "invalid content", "20260121-LOG", "20260121-TOK"):
        assert said in logged
    for secret in (APP_SECRET, "t-1"):
        assert secret not in logged + str(problem.value)


@pytest.mark.parametrize(
    ("code", "level"), [(99991403, "error"), (99991672, "error"), (99991401, "error"), (230002, "warning")]
)
async def test_what_only_the_operator_can_mend_is_logged_as_an_error(
    gateway: FeishuGateway, scripted: ScriptedFeishu, capsys: pytest.CaptureFixture[str], code: int, level: str
):
    scripted.fail(GROUP, refused(code))
    with pytest.raises(errors.BotError):
        await look(gateway)
    assert f"[{level}" in "".join(capsys.readouterr())


async def test_an_id_is_never_more_than_a_part_of_the_path(gateway: FeishuGateway, scripted: ScriptedFeishu):
    await gateway.call(CHAT, path={"chat_id": "oc_1/members?x=#/.."})
    assert scripted.calls[-1].method == "GET /open-apis/im/v1/chats/oc_1/members?x=#/.."  # after decoding
    assert scripted.calls[-1].query == {}


async def test_a_connection_that_was_kept_may_end_between_two_calls(gateway: FeishuGateway, scripted: ScriptedFeishu):
    async with gateway.connected():
        await look(gateway)
        scripted.fail(SEND, Reset())
        assert await post(gateway) == "om_1"
    assert await post(gateway, uuid="u2") == "om_2"
