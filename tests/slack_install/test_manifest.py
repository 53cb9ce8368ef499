"""The app as `dynamo-digest manifest slack` prints it: within Slack's limits, and in step with what listens."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack import manifest as limits
from bot.adapters.slack.manifest import manifest
from bot.adapters.slack.scopes import OPTIONAL, REQUIRED
from handlers import slack as handler
from handlers import slack_install

HTTP = manifest("https://digest.example.org/")
SOCKET = manifest(socket_mode=True)


@pytest.mark.parametrize("made", [HTTP, SOCKET], ids=["HTTP", "Socket Mode"])
def test_every_field_is_within_its_limit(made: dict[str, Any]):
    shown, features = made["display_information"], made["features"]
    assert 0 < len(shown["name"]) <= limits.NAME_MAX
    assert 0 < len(shown["description"]) <= limits.DESCRIPTION_MAX
    assert limits.LONG_DESCRIPTION_MIN <= len(shown["long_description"]) <= limits.LONG_DESCRIPTION_MAX
    assert len(features["bot_user"]["display_name"]) <= limits.DISPLAY_NAME_MAX
    (command,) = features["slash_commands"]
    assert len(command["command"]) <= limits.COMMAND_MAX
    assert len(command["description"]) <= limits.COMMAND_DESCRIPTION_MAX
    assert len(command["usage_hint"]) <= limits.USAGE_HINT_MAX
    assert sum(map(len, made["oauth_config"]["scopes"].values())) <= limits.SCOPES_MAX
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert len(events) == len(set(events)) <= limits.EVENTS_MAX


def test_over_http_slack_is_told_where_the_bot_listens():
    settings, (command,) = HTTP["settings"], HTTP["features"]["slash_commands"]
    listens = "https://digest.example.org/slack/events"
    assert command["url"] == settings["interactivity"]["request_url"] == listens
    assert settings["event_subscriptions"]["request_url"] == listens
    assert HTTP["oauth_config"]["redirect_urls"] == ["https://digest.example.org/slack/oauth_redirect"]
    assert settings["socket_mode_enabled"] is False


def test_in_socket_mode_no_address_is_named_but_that_of_installing():
    assert "://" not in json.dumps(SOCKET)
    assert SOCKET["settings"]["socket_mode_enabled"] is True
    made = manifest("https://digest.example.org", socket_mode=True)
    assert json.dumps(made).count("https://") == 1
    assert made["oauth_config"]["redirect_urls"] == ["https://digest.example.org/slack/oauth_redirect"]


def test_without_an_address_it_is_for_socket_mode_only():
    with pytest.raises(ValueError, match="needs the address"):
        manifest()


def test_the_command_and_the_paths_are_those_that_are_listened_to():
    assert (limits.SLASH_COMMAND, limits.EVENTS_PATH) == (handler.COMMAND, handler.PATH)
    assert slack_install.INSTALL_PATH == "/slack/install"


def test_people_can_write_to_the_bot_and_names_of_channels_come_as_ids():
    home = HTTP["features"]["app_home"]
    assert (home["home_tab_enabled"], home["messages_tab_enabled"]) == (True, True)
    assert home["messages_tab_read_only_enabled"] is False
    assert HTTP["features"]["slash_commands"][0]["should_escape"] is True


def test_each_event_has_the_scope_that_slack_wants_for_it():
    """https://docs.slack.dev/reference/events"""
    scopes = {"app_mention": "app_mentions:read", "message.im": "im:history", "channel": "channels:read"}
    scopes |= {"group": "groups:read", "member": "channels:read"}
    for event in HTTP["settings"]["event_subscriptions"]["bot_events"]:
        needed = scopes.get(event) or scopes.get(event.split("_")[0])
        assert needed in {*REQUIRED, None}, event


def test_required_and_optional_scopes_do_not_overlap():
    assert not set(REQUIRED) & set(OPTIONAL)


@pytest.fixture
def printed(tmp_path: Path) -> Any:
    def run(*arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).with_name("dynamo-digest"), "manifest", "slack", *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


def test_the_command_prints_it_and_nothing_else(printed: Any):
    assert json.loads(printed("--url", "https://digest.example.org").stdout) == HTTP
    assert json.loads(printed(PUBLIC_URL="https://digest.example.org").stdout) == HTTP
    assert json.loads(printed("--socket-mode").stdout) == SOCKET
    nothing_configured = printed()
    assert json.loads(nothing_configured.stdout) == SOCKET
    assert "Socket Mode" in nothing_configured.stderr
    assert "https:// only" in printed("--url", "http://digest.example.org", code=2).stderr
    assert "PUBLIC_URL" in printed(code=2, PUBLIC_URL="digest").stderr


def test_it_is_printed_without_loading_an_sdk():
    code = "import sys; import bot.adapters.slack.manifest; print(*(m for m in sys.modules if 'slack_' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


async def test_every_event_that_is_subscribed_is_listened_to():
    """Here: those about the app and its channels; Slack disables an app that answers most events with an error."""
    from handlers import slack_lifecycle

    app = AsyncApp(client=AsyncWebClient(token="xoxb-1"), signing_secret="1")
    nobody: Any = None
    slack_lifecycle.register(app, tokens=nobody, subscriptions=nobody, workspaces=nobody, messenger=nobody)
    listening = len(app._async_listeners)
    elsewhere = {"app_home_opened", "app_mention", "message.im"}
    renames = 2
    assert listening - renames == len(set(limits.BOT_EVENTS) - elsewhere)
