"""The whole story in the console, as a browser without a script has it."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.conversations import WORKSPACE
from bot.core.subscriptions import Platform
from tests.console.browser import Page
from tests.console.stage import Stage
from tests.fakes import commit

pytestmark = pytest.mark.both_databases


@pytest.fixture
def stage(engine: AsyncEngine) -> Stage:
    return Stage(engine)


async def test_a_channel_is_empty_at_first_and_says_what_to_type(stage: Stage):
    page = await stage.browser().open("/console")
    assert page.messages() == []
    assert page.all(".//h1")[0].text == "#general"
    assert "Type a command below, such as /dynamo-digest yesterday" in page.text


async def test_who_asks_by_the_slash_command_alone_sees_the_answer_and_may_share_it(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "/dynamo-digest yesterday")
    asked, answer = page.messages()
    assert asked.endswith("/dynamo-digest yesterday")
    assert "Only visible to you" in answer
    assert "octo/hello · 2026-01-21 (Asia/Shanghai)" in answer
    assert "Greet everybody" in answer
    page = await browser.press(page, "Share in channel")
    shared = page.messages()[-1]
    assert "Greet everybody" in shared
    assert "Only visible to you" not in shared
    assert "Share in channel" not in shared


async def test_what_is_said_to_all_is_answered_for_all(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "yesterday")
    assert "Only visible to you" not in page.text
    assert "Share in channel" not in page.buttons()


async def test_an_analysis_opens_turns_in_place_and_is_judged(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "yesterday")
    page = await browser.press(page, "Details")
    assert len(page.messages()) == 3
    opened = page.messages()[-1]
    assert "Only visible to you" in opened
    page = await browser.press(page, "Previous commit" if "Previous commit" in page.buttons() else "Next commit")
    assert len(page.messages()) == 3
    assert page.messages()[-1] != opened
    page = await browser.press(page, "👎 Not right")
    assert "What is not right in the analysis of" in page.messages()[-1]
    page = await browser.press(page, "Send", reason="the second sentence")
    assert "What is not right" not in page.messages()[-1]
    page = await browser.say(page, "subscribe octo/hello at 09:00")
    page = await browser.say(page, "status")
    assert "the second sentence" in page.messages()[-1]


async def test_a_digest_arrives_when_it_is_due_and_is_there_after_a_restart(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console/c/general"), "subscribe octo/hello at 09:00")
    before = len(page.messages())
    stage.source.commits.append(commit("feat: sing", "2026-01-22T03:00:00+00:00"))
    await stage.tick(at=datetime(2026, 1, 23, 1, tzinfo=UTC))
    await stage.tick(at=datetime(2026, 1, 23, 1, 1, tzinfo=UTC))
    stage.app = stage.process()
    page = await stage.browser().open("/console/c/general")
    assert len(page.messages()) == before + 1
    assert "2026-01-22 (Asia/Shanghai)" in page.messages()[-1]
    assert "Sing" in page.messages()[-1]
    page = await stage.browser().ask_about(page, "what about sing")
    assert "In a thread" in page.messages()[-1]
    assert "Sing" in page.messages()[-1]


async def test_settings_are_a_form_that_says_what_is_wrong_and_is_saved(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "/dynamo-digest settings octo/hello")
    page = await browser.press(page, "Subscribe", zone="Nowhere/Never", paths="lib/**")
    form = page.messages()[-1]
    assert "Nowhere/Never" in form
    assert [field.get("value") for field in page.all(".//input[@name='paths']")] == ["lib/**"]
    page = await browser.press(page, "Preview", days=["monday", "friday"], at="18:30", paths="")
    assert "2026-01-21" in page.messages()[-1]
    assert [field.get("value") for field in page.all(".//input[@name='at']")] == ["18:30"]
    page = await browser.press(page, "Subscribe")
    (subscribed,) = await stage.subscriptions.of_workspace(*_console())
    assert f"{subscribed.terms.at:%H:%M}" == "18:30"
    assert sorted(day.name for day in subscribed.terms.days) == ["FRIDAY", "MONDAY"]
    page = await browser.say(page, "/dynamo-digest settings")
    page = await browser.press(page, "Pause")
    assert "Resume" in page.buttons()
    await browser.press(page, "Unsubscribe")
    assert not await stage.subscriptions.of_workspace(*_console())


async def test_the_forms_of_slack_and_feishu_are_filled_in_likewise(stage: Stage):
    browser = stage.browser()
    for number, view in enumerate(("slack", "feishu"), start=1):
        page = await browser.say(await browser.open("/console"), "/dynamo-digest settings octo/hello")
        page = await _as(stage, page, view)
        await browser.press(page, _save(page), at=f"0{number}:15")
        (subscribed,) = await stage.subscriptions.of_workspace(*_console())
        assert f"{subscribed.terms.at:%H:%M}" == f"0{number}:15"


async def test_a_reply_is_shown_as_slack_and_as_feishu_would_with_its_json_beside(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "yesterday")
    for view, kind in (("slack", "blocks"), ("feishu", "schema")):
        shown = await _as(stage, page, view)
        (written,) = shown.all(".//section[@class='json']//code")
        assert kind in json.loads("".join(written.itertext()))
        assert "Greet everybody" in shown.text
        answer = await browser.press(shown, "Subscribe")
        assert len(answer.messages()) > len(page.messages())


async def test_the_conversation_with_the_bot_alone_shows_all_that_is_followed(stage: Stage):
    browser = stage.browser()
    await browser.say(await browser.open("/console/c/team"), "subscribe octo/hello at 09:00")
    page = await browser.say(await browser.open("/console/c/@you"), "list")
    assert "octo/hello" in page.messages()[-1]
    assert "Only visible to you" not in page.text
    page = await browser.press(page, "Pause")
    (subscribed,) = await stage.subscriptions.of_workspace(*_console())
    assert subscribed.pause is not None


async def test_a_report_is_a_file_to_load(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "report yesterday")
    (link,) = [link for link in page.all(".//a") if "download" in link.attrib]
    response = await browser.get(link.attrib["href"])
    assert response.headers["content-disposition"].startswith("attachment; filename*=UTF-8''octo-hello-2026-01-21.md")
    assert "Greet everybody" in response.text


async def test_a_browser_that_likes_chinese_is_answered_in_chinese(stage: Stage):
    browser = stage.browser("zh-CN,zh;q=0.9,en;q=0.5")
    page = await browser.say(await browser.open("/console"), "/dynamo-digest help")
    assert page.root.get("lang") == "zh-Hans"
    assert "任意仓库" in page.text or "仓库" in page.text
    english = await browser.open("/console/c/general?lang=en")
    assert english.root.get("lang") == "en"


async def test_what_is_not_understood_is_told_with_what_would_be(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "/dynamo-digest yesterdy")
    assert "Try /dynamo-digest yesterday" in page.messages()[-1]


async def test_what_people_and_commits_say_is_shown_and_not_obeyed(stage: Stage):
    stage.source.commits.append(commit("feat: <script>alert(1)</script>", "2026-01-21T09:00:00+00:00"))
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "yesterday <img src=x onerror=alert(1)>")
    page = await browser.say(page, "yesterday")
    for shown in (page, await _as(stage, page, "slack"), await _as(stage, page, "feishu")):
        assert all(script.get("src") for script in shown.all(".//script"))
        assert shown.all(".//img") == []
        assert "<script>alert(1)</script>" in shown.text


def _console() -> tuple[Platform, str]:
    return Platform.CONSOLE, WORKSPACE


def _save(page: Page) -> str:
    return next(label for label in ("Save", "Subscribe") if label in page.buttons())


async def _as(stage: Stage, page: Page, view: str) -> Page:
    """The last reply as a platform shows it."""
    links = [link.attrib["href"] for link in page.all(".//p[@class='views']/a")]
    return await stage.browser().open([link for link in links if f"view={view}" in link][-1])
