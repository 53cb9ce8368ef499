"""Tokens that live for twelve hours are renewed before they expire, for posts as for requests, once."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import slack_bots
from bot.adapters.slack.encryption import cipher
from bot.adapters.slack.gateway import web_client
from bot.adapters.slack.installations import Installations
from bot.adapters.slack.stores import InstallationStore
from bot.app import now
from bot.core.errors import CredentialsRejected, PlatformUnavailable
from bot.core.replies import Notice
from tests.counterparts import slack
from tests.counterparts.faults import Fault, Reset
from tests.counterparts.slack_grid import install
from tests.slack_install.conftest import Stage, channel

pytestmark = pytest.mark.both_databases

TEAM = "T000000001"
#: Seconds; below two hours a token is renewed.
SOON = 60 * 60


@pytest.fixture
async def expiring(stage: Stage) -> str:
    """A token with an hour left."""
    stage.one.installing.rotation = SOON
    assert await install(stage.one, stage.address) == 200
    stage.one.installing.rotation = slack.ROTATION_SECONDS
    bot = await stage.oauth.store.bot(TEAM)
    assert bot is not None
    stage.one.calls.clear()
    return bot.bot_token


def another_process(stage: Stage, engine: AsyncEngine) -> Installations:
    keys = cipher(stage.app.settings.encryption_keys)
    return Installations(
        InstallationStore(slack.CLIENT_ID, reading=engine, writing=for_writing(engine), cipher=keys),
        client_id=slack.CLIENT_ID,
        client_secret=slack.CLIENT_SECRET,
        client=web_client(stage.grid.api),
        now=now,
    )


async def post(stage: Stage) -> None:
    await stage.slack.messenger.post(channel(stage.one), Notice(text="Hello."), key="1")


async def test_a_post_renews_the_token_first_and_the_next_one_has_nothing_to_do(stage: Stage, expiring: str):
    await post(stage)
    await post(stage)
    (refresh,) = stage.one.calls_of("oauth.v2.access")
    assert refresh.arguments["grant_type"] == "refresh_token"
    first, second = [call.token for call in stage.one.calls_of("chat.postMessage")]
    assert first == second != expiring


async def test_many_posts_at_once_renew_once(stage: Stage, expiring: str):
    await asyncio.gather(*(stage.oauth.installations.token(TEAM) for _ in range(20)))
    assert len(stage.one.calls_of("oauth.v2.access")) == 1


async def test_a_request_renews_it_too(stage: Stage, expiring: str):
    await stage.people(stage.one).type("help")
    assert len(stage.one.calls_of("oauth.v2.access")) == 1
    assert await stage.oauth.installations.token(TEAM) != expiring


async def test_another_process_that_was_first_is_followed(stage: Stage, engine: AsyncEngine, expiring: str):
    other = another_process(stage, engine)
    mine, theirs = await asyncio.gather(stage.oauth.installations.token(TEAM), other.token(TEAM))
    newest = {await stage.oauth.installations.token(TEAM), await other.token(TEAM)}
    assert len(newest) == 1
    assert expiring not in newest
    assert {mine, theirs} <= {expiring} | newest


@pytest.mark.parametrize("fault", [Reset(), slack.server_error(503), slack.error("invalid_refresh_token")], ids=str)
async def test_while_it_cannot_be_renewed_the_old_one_is_used(stage: Stage, expiring: str, fault: Fault):
    stage.one.fail("oauth.v2.access", fault)
    await post(stage)
    assert [call.token for call in stage.one.calls_of("chat.postMessage")] == [expiring]


async def test_a_token_that_slack_says_has_expired_is_renewed_and_the_post_made_once(stage: Stage):
    stage.one.installing.rotation = slack.ROTATION_SECONDS
    await install(stage.one, stage.address)
    stage.one.tokens.expire()  # long before it said that it would
    await post(stage)
    assert [bool(call.answer and call.answer["ok"]) for call in stage.one.calls_of("chat.postMessage")] == [False, True]
    assert len(await stage.one.history()) == 1


async def test_a_token_that_was_replaced_a_moment_ago_is_read_again_before_its_end_is_believed(stage: Stage):
    await install(stage.one, stage.address)
    await post(stage)
    stage.one.tokens.end("token_revoked")
    await install(stage.one, stage.address)
    await post(stage)
    old, again, new = [call.token for call in stage.one.calls_of("chat.postMessage")]
    assert old == again != new
    assert len(await stage.one.history()) == 2


@pytest.mark.parametrize(
    ("fault", "error"), [(Reset(), PlatformUnavailable), (slack.error("invalid_refresh_token"), CredentialsRejected)]
)
async def test_an_expired_token_that_cannot_be_renewed_says_whether_to_try_again(
    stage: Stage, fault: Fault, error: type[Exception]
):
    stage.one.installing.rotation = 1
    await install(stage.one, stage.address)
    await asyncio.sleep(1.1)
    stage.one.fail("oauth.v2.access", fault)
    with pytest.raises(error):
        await post(stage)
    assert stage.one.calls_of("chat.postMessage") == []


async def test_a_token_that_does_not_expire_is_never_renewed(stage: Stage):
    await install(stage.one, stage.address)
    stage.one.calls.clear()
    await post(stage)
    assert stage.one.calls_of("oauth.v2.access") == []


async def test_keys_are_changed_by_putting_a_new_one_before_the_old(stage: Stage, engine: AsyncEngine, expiring: str):
    async with engine.connect() as connection:
        stored = (await connection.execute(select(slack_bots.c.bot_token))).scalar_one()
    old = slack.CLIENT_SECRET
    assert cipher(["a new one", old]).decrypt(stored).decode() == expiring
    lost = InstallationStore(
        slack.CLIENT_ID, reading=stage.oauth.store.engine, writing=stage.oauth.store.engine, cipher=cipher(["another"])
    )
    installations = Installations(
        lost, client_id=slack.CLIENT_ID, client_secret=old, client=web_client(stage.grid.api), now=now
    )
    with pytest.raises(CredentialsRejected, match="a key that is not known any more"):
        await installations.token(TEAM)
