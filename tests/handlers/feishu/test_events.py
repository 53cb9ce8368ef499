"""What Feishu tells us, decoded: values where something has happened that concerns us, and nothing elsewhere."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.asker import Asker
from bot.core.commands import OpenSettings, ShowHelp
from bot.core.subscriptions import Channel, Platform
from formatters.feishu.values import Act, Pressed, value
from handlers.feishu.events import ENDS, IGNORED, Added, Click, Ended, Entered, MenuKey, Message, decode, decode_click
from tests.fakes import REPO

US = "ou_us"
ADA = {"open_id": "ou_ada", "union_id": "on_ada", "user_id": None}
AT = datetime(2026, 1, 21, 16, 0, tzinfo=UTC)
MILLISECONDS = "1769011200000"


def event(kind: str, body: Any, **header: Any) -> dict[str, Any]:
    head = {"event_id": "e1", "event_type": kind, "tenant_key": "t1", "token": "", "create_time": MILLISECONDS}
    return {"schema": "2.0", "header": {**head, **header}, "event": body}


def message(**changes: Any) -> dict[str, Any]:
    sender = {"sender_id": ADA, "sender_type": "user", "tenant_key": "t1", **changes.pop("sender", {})}
    written = {
        "message_id": "om_1",
        "create_time": MILLISECONDS,
        "chat_id": "oc_1",
        "chat_type": "group",
        "message_type": "text",
        "content": json.dumps({"text": "@_user_1 list"}),
        "mentions": [{"key": "@_user_1", "id": {"open_id": US}, "name": "Dynamo Digest", "tenant_key": "t1"}],
        **changes,
    }
    return event("im.message.receive_v1", {"sender": sender, "message": written})


def asker(chat: str) -> Asker:
    return Asker(channel=Channel(platform=Platform.FEISHU, workspace="t1", id=chat), user="ou_ada")


SAID = Message(event="e1", at=AT, id="om_1", asker=asker("oc_1"), text="list", above=(), is_guest=False)


def test_a_mention_in_a_group_is_for_us():
    assert decode(message(), us=US) == SAID


def test_a_direct_message_is_for_us_and_its_channel_is_the_person():
    direct = message(chat_type="p2p", mentions=None, content='{"text": "列表"}')
    expected = Message(event="e1", at=AT, id="om_1", asker=asker("ou_ada"), text="列表", above=(), is_guest=False)
    assert decode(direct, us=US) == expected


def test_an_answer_tells_below_what_it_was_written():
    above = decode(message(parent_id="om_p", root_id="om_r", thread_id="omt_1"), us=US)
    assert isinstance(above, Message)
    assert above.above == ("om_p", "om_r")
    topic = decode(message(parent_id="om_r", root_id="om_r"), us=US)
    assert isinstance(topic, Message)
    assert topic.above == ("om_r",)


def test_somebody_of_another_organisation_is_a_guest():
    guest = decode(message(sender={"tenant_key": "t2"}), us=US)
    assert isinstance(guest, Message)
    assert (guest.is_guest, guest.asker.channel.workspace) == (True, "t1")


@pytest.mark.parametrize(
    "strange",
    [
        {"mentions": []},
        {"mentions": [{"key": "@_user_1", "id": {"open_id": "ou_ada"}, "name": "Dynamo Digest"}]},
        {"mentions": [{"key": "@_user_1", "id": None, "name": "Dynamo Digest"}]},
        {"content": '{"text": "@_all list"}', "mentions": []},
        {"sender": {"sender_type": "app"}},
        {"sender": {"sender_type": "bot"}},
        {"sender": {"sender_id": {"open_id": None}}},
        {"message_type": "image", "content": '{"image_key": "img_1"}'},
        {"content": "list"},
        {"content": None},
        {"message_id": ""},
        {"chat_id": 7},
        {"mentions": "@_user_1"},
    ],
    ids=str,
)
def test_what_nobody_says_to_us_is_nothing(strange: dict[str, Any]):
    assert decode(message(**strange), us=US) is None


@pytest.mark.parametrize("time", ["", "soon", "9" * 30, "9" * 5_000, "-1e9", None])
def test_a_time_that_is_none_is_no_reason_not_to_answer(time: str | None):
    said = decode(message(create_time=time) | {}, us=US)
    assert isinstance(said, Message)
    assert said.at in {None, AT}


def test_the_menu_says_a_command_in_the_conversation_with_a_person():
    body = {"operator": {"operator_name": "Ada", "operator_id": ADA}, "event_key": "yesterday", "timestamp": 1769011200}
    expected = MenuKey(event="e1", at=AT, asker=asker("ou_ada"), key="yesterday")
    assert decode(event("application.bot.menu_v6", body), us=US) == expected


def test_a_conversation_is_entered_for_the_first_time_only_once():
    kind = "im.chat.access_event.bot_p2p_chat_entered_v1"
    body = {"chat_id": "oc_p", "operator_id": ADA}
    assert decode(event(kind, body), us=US) == Entered(event="e1", at=AT, asker=asker("ou_ada"))
    assert decode(event(kind, {**body, "last_message_id": "om_1"}), us=US) is None


def test_a_group_begins_and_ends():
    body = {"chat_id": "oc_1", "operator_id": ADA, "external": False, "name": "team"}
    assert decode(event("im.chat.member.bot.added_v1", body), us=US) == Added(event="e1", at=AT, asker=asker("oc_1"))
    for kind, reason in ENDS.items():
        expected = Ended(event="e1", at=AT, channel=asker("oc_1").channel, reason=reason)
        assert decode(event(kind, body), us=US) == expected


@pytest.mark.parametrize("kind", [*sorted(IGNORED), "contact.user.created_v3", "", None, 7, {}])
def test_all_else_is_nothing(kind: Any):
    assert decode(event(kind, {"chat_id": "oc_1"}), us=US) is None


# Clicks


def click(**changes: Any) -> dict[str, Any]:
    body = {
        "operator": {"open_id": "ou_ada", "union_id": "on_ada", "tenant_key": "t1"},
        "token": "c-1",
        "host": "im_message",
        "action": {"tag": "button", "value": value(ShowHelp()), "timezone": "Europe/Berlin"},
        "context": {"open_message_id": "om_1", "open_chat_id": "oc_1"},
    }
    return event("card.action.trigger", {**body, **changes})


CLICKED = Click(
    event="e1",
    workspace="t1",
    person="ou_ada",
    message="om_1",
    chat="oc_1",
    pressed=Pressed(act=Act.ASK, question="1 help"),
    values={},
    zone=ZoneInfo("Europe/Berlin"),
    is_guest=False,
)


def test_a_click_tells_who_where_and_what():
    assert decode_click(click()) == CLICKED


def test_a_form_is_a_click_with_what_was_entered():
    action = {"value": value(OpenSettings(repo=REPO), Act.SAVE), "form_value": {"days": ["monday"]}, "timezone": "Mars"}
    submitted = decode_click(click(action=action))
    assert submitted is not None
    assert submitted.pressed == Pressed(act=Act.SAVE, question="1 settings github.com octo/hello")
    assert (submitted.values, submitted.zone) == ({"days": ["monday"]}, None)


@pytest.mark.parametrize("strange", [None, "1 help", {}, {"act": "share", "question": "1 help"}, {"act": "ask"}, [1]])
def test_a_value_that_is_none_of_ours_is_not_read(strange: Any):
    clicked = decode_click(click(action={"value": strange}))
    assert clicked is not None
    assert clicked.pressed is None


@pytest.mark.parametrize("part", ["operator", "action", "context"])
def test_half_a_click_is_none(part: str):
    assert decode_click(click(**{part: None})) is None


# Whatever comes

NAMES = ["header", "event", "event_id", "event_type", "tenant_key", "create_time", "sender", "sender_id", "open_id"]
NAMES += ["message", "message_id", "chat_id", "chat_type", "message_type", "content", "mentions", "key", "id", "action"]
NAMES += ["operator", "operator_id", "event_key", "context", "value", "form_value", "open_message_id", "open_chat_id"]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["p2p", "group", "text", "user"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=30,
)
KINDS = ["im.message.receive_v1", "application.bot.menu_v6", "im.chat.member.bot.added_v1", *ENDS]


@given(st.sampled_from(KINDS), ANYTHING)
def test_no_event_makes_us_fall(kind: str, body: Any):
    decode(event(kind, body), us=US)
    decode_click(event(kind, body))


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_no_object_makes_us_fall(anything: dict[str, Any]):
    decode(anything, us=US)
    decode_click(anything)
