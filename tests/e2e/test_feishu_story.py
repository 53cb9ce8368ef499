"""The whole story in Feishu, by long connection and over HTTP, beside the same day in Slack."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.app import App, composed, listen
from bot.core.commands import MakeReport, OpenSettings
from formatters.feishu.values import value
from handlers.feishu import PATH
from tests.counterparts.feishu import FakeFeishu, Posted
from tests.counterparts.github import GitHubProxy
from tests.counterparts.model import Chat, ModelProxy
from tests.counterparts.slack import SlackProxy
from tests.e2e.configuration import configured, posted_to, read_from_github, understood_by
from tests.fakes import FakeClock
from tests.formatters.feishu_cards import questions, shown, with_tag
from tests.sample_day import COMMITS, build
from tests.serving import served
from tests.slack_people import People, eventually, texts

NINE = datetime(2026, 1, 22, 1, tzinfo=UTC)  # in Shanghai
REPOSITORY = "ai-dynamo/dynamo"
SAID = "Lines were replaced."


def answer(chat: Chat) -> dict[str, Any]:
    """What a careful model might say of any commit and of a day: as important as code finds it."""
    if "themes" in str(chat.body.get("response_format")):
        return {"text": SAID, "themes": []}
    path, level = re.search(r"=== (\S+) ", chat.user), re.search(r"computed importance: (\w+)", chat.user)
    assert level is not None
    return {
        "types": ["fix"],
        "importance": level[1],
        "rule": "behaviour",
        "reason": "source files changed",
        "headline": SAID,
        "summary": [{"text": SAID, "evidence": []}],
        "scope": [{"name": path[1], "effect": "other lines"}] if path else [],
        "insight": {"architecture": [], "performance": [], "security": []},
        "risks": [],
        "advice": [{"kind": "check", "text": "Check the lines."}],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    app: App
    clock: FakeClock
    feishu: FakeFeishu
    slack: SlackProxy
    people: People
    is_connected: bool

    async def tick(self, at: datetime) -> None:
        self.feishu.advance((at - self.clock.now).total_seconds())
        self.clock.now = at
        await self.app.rounds.tick()
        await self.app.rounds.finish()

    async def posted(self, chat: str, number: int) -> list[Posted]:
        """All of the bot's messages in a group, once there are so many."""

        async def there() -> list[Posted]:
            found = self.feishu.in_chat(chat)
            return found if len(found) >= number else []

        return await eventually(there)

    async def says(self, chat: str, text: str, **how: Any) -> None:
        """Feishu delivers at least once: here, always twice."""
        await self.feishu.says(text, chat=chat, times=2, **how)


@pytest.fixture(params=["by long connection", "over HTTP"])
async def stage(
    request: pytest.FixtureRequest,
    feishu: FakeFeishu,
    emulated_slack: SlackProxy,
    emulated_github: GitHubProxy,
    emulated_model: ModelProxy,
    database_url: str,
    tmp_path: Path,
) -> AsyncIterator[Stage]:
    await emulated_github.load(build(tmp_path / "history", until=NINE).path, REPOSITORY)
    emulated_model.answer(answer)
    is_connected = request.param == "by long connection"
    in_feishu = {
        "feishu_app_id": feishu.app_id,
        "feishu_app_secret": feishu.app_secret,
        "feishu_domain": feishu.url,
    }
    over_http = {"feishu_encrypt_key": feishu.encrypt_key, "feishu_verification_token": feishu.verification_token}
    settings = configured(
        database_url,
        read_from_github(emulated_github, tmp_path),
        understood_by(emulated_model),
        posted_to(emulated_slack),
        in_feishu | ({} if is_connected else over_http),
    )
    clock = FakeClock(NINE - timedelta(minutes=10))
    feishu.advance((clock.now - feishu.now()).total_seconds())
    async with (
        composed(settings, now=clock) as app,
        AsyncExitStack() as listening,
        ClientSession() as session,
        served(await listen(app, listening)) as address,
    ):
        await (feishu.connections.wait_for_connection() if is_connected else feishu.listen_at(f"{address}{PATH}"))
        people = People(emulated_slack, session, address)
        yield Stage(app=app, clock=clock, feishu=feishu, slack=emulated_slack, people=people, is_connected=is_connected)


