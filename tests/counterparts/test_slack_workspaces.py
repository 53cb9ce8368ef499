"""Two workspaces behind one address, installing, tokens, files, membership: driven by Slack's own clients and Bolt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.counterparts import slack
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_grid import SlackGrid, install
from tests.serving import served

Connect = Callable[[str | None], AsyncWebClient]


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[str, str | None], AsyncWebClient]]:
    clients: list[AsyncWebClient] = []

    def made(base_url: str, token: str | None) -> AsyncWebClient:
        clients.append(AsyncWebClient(token=token, base_url=base_url, retry_handlers=[]))
        return clients[-1]

    yield made
    for client in clients:
        if client.session is not None:
            await client.session.close()


async def refused(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return error.value.response["error"]


@pytest.fixture
async def bolt(slack_grid: SlackGrid, tmp_path: Any) -> AsyncIterator[tuple[str, FileInstallationStore]]:
    """An app of Bolt's own that anybody may install."""
    store = FileInstallationStore(base_dir=str(tmp_path / "installations"), client_id=slack.CLIENT_ID)
    settings = AsyncOAuthSettings(
        client_id=slack.CLIENT_ID,
        client_secret=slack.CLIENT_SECRET,
        scopes=list(slack.SCOPES),
        authorization_url=slack_grid.authorize_url,
        installation_store=store,
        state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=str(tmp_path / "states")),
    )
    app = AsyncApp(
        client=AsyncWebClient(base_url=slack_grid.api), signing_secret=slack.SIGNING_SECRET, oauth_settings=settings
    )
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    paths = ["/slack/install", "/slack/oauth_redirect", "/slack/events"]
    async with served(Starlette(routes=[Route(path, receive, methods=["GET", "POST"]) for path in paths])) as address:
        yield address, store


async def test_two_workspaces_install_the_same_app(
    slack_grid: SlackGrid, bolt: tuple[str, FileInstallationStore], connect: Any
) -> None:
    address, store = bolt
    assert [await install(each, address) for each in slack_grid.workspaces] == [200, 200]
    for workspace in slack_grid.workspaces:
        bot = store.find_bot(enterprise_id=None, team_id=workspace.tenant.team_id)
        assert bot is not None
        client = connect(slack_grid.api, bot.bot_token)
        me = await client.auth_test()
        assert (me["team_id"], me["user_id"]) == (workspace.tenant.team_id, workspace.tenant.bot_user_id)
        await client.chat_postMessage(channel=workspace.workspace.channels["general"], text=me["team_id"])
    first, second = [[each["text"] for each in await one.history()] for one in slack_grid.workspaces]
    assert (first, second) == (["T000000001"], ["T000000002"])


async def test_a_token_means_nothing_in_another_workspace(slack_grid: SlackGrid, connect: Any) -> None:
    one, other = slack_grid.workspaces
    for mine, theirs in ((one, other), (other, one)):
        client = connect(slack_grid.api, mine.tenant.bot_token)
        for channel in theirs.workspace.channels.values():
            assert await refused(client.chat_postMessage(channel=channel, text="x")) == "channel_not_found"
            assert await refused(client.conversations_info(channel=channel)) == "channel_not_found"
        for user in theirs.workspace.users.values():
            assert await refused(client.users_info(user=user)) == "user_not_found"
        listed = {each["id"] for each in (await client.conversations_list())["channels"]}
        assert not listed.intersection(theirs.workspace.channels.values())
        trigger = await theirs.trigger_id()
        view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [{"type": "divider"}]}
        assert await refused(client.views_open(trigger_id=trigger, view=view)) == "invalid_trigger_id"


async def test_the_page_asks_for_a_workspace_and_refuses_unknown_addresses(slack_grid: SlackGrid) -> None:
    query = f"?client_id={slack.CLIENT_ID}&scope=chat:write&state=s"
    async with ClientSession() as browser:
        async with browser.get(slack_grid.authorize_url + query) as page:
            assert "team=T000000001" in (text := await page.text())
            assert "team=T000000002" in text
        elsewhere = f"{slack_grid.authorize_url}{query}&team=T000000002&redirect_uri=http://elsewhere"
        async with browser.get(elsewhere) as page:
            assert page.status == 400


