"""What people are answered outside of a response_url, where Slack refuses a message."""

import pytest

from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.adapters.slack.surfaces import SlackSurfaces
from bot.core.errors import MessageRejected
from bot.core.replies import Notice
from tests.counterparts import slack
from tests.counterparts.slack import SlackProxy

TEAM = "T000000001"
ANSWER = Notice(text="Hello <!channel>.")


@pytest.fixture
def surfaces(emulated_slack: SlackProxy) -> SlackSurfaces:
    return SlackSurfaces(SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api))


async def test_an_answer_that_slack_refuses_to_draw_arrives_as_text(
    surfaces: SlackSurfaces, emulated_slack: SlackProxy
):
    general, alice = emulated_slack.workspace.channels["general"], emulated_slack.workspace.users["alice"]
    emulated_slack.fail("chat.postEphemeral", slack.error("invalid_blocks"))
    await surfaces.post_privately(TEAM, general, alice, ANSWER)
    (whisper,) = emulated_slack.whispers("alice")
    assert (whisper["text"], whisper["blocks"]) == ("Hello &lt;!channel&gt;.", [])


async def test_a_message_changes_into_text_where_blocks_are_refused(
    surfaces: SlackSurfaces, emulated_slack: SlackProxy
):
    general = emulated_slack.workspace.channels["general"]
    ts = await surfaces.post(TEAM, general, Notice(text="One moment."))
    emulated_slack.fail("chat.update", slack.error("msg_blocks_too_long"))
    await surfaces.update(TEAM, general, ts, ANSWER)
    (message,) = await emulated_slack.history()
    assert message["text"] == "Hello &lt;!channel&gt;."


async def test_what_slack_takes_in_no_form_is_told_as_refused(surfaces: SlackSurfaces, emulated_slack: SlackProxy):
    emulated_slack.fail("chat.postMessage", slack.error("no_text"), times=2)
    with pytest.raises(MessageRejected, match="no_text"):
        await surfaces.post(TEAM, emulated_slack.workspace.channels["general"], ANSWER)
