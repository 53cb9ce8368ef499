"""Slack's requests, signed as Slack signs them, through Bolt's own dispatch, to a desk over a real database."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.feedback import DatabaseFeedback
from bot.adapters.database.inbox import DatabaseInbox
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.adapters.slack.surfaces import SlackSurfaces
from bot.core import answering
from bot.core.desk import Desk
from bot.core.errors import AnalystTimeout, SourceUnavailable
from bot.core.subscriptions import Platform
from handlers import slack as handler
from handlers import web
from tests.counterparts import slack
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_inbound import signed
from tests.fakes import FakeAnalyst, FakeClock, FakeSource, commit, service
from tests.serving import served
from tests.slack_people import People, buttons, eventually, texts

GREET = commit("feat: greet <!channel> & <@U1>", "2026-01-21T08:00:00+00:00")


class Stage:
    def __init__(self, source: FakeSource, analyst: FakeAnalyst, people: People, emulated_slack: SlackProxy) -> None:
        self.source = source
        self.analyst = analyst
        self.people = people
        self.slack = emulated_slack


@pytest.fixture
async def stage(
    engine: AsyncEngine,
    archive: DatabaseArchive,
    subscriptions: DatabaseSubscriptions,
    ledger: DatabaseLedger,
    emulated_slack: SlackProxy,
    clock: FakeClock,
) -> AsyncIterator[Stage]:
    gateway = SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api)
    messenger = SlackMessenger(gateway)
    source, analyst = FakeSource([GREET]), FakeAnalyst()
    made = service(
        source=source,
        analyst=analyst,
        archive=archive,
        subscriptions=subscriptions,
        ledger=ledger,
        feedback=DatabaseFeedback(engine),
        posts=DatabasePosts(engine),
        messengers={Platform.SLACK: messenger},
        now=clock,
    )
    client = AsyncWebClient(token=slack.BOT_TOKEN, base_url=emulated_slack.api, retry_handlers=[])
    bolt = AsyncApp(client=client, signing_secret=slack.SIGNING_SECRET)
    surfaces = SlackSurfaces(gateway)
    receiver = handler.register(
        bolt,
        made.desk,
        slack=surfaces,
        messenger=messenger,
        inbox=DatabaseInbox(engine),
        host="github.com",
        now=clock,
    )
    async with served(web.application([handler.route(bolt)])) as address, ClientSession() as session:
        yield Stage(source, analyst, People(emulated_slack, session, address), emulated_slack)
        analyst.gate.set()
        await receiver.finish()  # before the database is closed


def said(answer: dict[str, object]) -> str:
    return "\n".join(texts(answer["blocks"]))


async def test_a_day_is_answered_privately_with_a_button_per_commit(stage: Stage):
    (answer,) = await stage.people.type("2026-01-21")
    assert answer["response_type"] == "ephemeral"
    assert "About feat: greet <!channel> & <@U1>" in said(answer)
    assert "<!channel>" not in answer["text"]
    assert [button["value"] for button in buttons(answer["blocks"], "commit.open")] == [
        f"1 commit github.com octo/hello {GREET.sha} 2026-01-21 Asia/Shanghai"
    ]


async def test_a_click_opens_the_stored_analysis_and_asks_nobody(stage: Stage):
    (answer,) = await stage.people.type("2026-01-21")
    stage.source.problem = SourceUnavailable()
    (button,) = buttons(answer["blocks"], "commit.open")
    acknowledged, _ = await stage.people.click(button)
    assert acknowledged.status == 200
    view = await stage.people.sees("About feat: greet <!channel> & <@U1>", "Ada")
    assert view["type"] == "modal"
    assert len(stage.analyst.asked) == 1


async def test_a_click_on_a_trigger_that_expired_is_answered_with_a_sentence(stage: Stage):
    (answer,) = await stage.people.type("2026-01-21")
    (button,) = buttons(answer["blocks"], "commit.open")
    stage.slack.fail("views.open", slack.error("expired_trigger_id"))
    _, url = await stage.people.click(button)
    async with asyncio.timeout(5):
        while not stage.slack.responses(url):
            await asyncio.sleep(0.01)
    (told,) = stage.slack.responses(url)
    assert "Please click again" in said(told)
    assert told["response_type"] == "ephemeral"


async def test_every_commit_of_a_big_day_is_reachable_by_turning_pages(stage: Stage):
    stage.source.commits = [
        commit(f"feat: number {number:03}", f"2026-01-21T08:{number // 60:02}:{number % 60:02}+00:00")
        for number in range(170)
    ]
    (answer,) = await stage.people.type("2026-01-21")
    (everything,) = buttons(answer["blocks"], "digest.index")
    await stage.people.click(everything)
    seen: set[str] = set()
    view = await stage.people.sees("number 169")
    while True:
        seen |= {button["value"] for button in buttons(view["blocks"], "commit.open")}
        following = [button for button in buttons(view["blocks"], "index.turn") if "Next" in str(button["text"])]
        if not following:
            break
        await stage.people.click(following[0], view=view)
        async with asyncio.timeout(5):
            while stage.slack.views[view["id"]] == view:
                await asyncio.sleep(0.01)
        view = stage.slack.views[view["id"]]
    day = "2026-01-21 Asia/Shanghai"
    assert seen == {f"1 commit github.com octo/hello {each.sha} {day}" for each in stage.source.commits}


async def test_a_commit_opens_above_the_list_it_was_clicked_in(stage: Stage):
    stage.source.commits = [commit(f"feat: number {n:03}", "2026-01-21T08:00:00+00:00") for n in range(60)]
    (answer,) = await stage.people.type("2026-01-21")
    await stage.people.click(buttons(answer["blocks"], "digest.index")[0])
    view = await stage.people.sees("number 000")
    await stage.people.click(buttons(view["blocks"], "commit.open")[0], view=view)
    await stage.people.sees("Ada", "model fake-1")
    assert len(stage.slack.calls_of("views.push")) == 1


async def test_subscribing_listing_and_unsubscribing_are_answered_privately(stage: Stage):
    (answer,) = await stage.people.type("subscribe octo/world at 18:30 tz Europe/Berlin")
    assert "now gets the digest of octo/world every day at 18:30 (Europe/Berlin)" in said(answer)
    (answer,) = await stage.people.type("list")
    assert "octo/world" in said(answer)
    (answer,) = await stage.people.type("list", channel="random")
    assert "octo/world" not in said(answer)
    (answer,) = await stage.people.type("退订 全部")
    assert "no more digests of octo/world" in said(answer)


async def test_a_chinese_channel_is_answered_in_chinese(stage: Stage):
    (answer,) = await stage.people.type("subscribe octo/hello lang zh")
    assert "octo/hello" in said(answer)
    assert "试试" in said(answer)
    (answer,) = await stage.people.type("2026-01-21")
    assert "1 个提交" in said(answer)
    (told,) = await stage.people.type("明天")
    assert "“明天”既不是日期，也不是命令。" in said(told)
    assert "试试" in said(told)
    (elsewhere,) = await stage.people.type("2026-01-21", channel="random")
    assert "1 commit" in said(elsewhere)


async def test_windows_go_on_in_the_language_that_they_were_opened_in(stage: Stage):
    stage.source.commits = [
        commit(f"feat: number {number:03}", f"2026-01-21T08:{number // 60:02}:{number % 60:02}+00:00")
        for number in range(90)
    ]
    await stage.people.type("subscribe octo/hello lang zh")
    (answer,) = await stage.people.type("2026-01-21")
    await stage.people.click(buttons(answer["blocks"], "digest.index")[0])
    view = await stage.people.sees("number 089", "第 1–80 个")
    (following,) = buttons(view["blocks"], "index.turn")
    await stage.people.click(following, view=view)
    await stage.people.sees("第 81–90 个，共 90 个")


async def test_a_channel_whose_language_is_not_known_in_time_is_answered(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Desk, "language", never)
    monkeypatch.setattr(answering, "LANGUAGE_WITHIN", 0.01)
    (answer,) = await stage.people.type("2026-01-21")
    assert "1 commit" in said(answer)


async def test_a_channel_without_the_bot_cannot_be_subscribed(stage: Stage):
    (answer,) = await stage.people.type("subscribe octo/world", channel="attic")
    assert "archived" in said(answer)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-02-30", "There is no day 2026-02-30 in the calendar."),
        ("2027-01-01", "2027-01-01 (Asia/Shanghai) has not begun"),
        ("2019-01-01", "octo/hello began later"),
        ("<!channel>", "“<!channel>” is neither a day nor a command."),
        ("commit fffffff", "No commit fffffff of octo/hello has been in a digest."),
        ("help", "/dynamo-digest"),
    ],
)
async def test_what_cannot_be_done_is_answered_with_a_clear_sentence(stage: Stage, text: str, sentence: str):
    (answer,) = await stage.people.type(text)
    assert sentence in said(answer)


async def test_an_outage_is_told_as_an_outage(stage: Stage):
    stage.source.problem = SourceUnavailable()
    (answer,) = await stage.people.type("2026-01-21")
    assert said(answer) == "The repository could not be read. Please ask again in a few minutes."


async def test_a_fault_of_ours_is_told_without_its_details(stage: Stage):
    stage.source.list = None  # pyright: ignore[reportAttributeAccessIssue]
    (answer,) = await stage.people.type("2026-01-21")
    assert said(answer) == "Something went wrong on our side. It has been logged."


async def test_a_person_who_has_to_wait_hears_of_progress(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answering, "PROGRESS_AFTER", (0.05, 0.2, 1, 5))
    stage.analyst.gate.clear()
    url = stage.slack.response_url()
    await stage.people.send(await stage.people.typed("2026-01-21", url=url))

    async def told(words: str) -> bool:
        return any(words in said(answer) for answer in stage.slack.responses(url))

    await eventually(lambda: told("0 of 1"))
    stage.analyst.gate.set()
    await eventually(lambda: told("About feat: greet"))


async def test_a_command_is_acknowledged_before_anything_is_done(stage: Stage):
    stage.analyst.gate.clear()
    url = stage.slack.response_url()
    acknowledged = await stage.people.send(await stage.people.typed("2026-01-21", url=url))
    assert acknowledged.status == 200
    assert stage.slack.responses(url) == []
    stage.analyst.gate.set()
    async with asyncio.timeout(5):
        while not stage.slack.responses(url):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed("another body", slack.SIGNING_SECRET),
        signed("", "another secret"),
        {"X-Slack-Request-Timestamp": "not a number", "X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "²", "X-Slack-Signature": "v0=00"},
    ],
    ids=["none", "of another body", "by another secret", "without a time", "with a time in superscript"],
)
async def test_a_request_that_slack_did_not_sign_is_refused(stage: Stage, headers: dict[str, str]):
    body = await stage.people.typed("unsubscribe all", url=stage.slack.response_url())
    headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    assert (await stage.people.send(body, headers)).status == 401


async def test_a_request_of_five_minutes_ago_is_refused(stage: Stage):
    body = await stage.people.typed("list", url=stage.slack.response_url())
    headers = signed(body, slack.SIGNING_SECRET, int(time.time()) - 301)
    assert (await stage.people.send(body, headers)).status == 401


async def test_a_button_that_we_did_not_make_is_answered_with_a_sentence(stage: Stage):
    await stage.people.click({"action_id": "commit.open", "value": "2 commit ../../etc"})
    await stage.people.sees("This button is from another version of the bot.")


async def test_a_day_of_a_range_is_one_click_away(stage: Stage):
    (answer,) = await stage.people.type("2026-01-20..2026-01-21")
    assert "2026-01-20..2026-01-21" in said(answer)
    (day,) = buttons(answer["blocks"], "digest.day.")
    _, url = await stage.people.click(day)
    told = await eventually_told(stage, url)
    assert "octo/hello · 2026-01-21" in said(told)
    assert (told["response_type"], told["replace_original"]) == ("ephemeral", False)


async def test_a_commit_is_deepened_in_its_window(stage: Stage):
    (answer,) = await stage.people.type("2026-01-21")
    await stage.people.click(buttons(answer["blocks"], "commit.open")[0])
    view = await stage.people.sees("feat: greet", "Deepen")
    await stage.people.click(buttons(view["blocks"], "commit.deepen")[0], view=view)
    async with asyncio.timeout(5):
        while buttons(stage.slack.views[view["id"]]["blocks"], "commit.deepen") or "One moment" in str(
            stage.slack.views[view["id"]]
        ):
            await asyncio.sleep(0.01)
    assert "feat: greet" in str(stage.slack.views[view["id"]])
    assert len(stage.analyst.asked) == 2


async def test_a_failure_to_deepen_is_a_clear_sentence(stage: Stage):
    (answer,) = await stage.people.type("2026-01-21")
    await stage.people.click(buttons(answer["blocks"], "commit.open")[0])
    view = await stage.people.sees("Deepen")
    stage.analyst.problems = {GREET.subject: AnalystTimeout()}
    await stage.people.click(buttons(view["blocks"], "commit.deepen")[0], view=view)
    await stage.people.sees("The language model did not answer in time.")


async def test_what_failed_is_retried_and_its_result_replaces_the_message(stage: Stage):
    stage.analyst.problems = {GREET.subject: AnalystTimeout()}
    (answer,) = await stage.people.type("2026-01-21")
    (retry,) = buttons(answer["blocks"], "digest.retry")
    stage.analyst.problems = {}
    _, url = await stage.people.click(retry)
    told = await eventually_told(stage, url)
    assert told["replace_original"] is True
    assert "About feat: greet" in said(told)
    assert buttons(told["blocks"], "digest.retry") == []


async def eventually_told(stage: Stage, url: str) -> dict[str, Any]:
    """The first answer to a click."""
    async with asyncio.timeout(5):
        while not stage.slack.responses(url):
            await asyncio.sleep(0.01)
    return stage.slack.responses(url)[0]


# Windows, forms and App Home over the real desk


async def opened(stage: Stage) -> dict[str, Any]:
    """The analysis, opened from a digest that was posted."""
    await stage.people.type("2026-01-21")
    message = await stage.slack.say("A digest", stage.slack.workspace.channels["general"])
    day = "2026-01-21 Asia/Shanghai"
    button = {"action_id": "commit.open", "value": f"1 commit github.com octo/hello {GREET.sha} {day}"}
    await stage.people.click(button, message={"ts": message})
    return await stage.people.sees("About feat: greet", "Share")


async def test_an_analysis_is_shared_into_the_thread_of_its_digest(stage: Stage):
    view = await opened(stage)
    await stage.people.click(buttons(view, "commit.share")[0], view=view)
    await stage.people.sees("Shared in the thread.", "About feat: greet")
    (message, *_others) = await stage.slack.history("general")
    (reply,) = await stage.people.hears(thread=message["ts"])
    assert "About feat: greet" in said(reply)


async def test_what_people_think_of_an_analysis_is_shown_and_stands_in_the_status(stage: Stage):
    view = await opened(stage)
    await stage.people.click(buttons(view, "feedback.up")[0], view=view)
    view = await stage.people.sees("You found this helpful.")
    await stage.people.click(buttons(view, "feedback.down")[0], view=view)
    form = await stage.people.sees("What is not right in the analysis of")
    await stage.people.submit(form, {"reason": {"value": {"value": "It greets nobody."}}})
    await stage.people.sees("You found this not right.")
    await stage.people.type("subscribe octo/hello")
    (status,) = await stage.people.type("status")
    assert "👍 0, 👎 1" in said(status)
    assert f"👎 {GREET.short_sha}: It greets nobody." in said(status)


ENTERED: dict[str, Any] = {
    "at": {"value": {"selected_time": "18:30"}},
    "days": {"value": {"selected_options": [{"value": "monday"}, {"value": "friday"}]}},
    "zone": {"value": {"selected_option": {"value": "Europe/Berlin"}}},
    "minimum": {"value": {"selected_option": {"value": "high"}}},
    "paths": {"value": {"value": "lib/**"}},
    "not_paths": {"value": {"value": None}},
    "authors": {"value": {"value": None}},
    "not_authors": {"value": {"value": None}},
    "more": {"value": {"selected_options": []}},
    "quiet": {"value": {"selected_option": {"value": "line"}}},
    "language": {"value": {"selected_option": {"value": "en"}}},
}


async def test_the_settings_of_a_channel_are_filled_in_saved_and_listed(stage: Stage):
    await stage.people.send(await stage.people.typed("settings octo/hello", url=stage.slack.response_url()))
    form = await stage.people.sees("Digest settings", "Repository")
    await stage.people.click(
        buttons(form, "settings.preview")[0], view=form, values={"repo": {"value": {"value": "octo/hello"}}, **ENTERED}
    )
    await stage.people.sees("octo/hello · ")
    await stage.people.submit(form, {"repo": {"value": {"value": "octo/hello"}}, **ENTERED})
    (listed,) = await stage.people.type("list")
    assert "18:30 (Europe/Berlin)" in said(listed)
    await stage.people.send(await stage.people.typed("settings", url=stage.slack.response_url()))
    form = await stage.people.sees("Digest settings", "Unsubscribe")
    await stage.people.click(buttons(form, "settings.pause")[0], view=form)
    await stage.people.sees("until somebody resumes them", "Digest settings")
    (listed,) = await stage.people.type("list")
    assert "paused" in said(listed)
    assert buttons(listed["blocks"], "subscription.resume")


async def test_home_shows_the_workspace_and_changes_what_it_shows(stage: Stage):
    await stage.people.type("subscribe octo/hello at 09:00", channel="random")
    await stage.people.open_home()
    home = await stage.people.sees_home("octo/hello", "Pause")
    await stage.people.click(buttons(home, "home.pause")[0], view=home)
    home = await stage.people.sees_home("until somebody resumes them", "Resume")
    await stage.people.click(buttons(home, "home.unsubscribe")[0], view=home)
    await stage.people.sees_home("This workspace follows no repository yet.")


async def test_a_mention_asks_about_the_digest_in_whose_thread_it_stands(stage: Stage):
    (answer,) = await stage.people.type("2026-01-21")
    (share,) = buttons(answer["blocks"], "digest.share")
    _, url = await stage.people.click(share, ephemeral=True)
    (told,) = await stage.people.answers(url)
    assert "Shared in the channel." in said(told)
    (message,) = await stage.slack.history("general")
    await stage.people.mention("which of these touch greet or others?", thread=message["ts"])
    (reply,) = await stage.people.hears(thread=message["ts"])
    assert GREET.short_sha in str(reply["blocks"])
