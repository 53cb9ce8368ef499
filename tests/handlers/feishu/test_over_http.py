"""The whole way over HTTP: Feishu encrypts and signs, the bot answers, and what goes wrong comes again."""

from collections.abc import AsyncIterator

import pytest

from bot.core.commands import ShowCommit, ShowDigest
from bot.core.replies import AnalysisView, DigestView
from formatters.feishu.values import value
from handlers import web
from handlers.feishu import PATH, route
from tests.counterparts import feishu
from tests.counterparts.feishu import ENCRYPT_KEY, VERIFICATION_TOKEN
from tests.formatters import samples
from tests.handlers.feishu.stage import Stage, words
from tests.serving import served

COMMIT = ShowCommit(repo=samples.REPO, sha=samples.MULTI_IMAGE.commit.sha, day=samples.DAY)
ANALYSIS = AnalysisView(repo=samples.REPO, entry=samples.MULTI_IMAGE, zone=samples.DAY.zone, day=samples.DAY)


@pytest.fixture
async def http(bot: Stage) -> AsyncIterator[Stage]:
    bot.feishu.listen(None)
    door = route(bot.receiver, encrypt_key=ENCRYPT_KEY, verification_token=VERIFICATION_TOKEN, now=bot.feishu.now)
    async with served(web.application([door])) as address:
        await bot.feishu.listen_at(f"{address}{PATH}")
        yield bot


async def test_a_message_is_answered(http: Stage):
    http.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    _event, (answer,) = await http.says("2026-01-21", times=2)
    assert "ai-dynamo/dynamo · 2026-01-21" in words(answer.content)


async def test_a_click_is_answered(http: Stage):
    http.desk.replies[ShowCommit] = ANALYSIS
    card = http.card(COMMIT)
    answer = await http.feishu.clicks(card, value(COMMIT))
    assert answer == {"toast": {"type": "info", "content": "The answer comes into the thread."}}
    await http.receiver.finish()
    _card, analysis = http.feishu.messages.values()
    assert analysis.parent == card.id


async def test_an_event_that_could_not_be_kept_comes_again(http: Stage):
    http.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    http.feishu.fail("/open-apis/bot/v3/info", feishu.error(99991672, "no scope"))
    _event, posted = await http.says("2026-01-21")
    assert posted == []
    http.feishu.advance(15)
    await http.feishu.settled()
    await http.receiver.finish()
    assert (len(http.feishu.messages), http.feishu.owed) == (1, [])
