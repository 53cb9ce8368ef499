"""Workspaces install the app, and each gets its own token, its own digests and nobody else's."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import metadata, slack_bots, slack_installations, slack_oauth_states
from bot.adapters.slack.stores import StateStore
from bot.app import now
from bot.core.errors import NotInstalled
from bot.core.replies import Notice
from tests.counterparts import slack
from tests.counterparts.faults import Answer, Fault, Reset
from tests.counterparts.slack_grid import install
from tests.slack_install.conftest import Stage, channel
from tests.slack_people import texts

pytestmark = pytest.mark.both_databases


async def test_two_workspaces_install_the_app_and_each_is_answered_with_its_own_token(stage: Stage):
    assert [await install(workspace, stage.address) for workspace in (stage.one, stage.other)] == [200, 200]
    assert await stage.slack.workspaces() == ["T000000001", "T000000002"]
    for workspace in (stage.one, stage.other):
        (answer,) = await stage.people(workspace).type("help")
        assert "/dynamo-digest" in "\n".join(texts(answer["blocks"]))
        posted = await stage.slack.messenger.post(channel(workspace), Notice(text="Hello."), key="1")
        assert [message["ts"] for message in await workspace.history()] == [posted]
    tokens = {await stage.oauth.installations.token(each.tenant.team_id) for each in (stage.one, stage.other)}
    assert len(tokens) == 2


async def test_no_token_is_in_the_database_in_clear(stage: Stage, engine: AsyncEngine):
    stage.one.installing.rotation = slack.ROTATION_SECONDS
    await install(stage.one, stage.address)
    bot = await stage.oauth.installations.bot("T000000001")
    assert bot.bot_refresh_token is not None
    stored = str([await rows(engine, table) for table in metadata.sorted_tables])
    assert "T000000001" in stored
    assert [token for token in (bot.bot_token, bot.bot_refresh_token) if token in stored] == []
    assert "xox" not in stored


async def test_people_are_sent_to_slack_with_all_scopes_and_a_state(stage: Stage):
    async with stage.browser.get(f"{stage.address}/slack/install", allow_redirects=False) as sent:
        there = urlsplit(sent.headers["Location"])
    asked = parse_qs(there.query)
    assert (sent.status, there.path) == (302, "/oauth/v2/authorize")
    assert asked["redirect_uri"] == [f"{stage.address}/slack/oauth_redirect"]
    assert {"chat:write", "commands", "files:write", "chat:write.public"} <= set(asked["scope"][0].split(","))
    assert sent.cookies["slack-app-oauth-state"].value == asked["state"][0]
    assert sent.cookies["slack-app-oauth-state"]["secure"]


async def test_coming_back_twice_is_refused(stage: Stage):
    back, cookie = await way_back(stage)
    assert await page(stage, back, cookie) == (200, "Dynamo Digest is installed in Acme.")
    assert await page(stage, back, cookie) == (401, "This link has expired or was used before.")


async def test_a_state_that_is_not_the_browser_s_is_refused(stage: Stage):
    back, _ = await way_back(stage)
    assert await page(stage, back, "slack-app-oauth-state=another") == (
        400,
        "This link has expired or was used before.",
    )
    assert await page(stage, re.sub("state=[^&]*", "state=another", back), "slack-app-oauth-state=another") == (
        401,
        "This link has expired or was used before.",
    )
    assert await stage.slack.workspaces() == []


async def test_somebody_who_declines_is_told_that_nothing_was_installed(stage: Stage):
    _, cookie = await way_back(stage)
    assert await page(stage, f"{stage.address}/slack/oauth_redirect?error=access_denied&state=1", cookie) == (
        200,
        "The app was not installed.",
    )


@pytest.mark.parametrize("fault", [slack.error("bad_client_secret"), Reset(), slack.server_error(503)], ids=str)
async def test_slack_s_failure_to_confirm_is_told(stage: Stage, fault: Fault, caplog: pytest.LogCaptureFixture):
    back, cookie = await way_back(stage)
    stage.one.fail("oauth.v2.access", fault)
    assert await page(stage, back, cookie) == (401, "Slack did not confirm the installation.")
    (code,) = parse_qs(urlsplit(back).query)["code"]
    assert code not in caplog.text
    assert await stage.slack.workspaces() == []


async def test_installing_into_a_whole_organisation_is_refused(stage: Stage):
    back, cookie = await way_back(stage)
    body = {
        "ok": True, "app_id": "A1", "access_token": slack.BOT_TOKEN, "token_type": "bot", "scope": "commands",
        "bot_user_id": "U1", "team": None, "enterprise": {"id": "E1", "name": "Big"}, "is_enterprise_install": True,
        "authed_user": {"id": "U2"},
    }  # fmt: skip
    stage.one.fail("oauth.v2.access", Answer(status=200, body=body))
    status, sentence = await page(stage, back, cookie)
    assert (status, sentence) == (
        500,
        "The app cannot be installed into a whole organisation. Please choose one workspace.",
    )
    assert await stage.slack.workspaces() == []


async def test_installing_again_leaves_one_installation(stage: Stage, engine: AsyncEngine):
    assert [await install(stage.one, stage.address) for _ in range(2)] == [200, 200]
    kept = [len(await rows(engine, table)) for table in (slack_bots, slack_installations, slack_oauth_states)]
    assert kept == [1, 1, 0]
    await stage.slack.gateway.call("T000000001", "auth.test")


async def test_a_workspace_without_an_installation_is_told_so(stage: Stage):
    with pytest.raises(NotInstalled):
        await stage.slack.messenger.post(channel(stage.one), Notice(text="Hello."), key="1")
    (answer,) = await stage.people(stage.one).type("help")
    assert answer["text"] == "The app is not installed in this workspace any more. Please install it again."


async def test_states_that_nobody_came_back_with_are_forgotten(stage: Stage, engine: AsyncEngine):
    await way_back(stage)
    async with engine.begin() as connection:
        await connection.execute(update(slack_oauth_states).values(expire_at=datetime(2020, 1, 1)))  # noqa: DTZ001
    await way_back(stage)
    assert len(await rows(engine, slack_oauth_states)) == 1


async def test_an_expired_state_is_good_for_nobody(stage: Stage, engine: AsyncEngine):
    back, cookie = await way_back(stage)
    async with engine.begin() as connection:
        await connection.execute(update(slack_oauth_states).values(expire_at=datetime(2020, 1, 1)))  # noqa: DTZ001
    assert await page(stage, back, cookie) == (401, "This link has expired or was used before.")


async def test_a_state_is_good_for_one_return_to_any_process(stage: Stage, engine: AsyncEngine):
    processes = [stage.oauth.states, StateStore(for_writing(engine), now)]
    for _ in range(20):
        state = await stage.oauth.states.async_issue()
        taken = await asyncio.gather(*(process.async_consume(state) for process in processes * 2))
        assert sorted(taken) == [False, False, False, True]


async def way_back(stage: Stage) -> tuple[str, str]:
    """Where Slack sends a browser that has agreed, and the cookie that it holds."""
    stage.one.installing.redirect_urls.append(f"{stage.address}/slack/oauth_redirect")
    async with stage.browser.get(f"{stage.address}/slack/install", allow_redirects=False) as sent:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}
        cookie = f"slack-app-oauth-state={sent.cookies['slack-app-oauth-state'].value}"
    fields = asked | {"user_id": stage.one.workspace.users["alice"]}
    async with stage.browser.post(f"{stage.grid.authorize_url}/callback", data=fields, allow_redirects=False) as agreed:
        return agreed.headers["Location"], cookie


async def page(stage: Stage, address: str, cookie: str) -> tuple[int, str]:
    """The status and the first sentence."""
    async with stage.browser.get(address, headers={"Cookie": cookie}) as shown:
        return shown.status, re.findall("<p>(.*?)</p>", await shown.text())[0]


async def rows(engine: AsyncEngine, table: Table) -> Sequence[Any]:
    """As they are stored, without decrypting anything."""
    async with engine.connect() as connection:
        return (await connection.execute(select(table))).all()
