"""The app as `dynamo-digest manifest feishu` prints it: within Feishu's limits, and in step with what is documented."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.feishu import manifest as limits
from bot.adapters.feishu import scopes
from bot.adapters.feishu.manifest import CALLBACKS, EVENTS, MENU, manifest
from bot.adapters.feishu.slash_commands import COMMAND, description
from bot.core.grammar import parse
from bot.settings import Settings
from handlers.feishu import events, text, webhook

ROOT = Path(__file__).parents[2]


def test_by_long_connection_no_address_is_named():
    assert manifest() == {
        "name": "Dynamo Digest",
        "description": {
            "en_us": "One message a day about what was merged into the repositories your team depends on.",
            "zh_cn": "每天一条消息，讲清团队所依赖的仓库合入了什么。",
        },
        "scopes": {
            "tenant": [
                "im:message:send_as_bot",
                "im:message.p2p_msg:readonly",
                "im:message.group_at_msg:readonly",
                "im:resource",
                "im:chat:readonly",
                "im:chat.access_event.bot_p2p_chat:read",
                "application:app_slash_command:read",
                "application:app_slash_command:write",
            ],
            "user": [],
        },
        "optional_scopes": [
            "im:chat:readonly",
            "im:chat.access_event.bot_p2p_chat:read",
            "application:app_slash_command:read",
            "application:app_slash_command:write",
        ],
        "events": {
            "subscription_type": "websocket",
            "items": {
                "tenant": [
                    "im.message.receive_v1",
                    "application.bot.menu_v6",
                    "im.chat.member.bot.added_v1",
                    "im.chat.member.bot.deleted_v1",
                    "im.chat.disbanded_v1",
                    "im.chat.access_event.bot_p2p_chat_entered_v1",
                ]
            },
        },
        "callbacks": {"callback_type": "websocket", "items": ["card.action.trigger"]},
        "bot_menu": [
            {"event_key": "yesterday", "name": {"en_us": "Yesterday's digest", "zh_cn": "昨天的日报"}},
            {"event_key": "settings", "name": {"en_us": "Settings", "zh_cn": "设置"}},
            {"event_key": "help", "name": {"en_us": "Help", "zh_cn": "帮助"}},
        ],
        "slash_commands": [{"command": "dynamo-digest", "description": description()}],
    }


def test_over_http_events_and_callbacks_go_to_where_the_bot_listens():
    made, listens = manifest("https://digest.example.org/"), "https://digest.example.org/feishu/events"
    assert (made["events"]["subscription_type"], made["events"]["request_url"]) == ("webhook", listens)
    assert (made["callbacks"]["callback_type"], made["callbacks"]["request_url"]) == ("webhook", listens)
    same = {"subscription_type", "callback_type", "request_url"}
    for part, value in manifest().items():
        if part in {"events", "callbacks"}:
            assert {key: made[part][key] for key in made[part].keys() - same} == {
                key: value[key] for key in value.keys() - same
            }
        else:
            assert made[part] == value


def test_every_event_that_something_is_made_of_is_subscribed():
    assert set(EVENTS) == events.KNOWN - events.IGNORED
    assert CALLBACKS == (events.CLICK,)
    assert (limits.EVENTS_PATH, COMMAND) == (webhook.PATH, text.COMMAND)


def test_each_event_has_a_scope_that_feishu_wants_for_it():
    for event, needed in EVENTS.items():
        assert set(needed) <= {*scopes.REQUIRED, *scopes.OPTIONAL}, event


def test_no_scope_is_asked_for_that_reads_what_is_none_of_the_bot_s_business():
    assert not {"im:message", "im:message.group_msg", "im:chat", "im:message:readonly"} & {
        *scopes.REQUIRED,
        *scopes.OPTIONAL,
    }
    assert not set(scopes.REQUIRED) & set(scopes.OPTIONAL)


def test_the_menu_fits_and_its_keys_are_commands():
    assert len(MENU) <= limits.MENU_MAX
    for entry in MENU:
        assert 0 < len(entry.key) <= limits.MENU_KEY_MAX
        parse(entry.key)


@pytest.mark.parametrize(
    ("granted", "missing", "declined"),
    [
        ([*scopes.REQUIRED, *scopes.OPTIONAL], (), ()),
        ([], tuple(scopes.REQUIRED), tuple(scopes.OPTIONAL)),
        (
            ["im:message", "im:message.p2p_msg:readonly", "im:message.group_msg", "im:resource:upload", "im:chat"],
            (),
            tuple(scopes.OPTIONAL)[1:],
        ),
        (["im:message"], tuple(scopes.REQUIRED)[1:], tuple(scopes.OPTIONAL)),
    ],
    ids=["all", "none", "wider ones", "one that only sends"],
)
def test_a_wider_scope_stands_for_those_that_it_contains(
    granted: list[str], missing: tuple[str, ...], declined: tuple[str, ...]
):
    assert (scopes.missing(granted), scopes.declined(granted)) == (missing, declined)


@pytest.fixture
def readme() -> str:
    """What it says of installing the app."""
    return (ROOT / "README.md").read_text(encoding="utf-8").partition("**Feishu and Lark.**")[2].partition("\n## ")[0]


def test_readme_lists_these_scopes_events_and_callbacks(readme: str):
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", readme, re.MULTILINE)
    assert dict(rows) == {
        **scopes.REQUIRED,
        **{scope: f"optional: {what_for}" for scope, what_for in scopes.OPTIONAL.items()},
    }
    for name in (*EVENTS, *CALLBACKS, *(f"`{entry.key}`" for entry in MENU)):
        assert name in readme


def test_readme_has_the_ten_steps_that_setup_speaks_of(readme: str):
    assert re.findall(r"^(\d+)\. ", readme, re.MULTILINE) == [str(number) for number in range(1, 11)]


def test_every_setting_of_feishu_is_in_the_example_and_in_readme(readme: str):
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        if name.startswith("feishu_"):
            assert f"\n{name.upper()}=" in example
            assert f"`{name.upper()}" in readme


@pytest.fixture
def printed(tmp_path: Path) -> Any:
    def run(*arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).with_name("dynamo-digest"), "manifest", "feishu", *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


def test_the_command_prints_it_and_nothing_else(printed: Any):
    over_http = manifest("https://digest.example.org")
    assert json.loads(printed("--url", "https://digest.example.org").stdout) == over_http
    assert json.loads(printed(PUBLIC_URL="https://digest.example.org").stdout) == over_http
    assert json.loads(printed("--long-connection", PUBLIC_URL="https://digest.example.org").stdout) == manifest()
    assert json.loads(printed().stdout) == manifest()
    assert "https:// only" in printed("--url", "http://digest.example.org", code=2).stderr
    assert "PUBLIC_URL" in printed(code=2, PUBLIC_URL="digest").stderr


def test_what_the_console_imports_as_scopes_is_printed_alone(printed: Any):
    assert json.loads(printed("--scopes").stdout) == {"scopes": manifest()["scopes"]}


def test_it_is_printed_without_loading_an_sdk():
    code = "import sys; import bot.adapters.feishu.manifest; print('lark_oapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
