"""What Slack would send is what is sent here: held against the payloads it publishes, and through Bolt's dispatch."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import ClientSession
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.slack import PATH
from tests.counterparts import slack, slack_events, slack_inbound
from tests.counterparts.slack import SlackProxy
from tests.serving import served
from tests.slack_people import People, eventually

# Beside the repository, not in it.
_SHARED = Path("shared") / "data" / "slack-payloads"
SAMPLES = next((each / _SHARED for each in Path(__file__).parents if (each / _SHARED).is_dir()), None)
BUTTON = {
    "type": "button",
    "action_id": "details",
    "block_id": "b1",
    "value": "v1",
    "text": {"type": "plain_text", "text": "Details", "emoji": False},
}
MESSAGE = {"type": "message", "ts": "1700000000.000200", "user": "U1", "text": "Digest", "thread_ts": "1.1"}
INPUT = {
    "type": "input",
    "block_id": "hour",
    "label": {"type": "plain_text", "text": "Hour"},
    "element": {"type": "plain_text_input", "action_id": "typed"},
}
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Subscribe"},
    "submit": {"type": "plain_text", "text": "Save"},
    "notify_on_close": True,
    "blocks": [INPUT],
}
VALUES = {"hour": {"typed": {"type": "plain_text_input", "value": "9"}}}


def sent(workspace: slack.Workspace, trigger: str, view: dict[str, Any]) -> dict[str, list[Any]]:
    """By the name of the published sample."""
    urls: Any = {"response_url": "https://hooks.slack.com/x", "trigger_id": trigger}
    who: Any = {"user": "alice", "channel": "C1", "ts": "1.1"}
    events: dict[str, list[slack_events.Event]] = {
        "AppMentionPayload": [
            slack_events.app_mention(workspace, "yesterday", **who),
            slack_events.app_mention(workspace, "yesterday", **who, thread_ts="1.0"),
        ],
        "MessagePayload": [slack_events.direct_message(workspace, "yesterday", **who)],
        "AppHomeOpenedPayload": [
            slack_events.app_home_opened(workspace, user="alice", channel="D1"),
            slack_events.app_home_opened(workspace, user="alice", channel="D1", view=view),
        ],
        "AppUninstalledPayload": [slack_events.app_uninstalled()],
        "TokensRevokedPayload": [slack_events.tokens_revoked(bot=["U1"], oauth=["U2"])],
        "ChannelArchivePayload": [slack_events.channel_archive("C1", "U1")],
        "ChannelUnarchivePayload": [slack_events.channel_unarchive("C1", "U1")],
        "ChannelDeletedPayload": [slack_events.channel_deleted("C1", "U1")],
        "ChannelLeftPayload": [slack_events.channel_left("C1", "U1")],
        "ChannelRenamePayload": [slack_events.channel_rename("C1", "new")],
        "GroupArchivePayload": [slack_events.channel_archive("G1", "U1", private=True)],
        "GroupDeletedPayload": [slack_events.channel_deleted("G1", "U1", private=True)],
        "GroupLeftPayload": [slack_events.channel_left("G1", "U1", private=True)],
        "MemberJoinedChannelPayload": [
            slack_events.member_joined_channel(workspace, "C1", "U1"),
            slack_events.member_joined_channel(workspace, "C1", "U1", inviter="U2"),
        ],
        "MemberLeftChannelPayload": [slack_events.member_left_channel(workspace, "C1", "U1")],
    }
    interactions = {
        "BlockActionPayload": [
            slack_inbound.click(workspace, BUTTON, **urls),
            slack_inbound.click(workspace, BUTTON, **urls, message=MESSAGE, values=VALUES),
            slack_inbound.click(workspace, BUTTON, **urls, message=MESSAGE, ephemeral=True),
            slack_inbound.click(workspace, BUTTON, **urls, view=view, values=VALUES),
        ],
        "ViewSubmissionPayload": [slack_inbound.submission(workspace, view, VALUES, trigger_id=trigger)],
        "ViewClosedPayload": [slack_inbound.closing(workspace, view)],
    }
    command = parse_qs(slack_inbound.slash_command(workspace, "help", **urls))
    return {
        "SlashCommandPayload": [{name: values[0] for name, values in command.items()}],
        **{
            name: [json.loads(parse_qs(body)["payload"][0]) for body in bodies] for name, bodies in interactions.items()
        },
        **{
            name: [json.loads(slack_events.envelope(workspace, each)) for each in them] for name, them in events.items()
        },
    }


async def test_payloads_have_only_keys_that_slack_publishes(emulated_slack: SlackProxy, bot: AsyncWebClient) -> None:
    if SAMPLES is None:
        pytest.skip("Slack's published payloads are not part of this repository")
    trigger = await emulated_slack.trigger_id()
    view = (await bot.views_open(trigger_id=trigger, view=MODAL))["view"]
    strange = {}
    for kind, payloads in sent(emulated_slack.workspace, trigger, view).items():
        published = json.loads((SAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
        strange[kind] = [name for payload in payloads for name in unknown_keys(payload, published)]
    # Samples have no blocks in a view, no values in its state and no addresses of a form that asks for a channel.
    of_views = ("/view/blocks", "/response_urls", "/view/created", "/view/updated", "/view/user_id")
    assert {kind: [name for name in names if not name.endswith(of_views)] for kind, names in strange.items()} == {
        kind: [] for kind in strange
    }
    assert {file.stem for file in SAMPLES.iterdir()} == set(strange)


def unknown_keys(sent: Any, published: Any, at: str = "") -> list[str]:
    if isinstance(sent, list):
        return [name for each in sent for name in unknown_keys(each, published[0], at)]
    if not isinstance(sent, dict) or not published:
        return []
    strange = [f"{at}/{name}" for name in sent if name not in published]
    known = [name for name in sent if name in published]
    return strange + [found for name in known for found in unknown_keys(sent[name], published[name], f"{at}/{name}")]


class Heard:
    """A small app of Bolt's that notes what it understood."""

    def __init__(self, app: AsyncApp) -> None:
        self.said: list[tuple[str, Any]] = []
        self.headers: list[Any] = []
        self.answer: dict[str, Any] = {}

        @app.event({"type": "app_mention"})
        async def mention(event: Any) -> None:
            self.said.append(("mention", event.get("thread_ts")))

        @app.event({"type": "message"})
        async def message(event: Any) -> None:
            self.said.append(("direct", event["channel_type"]))

        @app.event("app_home_opened")
        async def home(event: Any, client: AsyncWebClient) -> None:
            self.said.append(("home", event["tab"]))
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Welcome")]})

        @app.event("channel_archive")
        async def archived(request: Any) -> None:
            self.headers.append(request.headers.get("x-slack-retry-num"))

        @app.action("details")
        async def details(ack: AsyncAck, body: Any) -> None:
            await ack()
            self.said.append(("action", body["container"]["type"]))

        @app.view("")
        async def submitted(ack: AsyncAck, view: Any) -> None:
            self.said.append(("submitted", view["state"]["values"]["hour"]["typed"]["value"]))
            await ack(self.answer)

        @app.view_closed("")
        async def closed(ack: AsyncAck) -> None:
            await ack()
            self.said.append(("closed", None))


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@pytest.fixture
async def bot(emulated_slack: SlackProxy) -> AsyncIterator[AsyncWebClient]:
    client = AsyncWebClient(token=slack.BOT_TOKEN, base_url=emulated_slack.api, retry_handlers=[])
    yield client
    if client.session is not None:
        await client.session.close()