async def test_files_answers_and_homes_stay_in_their_workspace(slack_grid: SlackGrid, connect: Any) -> None:
    one, other = slack_grid.workspaces
    client = connect(slack_grid.api, other.tenant.bot_token)
    await client.files_upload_v2(channel=other.workspace.channels["random"], filename="r.md", content="# R")
    ((file,),) = [message["files"] for message in await other.history("random")]
    assert (await other.content(file)).decode() == "# R"
    url = other.response_url(channel=other.workspace.channels["general"])
    await AsyncWebhookClient(url).send(text="shared", response_type="in_channel")
    assert [each["text"] for each in await other.history()] == ["shared"]
    bob = other.workspace.users["bob"]
    await client.views_publish(user_id=bob, view={"type": "home", "blocks": [{"type": "divider"}]})
    assert list(other.homes) == [bob]
    assert [await one.history(name) for name in ("general", "random")] == [[], []]
    assert (one.homes, one.calls, one.response_urls) == ({}, [], {})


@pytest.fixture
async def installed(slack_grid: SlackGrid, connect: Any) -> tuple[SlackProxy, dict[str, Any]]:
    """What oauth.v2.access said when the second workspace installed an app whose tokens expire."""
    workspace = slack_grid.workspaces[1]
    workspace.installing.rotation = slack.ROTATION_SECONDS
    code = await agreed(slack_grid, workspace)
    client = connect(slack_grid.api, None)
    wrong: dict[str, str] = {"client_id": slack.CLIENT_ID, "client_secret": "wrong"}
    assert await refused(client.oauth_v2_access(**wrong, code=code)) == "bad_client_secret"
    given = await client.oauth_v2_access(client_id=slack.CLIENT_ID, client_secret=slack.CLIENT_SECRET, code=code)
    return workspace, given.data


async def agreed(grid: SlackGrid, workspace: SlackProxy) -> str:
    fields = {"user_id": workspace.workspace.users["bob"], "scope": "chat:write,im:write", "client_id": slack.CLIENT_ID}
    async with (
        ClientSession() as browser,
        browser.post(f"{grid.authorize_url}/callback", data=fields, allow_redirects=False) as sent,
    ):
        return sent.headers["Location"].partition("code=")[2]


async def test_tokens_expire_and_are_renewed_once(
    installed: tuple[SlackProxy, dict[str, Any]], slack_grid: SlackGrid, connect: Any
) -> None:
    workspace, given = installed
    assert (given["expires_in"], given["team"]["id"]) == (43_200, "T000000002")
    client = connect(slack_grid.api, given["access_token"])
    await client.auth_test()
    workspace.tokens.expire()
    assert await refused(client.auth_test()) == "token_expired"
    refresh = {
        "client_id": slack.CLIENT_ID,
        "client_secret": slack.CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": given["refresh_token"],
    }
    renewed = await client.oauth_v2_access(**refresh)
    me = await client.auth_test(token=renewed["access_token"])
    assert me["team_id"] == "T000000002"
    assert await refused(client.oauth_v2_access(**refresh)) == "invalid_refresh_token"
    again = await client.oauth_v2_access(**{**refresh, "refresh_token": renewed["refresh_token"]})
    assert again["access_token"] != renewed["access_token"]


async def test_slacks_own_rotator_renews_a_token(
    installed: tuple[SlackProxy, dict[str, Any]], slack_grid: SlackGrid, bolt: tuple[str, FileInstallationStore]
) -> None:
    workspace, _ = installed
    address, store = bolt
    assert await install(workspace, address) == 200
    installation = store.find_installation(enterprise_id=None, team_id="T000000002")
    assert installation is not None
    rotator = AsyncTokenRotator(
        client_id=slack.CLIENT_ID,
        client_secret=slack.CLIENT_SECRET,
        client=AsyncWebClient(base_url=slack_grid.api),
    )
    rotated = await rotator.perform_token_rotation(installation=installation, minutes_before_expiration=60 * 13)
    assert rotated is not None
    assert rotated.bot_token != installation.bot_token
    assert rotated.bot_refresh_token != installation.bot_refresh_token
    await rotator.client.auth_test(token=rotated.bot_token)