async def test_a_group_subscribes_gets_one_card_a_day_and_reads_on(stage: Stage):
    group = stage.feishu.chat("runtime", members=["alice", "bob"])
    await stage.says(group, f"subscribe {REPOSITORY} at 09:00 tz Asia/Shanghai")
    (subscribed,) = await stage.posted(group, 1)
    assert "every day at 09:00 (Asia/Shanghai), next on 2026-01-22" in shown(subscribed.content)
    (answered,) = await stage.people.type(f"subscribe {REPOSITORY} at 09:00 tz Asia/Shanghai")
    assert "every day at 09:00 (Asia/Shanghai)" in "\n".join(texts(answered["blocks"]))

    # A day passes.
    await stage.tick(NINE - timedelta(seconds=1))
    assert len(stage.feishu.in_chat(group)) == 1
    await stage.tick(NINE)
    await stage.tick(NINE + timedelta(seconds=5))
    _, card = await stage.posted(group, 2)
    (message,) = await stage.slack.history()
    assert (card.msg_type, card.parent) == ("interactive", None)
    here, there = shown(card.content), "\n".join(texts(message["blocks"]))
    assert counts(here) == counts(there)
    assert list(levels(here).items()) == list(levels(there).items())
    assert counts(here)["commits"] == len(levels(here)) == len(COMMITS)
    assert len(set(levels(here).values())) > 1

    # Somebody reads on: in the thread of the card, for all to see, and once.
    opening = next(question for question in questions(card.content) if isinstance(question, MakeReport))
    toast = await stage.feishu.clicks(card, value(opening), user="bob", times=2)
    assert toast["toast"]["type"] == "info"
    *_, file = await stage.posted(group, 3)
    assert (file.msg_type, file.parent, file.in_thread) == ("file", card.id, True)
    (upload,) = stage.feishu.files.values()
    assert upload.name == "ai-dynamo-dynamo-2026-01-21.md"
    assert upload.data.decode().count(SAID) >= len(COMMITS)

    sha = next(iter(levels(here)))
    await stage.says(group, f"commit {sha}", user="bob", reply_to=card.id)
    *_, analysis = await stage.posted(group, 4)
    assert (analysis.root, f"Commit {sha}" in shown(analysis.content)) == (card.id, True)
    assert len(stage.feishu.in_chat(group)) == 4

    # The connection is cut, and what is asked after that is answered.
    if stage.is_connected:
        await stage.feishu.connections.drop()
        await stage.feishu.connections.wait_for_connection()
    await stage.says(group, "列表")
    *_, listed = await stage.posted(group, 5)
    assert REPOSITORY in shown(listed.content)

    # It is over when somebody says so.
    settings = next(question for question in questions(card.content) if isinstance(question, OpenSettings))
    await stage.feishu.clicks(card, value(settings))
    *_, form = await stage.posted(group, 6)
    assert [each["name"] for each in with_tag(form.content, "form")] == ["settings"]
    await stage.says(group, "退订 all")
    await stage.posted(group, 7)
    await stage.tick(NINE + timedelta(days=1))
    assert len(stage.feishu.in_chat(group)) == 7
    assert len(await stage.slack.history()) == 2


def counts(text: str) -> dict[str, int]:
    """How many commits, authors and added lines, and how many commits of each importance: the most that is said."""
    said: dict[str, int] = {}
    for number, what in re.findall(r"(\d[\d,]*)(?: −[\d,]+)? (commits|high|medium|low|authors|lines)\b", text):
        said[what] = max(said.get(what, 0), int(number.replace(",", "")))
    return said


def levels(text: str) -> dict[str, str]:
    """The importance of each commit that is listed, by its SHA, in the order of the list."""
    level, found = "", {}
    for heading, sha in re.findall(r"\b(High|Medium|Low) · \d+ commit|\b([0-9a-f]{7})\b", text):
        level = heading or level
        if sha:
            found[sha] = level
    return found
