"""What the doctor finds in an app that is well, and in others."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import stamina

from bot.adapters.feishu import scopes
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.slash_commands import LIST, register
from bot.app import App, composed
from bot.core.errors import BotError, ChannelGone
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from bot.doctor import examine
from bot.doctor import feishu as doctor
from bot.settings import Settings
from tests.counterparts.faults import Answer, Fault, Reset
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu
from tests.counterparts.histories import History
from tests.fakes import NOW, REPO, FakeMessenger

CONNECTION = "POST /callback/ws/endpoint"
TOKEN = "POST /open-apis/auth/v3/tenant_access_token/internal"


def code(code: int, msg: str = "") -> Answer:
    return Answer(status=400, body={"code": code, "msg": msg})


def bot(**state: Any) -> Answer:
    return Answer(status=200, body={"code": 0, "msg": "ok", "bot": {"app_name": "Digest", **state}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    app: App
    feishu: FakeFeishu
    messenger: FakeMessenger


@pytest.fixture(autouse=True)
def hurry() -> Iterator[None]:
    stamina.set_testing(True, attempts=1)
    yield
    stamina.set_testing(False)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, Any]:
    return {
        "_env_file": None,
        "database_url": database_url,
        "digest_git_dir": History.start(tmp_path / "hello").path,
        "feishu_app_id": APP_ID,
        "feishu_app_secret": APP_SECRET,
    }


@pytest.fixture
async def stage(settings: dict[str, Any], feishu: FakeFeishu) -> AsyncIterator[Stage]:
    feishu.granted |= {*scopes.REQUIRED, *scopes.OPTIONAL}
    async with composed(Settings(**settings, feishu_domain=feishu.url)) as app:
        yield Stage(app=app, feishu=feishu, messenger=FakeMessenger())


async def findings(stage: Stage) -> dict[str, str]:
    """By the names of the checks; a failure begins with ✗."""
    gateway = FeishuGateway(APP_ID, APP_SECRET, stage.feishu.url, timeout=2)
    found: dict[str, str] = {}
    for name, check in doctor.app_checks(stage.app, gateway, stage.messenger).items():
        try:
            found[name] = await check()
        except BotError as error:
            found[name] = f"✗ {error}"
    return found


async def subscribe(stage: Stage, *chats: Channel) -> None:
    for chat in chats:
        terms = SubscriptionTerms(channel=chat, repo=REPO, at=time(9), zone=ZoneInfo("UTC"), subscriber="ou_1")
        await stage.app.subscriptions.subscribe(terms, NOW)


def group(chat: str, platform: Platform = Platform.FEISHU) -> Channel:
    return Channel(platform=platform, workspace="t1", id=chat)


async def test_an_app_that_is_well_is_found_so(stage: Stage):
    await subscribe(stage, group("oc_1"), group("oc_2"), group("C1", Platform.SLACK))
    await register(FeishuGateway(APP_ID, APP_SECRET, stage.feishu.url))
    stage.feishu.calls.clear()
    assert await findings(stage) == {
        "feishu app": f"Dynamo Digest ({APP_ID}) is enabled and has a bot",
        "feishu scopes": "all of them",
        "feishu events": "Feishu offers a long connection",
        "feishu command": "people see /dynamo-digest when they type /",
        "feishu groups": "the bot can post in all 2 that are subscribed",
    }
    asked = [f"{call.method} {call.path}" for call in stage.feishu.calls]
    assert asked == [TOKEN, doctor.BOT, doctor.SCOPES, CONNECTION, LIST]
    assert stage.feishu.connections.made == 0


@pytest.mark.parametrize(
    ("method", "fault", "check", "finding"),
    [
        (doctor.BOT, bot(activate_status=3), "app", f"✗ Digest ({APP_ID}) is installed, but not enabled yet"),
        (doctor.BOT, bot(activate_status=1), "app", "is switched off by the company's administrators"),
        (doctor.BOT, bot(), "app", f"Digest ({APP_ID}) is enabled and has a bot"),
        (doctor.BOT, code(10014, "bot off"), "app", "10014. Has the app a bot, and is a version of it published?"),
        (TOKEN, code(10003, "invalid param"), "app", "✗ Feishu says 10003: the app's id or secret is not valid."),
        (doctor.SCOPES, code(212100, "app not install"), "scopes", "is a version of it published?"),
        (LIST, Answer(status=200, body={"code": 0}), "command", "/dynamo-digest is not registered; the bot does that"),
        (CONNECTION, code(514), "events", "✗ no long connection (514): the app's id or secret is not valid"),
        (CONNECTION, code(403), "events", "✗ no long connection (403): only self-built apps may have one"),
        (CONNECTION, code(1000040350), "events", "the app has 50 already"),
        (CONNECTION, code(4711), "events", "✗ no long connection (4711): Feishu refuses it"),
        (CONNECTION, Answer(status=502, body="<html>"), "events", "✗ Feishu did not say whether there can be"),
        (CONNECTION, Answer(status=200, body="[]"), "events", "✗ Feishu did not say whether there can be"),
        (CONNECTION, Reset(), "events", "✗ Feishu did not say whether there can be"),
    ],
)
async def test_what_is_not_in_order_is_said_in_words(stage: Stage, method: str, fault: Fault, check: str, finding: str):
    stage.feishu.fail(method, fault, times=None)
    found = (await findings(stage))[f"feishu {check}"]
    assert finding in found
    assert APP_SECRET not in found


async def test_scopes_are_named_with_what_is_lost_without_them(stage: Stage):
    stage.feishu.granted -= {"im:message.group_at_msg:readonly", *scopes.OPTIONAL}
    found = await findings(stage)
    assert found["feishu scopes"] == (
        "✗ the app lacks im:message.group_at_msg:readonly (what people write in groups, if they mention the bot); "
        "add them, and publish a version"
    )
    assert found["feishu command"].startswith("not checked: The Feishu app lacks application:app_slash_command:read")
    stage.feishu.granted |= {*scopes.REQUIRED, *list(scopes.OPTIONAL)[:2]}
    assert (await findings(stage))["feishu scopes"] == (
        "all that are needed; it would be better with "
        "application:app_slash_command:read (the command among those that people see when they type /), "
        "application:app_slash_command:write (the same, where it is not registered yet)"
    )


async def test_groups_in_which_the_bot_cannot_post_are_named(stage: Stage):
    assert (await findings(stage))["feishu groups"] == "none is subscribed yet"
    await subscribe(stage, group("oc_1"))
    stage.messenger.refuses = ChannelGone("This group is dissolved.")
    assert (await findings(stage))["feishu groups"] == "✗ oc_1: This group is dissolved."


@pytest.mark.parametrize(
    ("public_url", "finding"),
    [
        (
            "https://digest.example.org",
            "they come over HTTP, so the console must name https://digest.example.org/feishu/events for events and "
            "callbacks",
        ),
        ("", "✗ FEISHU_ENCRYPT_KEY makes them come over HTTP, so PUBLIC_URL must say where: https://HOST"),
        (
            "http://digest.example.org",
            "✗ FEISHU_ENCRYPT_KEY makes them come over HTTP, so PUBLIC_URL must say where: https://HOST",
        ),
    ],
)
async def test_over_http_the_bot_must_be_reached(
    settings: dict[str, Any], feishu: FakeFeishu, public_url: str, finding: str
):
    settings |= {"feishu_domain": feishu.url, "feishu_encrypt_key": "key", "public_url": public_url}
    async with composed(Settings(**settings)) as app:
        found = await findings(Stage(app=app, feishu=feishu, messenger=FakeMessenger()))
    assert found["feishu events"] == finding
    assert feishu.connections.asked == 0


async def test_what_is_configured_is_what_is_looked_at(settings: dict[str, Any], feishu: FakeFeishu):
    async def names(**more: str) -> list[str]:
        async with composed(Settings(**settings | more)) as app:
            return [*await doctor.feishu_checks(app)]

    address, _bot = feishu.custom_bot()
    with_app = ["feishu app", "feishu scopes", "feishu events", "feishu command", "feishu groups"]
    assert await names(feishu_webhook_url=address) == [*with_app, "feishu custom bot"]
    settings |= {"feishu_app_id": "", "feishu_app_secret": None}
    assert await names(feishu_webhook_url=address) == ["feishu custom bot"]
    assert await names() == ["feishu"]


@pytest.mark.parametrize(
    ("named", "finding"),
    [
        ("oc_", "✓ feishu test card: Feishu took a card with"),
        ("feishu-webhook", "✓ feishu test card: Feishu took a card with"),
        ("oc_nowhere", "✗ feishu test card: Feishu rejected the message: 230001."),
    ],
)
async def test_a_card_is_posted_where_somebody_asks_for_it(
    settings: dict[str, Any], feishu: FakeFeishu, capsys: pytest.CaptureFixture[str], named: str, finding: str
):
    feishu.granted |= {*scopes.REQUIRED, *scopes.OPTIONAL}
    address, custom_bot = feishu.custom_bot()
    chat = feishu.chat("team") if named == "oc_" else named
    settings |= {"feishu_domain": feishu.url, "feishu_webhook_url": address}
    async with composed(Settings(**settings)) as app:
        if finding.startswith("✗"):
            with pytest.raises(BotError, match="feishu test card"):
                await examine(app, test_card_to=chat)
        else:
            await examine(app, test_card_to=chat)
    shown = capsys.readouterr().out
    assert finding in shown
    assert address.rpartition("/")[2] not in shown
    assert len(custom_bot.posted) == (named == "feishu-webhook")
    assert len(feishu.calls_of("POST /open-apis/im/v1/messages")) == named.startswith("oc_")


@pytest.mark.parametrize(("named", "needed"), [("oc_1", "FEISHU_APP_ID"), ("feishu-webhook", "FEISHU_WEBHOOK_URL")])
async def test_a_card_needs_something_to_post_it_with(settings: dict[str, Any], named: str, needed: str):
    settings |= {"feishu_app_id": "", "feishu_app_secret": None}
    async with composed(Settings(**settings)) as app:
        check = (await doctor.feishu_checks(app, test_card_to=named))["feishu test card"]
        with pytest.raises(BotError, match=f"that needs {needed}"):
            await check()