@pytest.fixture
async def heard(emulated_slack: SlackProxy, bot: AsyncWebClient) -> AsyncIterator[tuple[People, Heard]]:
    app = AsyncApp(client=bot, signing_secret=slack.SIGNING_SECRET)
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    listening = Heard(app)
    async with served(Starlette(routes=[Route(PATH, receive, methods=["POST"])])) as bolt, ClientSession() as session:
        yield People(emulated_slack, session, bolt), listening


async def test_people_mention_write_and_look(
    heard: tuple[People, Heard], emulated_slack: SlackProxy, bot: AsyncWebClient
) -> None:
    people, app = heard
    posted = await bot.chat_postMessage(channel=emulated_slack.workspace.channels["general"], text="Digest")
    acknowledged = [
        await people.mention("yesterday"),
        await people.mention("which of these?", thread=posted["ts"]),
        await people.direct("help"),
        await people.open_home(),
    ]
    assert [each.status for each in acknowledged] == [200] * 4
    home = await people.sees_home("Welcome")
    await people.click(BUTTON, view=home)
    await people.click(BUTTON, message={"ts": posted["ts"]}, ephemeral=True)

    async def everything() -> bool:
        return len(app.said) == 6

    await eventually(everything)
    assert sorted(app.said, key=str) == sorted(
        [
            ("mention", None),
            ("mention", posted["ts"]),
            ("direct", "im"),
            ("home", "home"),
            ("action", "view"),
            ("action", "message"),
        ],
        key=str,
    )


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"response_action": "clear"},
        {"response_action": "errors", "errors": {"hour": "Not an hour."}},
        {"response_action": "update", "view": {**MODAL, "blocks": [section("Saved.")]}},
        {"response_action": "push", "view": {**MODAL, "blocks": [section("Sure?")]}},
    ],
    ids=lambda answer: answer.get("response_action", "close"),
)
async def test_a_form_is_sent_and_answered(
    heard: tuple[People, Heard], emulated_slack: SlackProxy, bot: AsyncWebClient, answer: dict[str, Any]
) -> None:
    people, app = heard
    app.answer = answer
    form = (await bot.views_open(trigger_id=await emulated_slack.trigger_id(), view=MODAL))["view"]
    acknowledged, said = await people.submit(form, VALUES)
    assert acknowledged.status == 200
    assert said.get("response_action") == answer.get("response_action")
    assert app.said == [("submitted", "9")]
    match answer.get("response_action"):
        case "update":
            assert (await people.sees("Saved."))["id"] == form["id"]
        case "push":
            assert (await people.sees("Sure?"))["root_view_id"] == form["id"]
        case "errors":
            assert form["id"] in emulated_slack.views
        case _:
            assert emulated_slack.views == {}


