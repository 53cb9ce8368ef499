"""What a page with a script is told: what is new, what has changed, and how far an answer is."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.model import Analysis, CommitDiff
from bot.core.rules import RuleAnalyst
from tests.console.browser import Page, hidden
from tests.console.stage import Stage

SCRIPT = {"HX-Request": "true"}


class SlowAnalyst(RuleAnalyst):
    """Waits before each commit until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Semaphore(1)

    async def analyse(self, diff: CommitDiff, *args: object, **named: object) -> Analysis:
        await self.go_on.acquire()
        return await super().analyse(diff, *args, **named)  # pyright: ignore[reportArgumentType]


async def test_nothing_new_is_nothing(engine: AsyncEngine):
    stage = Stage(engine)
    page = await stage.browser().open("/console/c/general")
    response = await stage.browser().get(_news(page))
    assert (response.status_code, response.text) == (204, "")


async def test_new_messages_are_added_and_changed_ones_replaced(engine: AsyncEngine):
    stage = Stage(engine)
    browser = stage.browser()
    page = await browser.open("/console/c/general")
    fields = {**hidden(page.all(".//form[@id='composer']")[0]), "text": ["settings octo/hello"]}
    answered = await browser.post("/console/c/general/say", fields, SCRIPT)
    await stage.underway.finish()
    assert answered.headers["hx-trigger"] == "said"
    assert 'id="composer"' in answered.text
    response = await browser.get(_news(page))
    assert 'hx-swap-oob="beforeend:#messages"' in response.text
    assert "Digest settings" in response.text
    page = await browser.open("/console/c/general")
    pressed = {**hidden(page.all(".//form[@class='drawn']")[0]), "save": [""], "at": ["25:99"]}
    answered = await browser.post("/console/c/general/press", pressed, SCRIPT)
    await stage.underway.finish()
    assert answered.status_code == 204
    response = await browser.get(_news(page))
    assert '<li id="m2" class="message" hx-swap-oob="true">' in response.text
    assert "beforeend" not in response.text


async def test_how_far_an_answer_is_can_be_seen_until_it_is_there(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("handlers.console.answers.ANSWER_WITHIN", 0)
    analyst = SlowAnalyst()
    stage = Stage(engine, analyst=analyst)
    browser = stage.browser(is_patient=False)
    page = await browser.say(await browser.open("/console"), "yesterday")
    assert page.all(".//noscript")
    async with asyncio.timeout(30):
        while "1 of 2 commits" not in page.text:
            await asyncio.sleep(0.01)
            page = await browser.open("/console/c/general")
    assert len(page.messages()) == 1
    analyst.go_on.release()
    await stage.underway.finish()
    page = await browser.open("/console/c/general")
    assert "1 of 2 commits" not in page.text
    assert not page.all(".//noscript")
    assert "Greet everybody" in page.messages()[-1]


def _news(page: Page) -> str:
    (news,) = page.all(".//div[@id='news']")
    return news.attrib["hx-get"]