async def test_a_token_may_do_what_was_agreed_to(
    installed: tuple[SlackProxy, dict[str, Any]], slack_grid: SlackGrid, connect: Any
) -> None:
    workspace, given = installed
    client = connect(slack_grid.api, given["access_token"])
    await client.chat_postMessage(channel=workspace.workspace.channels["general"], text="x")
    with pytest.raises(SlackApiError) as missing:
        await client.conversations_list()
    answer = missing.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "channels:read",
        "chat:write,im:write",
    )


async def test_an_uninstalled_app_is_refused_and_can_be_installed_again(
    installed: tuple[SlackProxy, dict[str, Any]], slack_grid: SlackGrid, connect: Any
) -> None:
    workspace, given = installed
    client = connect(slack_grid.api, given["access_token"])
    await client.apps_uninstall(client_id=slack.CLIENT_ID, client_secret=slack.CLIENT_SECRET)
    assert await refused(client.auth_test()) == "account_inactive"
    other = connect(slack_grid.api, slack_grid.workspaces[0].tenant.bot_token)
    await other.auth_test()
    code = await agreed(slack_grid, workspace)
    again = await client.oauth_v2_access(client_id=slack.CLIENT_ID, client_secret=slack.CLIENT_SECRET, code=code)
    await client.auth_test(token=again["access_token"])


# One workspace


@pytest.fixture
def bot(emulated_slack: SlackProxy, connect: Any) -> AsyncWebClient:
    return connect(emulated_slack.api, slack.BOT_TOKEN)


async def test_a_revoked_token_is_dead(bot: AsyncWebClient) -> None:
    assert (await bot.auth_revoke(test=True))["revoked"] is False
    assert (await bot.auth_revoke())["revoked"] is True
    assert await refused(bot.auth_test()) == "token_revoked"


async def test_a_file_is_uploaded_and_shared(emulated_slack: SlackProxy, bot: AsyncWebClient) -> None:
    general = emulated_slack.workspace.channels["general"]
    parent = await bot.chat_postMessage(channel=general, text="Digest")
    await bot.files_upload_v2(
        channel=general,
        filename="report.md",
        content="# 报告",
        title="Report",
        initial_comment="All of it",
        thread_ts=parent["ts"],
    )
    _, message = await emulated_slack.thread(general, parent["ts"])
    (file,) = message["files"]
    assert (message["text"], file["name"], file["title"]) == ("All of it", "report.md", "Report")
    assert (await emulated_slack.content(file)).decode() == "# 报告"
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.remove("files:write")
    assert await refused(bot.files_getUploadURLExternal(filename="x", length=1)) == "missing_scope"


async def test_the_bot_posts_where_it_is_a_member(emulated_slack: SlackProxy, bot: AsyncWebClient) -> None:
    channels = emulated_slack.workspace.channels
    assert await refused(bot.chat_postMessage(channel=channels[slack.LOUNGE], text="x")) == "not_in_channel"
    assert await refused(bot.chat_postMessage(channel=channels[slack.VAULT], text="x")) == "channel_not_found"
    assert await refused(bot.conversations_info(channel=channels[slack.VAULT])) == "channel_not_found"
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.add("chat:write.public")
    await bot.chat_postMessage(channel=channels[slack.LOUNGE], text="x")
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.remove("chat:write.public")
    await emulated_slack.invite(slack.VAULT)
    await bot.chat_postMessage(channel=channels[slack.VAULT], text="x")
    members = await bot.conversations_members(channel=channels[slack.VAULT])
    assert slack.BOT_USER_ID in members["members"]
    await emulated_slack.remove("random")
    assert await refused(bot.chat_postMessage(channel=channels["random"], text="x")) == "not_in_channel"


