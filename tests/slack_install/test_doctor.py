"""What the doctor finds in workspaces that are well, and in others."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.errors import BotError
from bot.core.subscriptions import SubscriptionTerms
from bot.doctor import examine
from bot.doctor.slack import slack_checks
from tests.counterparts import slack
from tests.counterparts.faults import Answer
from tests.counterparts.slack_grid import install
from tests.fakes import NOW, REPO
from tests.slack_install.conftest import Stage, channel


async def findings(stage: Stage) -> dict[str, str]:
    """By the names of the checks; a failure begins with ✗."""
    found: dict[str, str] = {}
    for name, check in (await slack_checks(stage.app)).items():
        try:
            found[name] = await check()
        except BotError as error:
            found[name] = f"✗ {error}"
    return found


async def subscribe(stage: Stage, name: str) -> None:
    terms = SubscriptionTerms(
        channel=channel(stage.one, name), repo=REPO, at=time(9), zone=ZoneInfo("UTC"), subscriber="U1"
    )
    await stage.app.subscriptions.subscribe(terms, NOW)


async def test_an_app_that_nobody_has_installed_yet_says_where_to(stage: Stage):
    assert await findings(stage) == {
        "slack": f"installed nowhere yet; people install it at {stage.address}/slack/install"
    }


async def test_every_workspace_is_looked_at(stage: Stage):
    for workspace in (stage.one, stage.other):
        await install(workspace, stage.address)
    await subscribe(stage, "general")
    stage.one.tokens[await stage.oauth.installations.token("T000000001")].scopes -= {"groups:history"}
    found = await findings(stage)
    assert list(found) == [
        "slack T000000001",
        "slack T000000001 channels",
        "slack T000000002",
        "slack T000000002 channels",
        "slack blocks",
    ]
    assert found["slack T000000001 channels"] == "the bot can post in all 1 that are subscribed"
    assert found["slack T000000002 channels"] == "none is subscribed yet"
    assert found["slack blocks"] == "Slack's validator takes a sample digest"


async def test_channels_in_which_the_bot_cannot_post_are_named(stage: Stage):
    await install(stage.one, stage.address)
    for name in ("general", "attic", "lounge"):
        await subscribe(stage, name)
    said = (await findings(stage))["slack T000000001 channels"]
    channels = stage.one.workspace.channels
    assert said.startswith("✗ ")
    assert f"{channels['attic']}: This channel is archived." in said
    assert f"{channels['lounge']}: I am not in this channel." in said
    assert channels["general"] not in said


async def test_missing_scopes_are_named_and_those_that_are_only_useful_are_suggested(stage: Stage):
    await install(stage.one, stage.address)
    headers = {"x-oauth-scopes": "commands,chat:write,channels:read,groups:read,im:write,im:history,app_mentions:read"}
    identity = {"ok": True, "team": "Acme", "user": "digest", "team_id": "T000000001"}
    stage.one.fail("auth.test", Answer(status=200, body=identity, headers=headers))
    found = await findings(stage)
    assert found["slack T000000001"] == (
        "✗ the app lacks the scopes users:read, files:write; add them and reinstall it"
    )
    headers["x-oauth-scopes"] += ",users:read,files:write,channels:history,chat:write.public"
    stage.one.fail("auth.test", Answer(status=200, body=identity, headers=headers))
    assert (await findings(stage))["slack T000000001"] == (
        "Acme as digest; it would be better with groups:history (the same in private channels)"
    )


async def test_a_dead_token_is_a_finding_and_the_rest_is_looked_at(stage: Stage):
    for workspace in (stage.one, stage.other):
        await install(workspace, stage.address)
    stage.one.tokens.end("token_revoked")
    found = await findings(stage)
    assert "token_revoked" in found["slack T000000001"]
    assert found["slack T000000002"] == "Globex as digest; with which scopes, Slack did not say"


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        (slack.error("unknown_method"), "not checked: this Slack has no blocks.validate"),
        (slack.server_error(503), "not checked: Slack did not answer. Please try again."),
        (slack.error("invalid_blocks"), "✗ Slack rejected the message: invalid_blocks."),
    ],
)
async def test_what_slack_s_validator_says_is_told(stage: Stage, fault: Any, finding: str):
    await install(stage.one, stage.address)
    stage.one.fail("blocks.validate", fault, times=None)
    assert (await findings(stage))["slack blocks"] == finding


async def test_a_failure_is_printed_and_told_at_the_end(stage: Stage, capsys: pytest.CaptureFixture[str]):
    await install(stage.one, stage.address)
    stage.one.tokens.end("token_revoked")
    with pytest.raises(BotError, match="slack T000000001"):
        await examine(stage.app)
    assert "✗ slack T000000001: Slack says token_revoked" in capsys.readouterr().out