async def test_a_form_is_closed(heard: tuple[People, Heard], emulated_slack: SlackProxy, bot: AsyncWebClient) -> None:
    people, app = heard
    form = (await bot.views_open(trigger_id=await emulated_slack.trigger_id(), view=MODAL))["view"]
    assert (await people.close(form)).status == 200
    assert app.said == [("closed", None)]


async def test_errors_have_to_name_an_input(
    heard: tuple[People, Heard], emulated_slack: SlackProxy, bot: AsyncWebClient
) -> None:
    people, app = heard
    app.answer = {"response_action": "errors", "errors": {"minute": "Not a minute."}}
    form = (await bot.views_open(trigger_id=await emulated_slack.trigger_id(), view=MODAL))["view"]
    with pytest.raises(AssertionError, match="minute"):
        await people.submit(form, VALUES)


async def test_an_event_is_told_again_with_a_number(heard: tuple[People, Heard]) -> None:
    people, app = heard
    event = slack_events.channel_archive("C1", "U1")
    for retry in (None, 1):
        assert (await people.event(event, event_id="Ev1", retry=retry)).status == 200

    async def both() -> bool:
        return len(app.headers) == 2

    await eventually(both)
    assert sorted(app.headers, key=str) == [None, ["1"]] or sorted(app.headers, key=str) == [["1"], None]
