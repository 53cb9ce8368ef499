"""Where there is a console, and where there is none."""

from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from bot.app import composed, listen
from bot.core.subscriptions import Platform
from tests.test_app import configured

SLACK = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "s" * 32}
FEISHU_GROUP = {"feishu_webhook_url": "https://open.feishu.cn/open-apis/bot/v2/hook/1"}


async def shown(database_url: str, **changes: Any) -> tuple[int, str]:
    """What a browser on this machine gets at /console."""
    async with composed(configured(database_url, **changes)) as app, AsyncExitStack() as stack:
        application = await listen(app, stack)
        transport = httpx.ASGITransport(app=application)
        assert (Platform.CONSOLE in app.platforms) is (app.console is not None)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8080", follow_redirects=True
        ) as client:
            response = await client.get("/console")
            return response.status_code, response.text


@pytest.mark.parametrize(
    "changes",
    [{}, {"host": "localhost"}, {"host": "::1"}, {"public_url": "http://127.0.0.1:8080"}],
    ids=str,
)
async def test_there_is_a_console_on_this_machine_where_there_is_no_chat_platform(
    database_url: str, changes: dict[str, Any]
):
    status, text = await shown(database_url, **changes)
    assert status == 200
    assert "#general" in text


@pytest.mark.parametrize("changes", [SLACK, FEISHU_GROUP], ids=["Slack", "a group of Feishu"])
async def test_there_is_none_beside_a_chat_platform(database_url: str, changes: dict[str, Any]):
    assert (await shown(database_url, **changes))[0] == 404


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"host": "0.0.0.0"}, "Set HOST to 127.0.0.1 instead of 0.0.0.0"),
        ({"host": "192.168.1.7"}, "Set HOST to 127.0.0.1 instead of 192.168.1.7"),
        ({"public_url": "https://digest.example"}, "Leave PUBLIC_URL, which leads others here, unset"),
    ],
    ids=str,
)
async def test_there_is_none_where_others_come_and_that_is_said(database_url: str, changes: dict[str, Any], why: str):
    status, text = await shown(database_url, **changes)
    assert status == 403
    assert why in text