async def test_a_whisper_is_for_one_person(emulated_slack: SlackProxy, bot: AsyncWebClient) -> None:
    where = {"channel": emulated_slack.workspace.channels["general"], "user": emulated_slack.workspace.users["bob"]}
    await bot.chat_postEphemeral(**where, text="psst")
    assert [each["text"] for each in emulated_slack.whispers("bob")] == ["psst"]
    assert emulated_slack.whispers("alice") == []
    assert await emulated_slack.history() == []
    lounge = {**where, "channel": emulated_slack.workspace.channels[slack.LOUNGE]}
    assert await refused(bot.chat_postEphemeral(**lounge, text="psst")) == "not_in_channel"


async def test_each_person_has_a_home(emulated_slack: SlackProxy, bot: AsyncWebClient) -> None:
    alice = emulated_slack.workspace.users["alice"]
    view = {"type": "home", "blocks": [{"type": "divider"}]}
    published = await bot.views_publish(user_id=alice, view=view)
    assert emulated_slack.homes == {alice: published["view"]}
    assert await refused(bot.views_publish(user_id=alice, view=view, hash="old")) == "hash_conflict"


async def test_an_answer_replaces_or_deletes_the_message_that_was_clicked(
    emulated_slack: SlackProxy, bot: AsyncWebClient
) -> None:
    general = emulated_slack.workspace.channels["general"]
    posted = await bot.chat_postMessage(channel=general, text="before")
    original = {**posted["message"], "ts": posted["ts"]}
    url = emulated_slack.response_url(channel=general, original=original)
    client = AsyncWebhookClient(url)
    await client.send(text="only you see this")
    assert [each["text"] for each in await emulated_slack.history()] == ["before"]
    await client.send(text="after", replace_original=True)
    assert [each["text"] for each in await emulated_slack.history()] == ["after"]
    await client.send(text="everybody", response_type="in_channel")
    assert [each["text"] for each in await emulated_slack.history()] == ["everybody", "after"]
    await client.send(delete_original=True)
    assert [each["text"] for each in await emulated_slack.history()] == ["everybody"]
    assert [each["text"] for each in emulated_slack.minted(url).answers] == ["only you see this", "everybody"]


async def test_an_ephemeral_message_is_replaced_where_it_stands(emulated_slack: SlackProxy) -> None:
    general = emulated_slack.workspace.channels["general"]
    url = emulated_slack.response_url(channel=general, original={"ts": "1.1", "is_ephemeral": True, "text": "before"})
    await AsyncWebhookClient(url).send(text="after", replace_original=True)
    assert emulated_slack.minted(url).original == {"ts": "1.1", "is_ephemeral": True, "text": "after"}
    assert await emulated_slack.history() == []


async def test_a_command_has_no_original_to_replace(emulated_slack: SlackProxy) -> None:
    url = emulated_slack.response_url()
    await AsyncWebhookClient(url).send(text="one", replace_original=True)
    await AsyncWebhookClient(url).send(text="two", replace_original=True)
    assert [each["text"] for each in emulated_slack.minted(url).answers] == ["one", "two"]


async def test_blocks_are_validated_without_a_token(emulated_slack: SlackProxy, connect: Any) -> None:
    client = connect(emulated_slack.api, None)
    divider = [{"type": "divider"}]
    assert (await client.blocks_validate(blocks=divider))["ok"]
    assert (await client.blocks_validate(message={"text": "x", "blocks": divider}))["ok"]
    assert await refused(client.blocks_validate(blocks=[{"type": "section"}])) == "invalid_blocks"
    assert await refused(client.blocks_validate(blocks=divider, view={"type": "home"})) == "invalid_arguments"
    assert emulated_slack.refusals == []


async def test_two_workspaces_are_busy_at_once(slack_grid: SlackGrid, connect: Any) -> None:
    async def post(workspace: SlackProxy, number: int) -> None:
        client = connect(slack_grid.api, workspace.tenant.bot_token)
        await client.chat_postMessage(channel=workspace.workspace.channels["random"], text=str(number))

    await asyncio.gather(*(post(each, number) for number in range(5) for each in slack_grid.workspaces))
    for workspace in slack_grid.workspaces:
        assert {each["text"] for each in await workspace.history("random")} == {"0", "1", "2", "3", "4"}
