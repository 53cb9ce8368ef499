"""The whole story, from a real git history to a real channel, with nothing of ours replaced but the clock."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.app import App, composed, listen
from bot.settings import Settings
from tests.counterparts import github, model
from tests.counterparts.faults import Reset
from tests.counterparts.github import GitHubProxy
from tests.counterparts.model import Chat, ModelProxy
from tests.counterparts.slack import SlackProxy
from tests.e2e.configuration import configured, posted_to, read_from_github, understood_by
from tests.fakes import FakeClock
from tests.sample_day import COMMITS, build
from tests.serving import served
from tests.slack_people import People, buttons, texts

NINE = datetime(2026, 1, 22, 1, tzinfo=UTC)  # in Shanghai
REPOSITORY = "ai-dynamo/dynamo"


def analysis(chat: Chat) -> dict[str, Any]:
    """What a careful model might say of any commit, and of a day."""
    if "themes" in str(chat.body.get("response_format")):
        return {"text": "The lines of a file are others.", "themes": []}
    path = re.search(r"=== (\S+) ", chat.user)
    return {
        "types": ["fix"],
        "importance": "medium",
        "rule": None,
        "reason": "source files changed",
        "headline": "The lines of a file are others",
        "summary": [{"text": "Lines were replaced.", "evidence": []}],
        "scope": [{"name": path[1], "effect": "other lines"}] if path else [],
        "insight": {"architecture": [], "performance": [], "security": []},
        "risks": [],
        "advice": [{"kind": "check", "text": "Check the lines."}],
    }


class Stage:
    def __init__(
        self, slack: SlackProxy, github: GitHubProxy, model: ModelProxy, settings: Settings, clock: FakeClock
    ) -> None:
        self.slack = slack
        self.github = github
        self.model = model
        self.settings = settings
        self.clock = clock

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[tuple[App, People]]:
        """A process of the bot, from its start to its end."""
        async with composed(self.settings, now=self.clock) as app, AsyncExitStack() as listening:
            application = await listen(app, listening)
            async with served(application) as address, ClientSession() as session:
                yield app, People(self.slack, session, address)

    async def tick(self, app: App, *, at: datetime) -> None:
        self.clock.now = at
        await app.rounds.tick()
        await app.rounds.finish()

    @property
    def cost(self) -> tuple[int, int]:
        """Requests to GitHub, and questions to the model."""
        return sum(self.github.counts.values()), len(self.model.calls)


@pytest.fixture
async def stage(
    emulated_slack: SlackProxy,
    emulated_github: GitHubProxy,
    emulated_model: ModelProxy,
    database_url: str,
    tmp_path: Path,
) -> Stage:
    await emulated_github.load(build(tmp_path / "history", until=NINE).path, REPOSITORY)
    emulated_github.counts.clear()
    emulated_model.answer(analysis)
    settings = configured(
        database_url,
        read_from_github(emulated_github, tmp_path),
        understood_by(emulated_model),
        posted_to(emulated_slack),
    )
    return Stage(emulated_slack, emulated_github, emulated_model, settings, FakeClock(NINE - timedelta(minutes=10)))


@pytest.mark.both_databases
async def test_subscribe_a_day_passes_one_digest_arrives_and_a_click_opens_an_analysis(stage: Stage):
    async with stage.bot() as (app, people):
        (answer,) = await people.type(f"subscribe {REPOSITORY} at 09:00 tz Asia/Shanghai")
        assert "every day at 09:00 (Asia/Shanghai), next on 2026-01-22" in "\n".join(texts(answer["blocks"]))
        requests_before, _ = stage.cost

        await stage.tick(app, at=NINE - timedelta(seconds=1))
        assert await stage.slack.history() == []
        await stage.tick(app, at=NINE)

        (message,) = await stage.slack.history()
        shown = buttons(message["blocks"], "commit.open")
        assert len(shown) == 12
        assert "12 commits" in "\n".join(texts(message["blocks"]))
        # One listing and one request per commit, no more.
        assert stage.cost == (requests_before + 1 + 12, 12 + 1)  # the last one is for the lead

        acknowledged, _ = await people.click(shown[0], message=message)
        assert acknowledged.status == 200
        view = await people.sees("Lines were replaced.", "counterpart-1", "Check the lines.")
        assert any(commit["author_name"] in "\n".join(texts(view)) for commit in COMMITS)

    async with stage.bot() as (app, people):  # started again, an hour later
        await stage.tick(app, at=NINE + timedelta(hours=1))
        assert len(await stage.slack.history()) == 1
        cost = stage.cost
        (answer,) = await people.type("2026-01-21")
        assert len(buttons(answer["blocks"], "commit.open")) == 12
        assert stage.cost == cost


async def test_an_answer_that_slack_lost_does_not_become_a_second_digest(stage: Stage):
    async with stage.bot() as (app, people):
        await people.type(f"subscribe {REPOSITORY} at 09:00")
        stage.slack.fail("chat.postMessage", Reset(processed=True))
        await stage.tick(app, at=NINE)
        await stage.tick(app, at=NINE + timedelta(minutes=2))
        await stage.tick(app, at=NINE + timedelta(hours=2))
        assert len(await stage.slack.history()) == 1


async def test_a_model_that_fails_leaves_a_digest_by_rules_that_says_so(stage: Stage):
    stage.model.fail(model.server_error(), times=None)
    async with stage.bot() as (app, people):
        await people.type(f"subscribe {REPOSITORY} at 09:00")
        await stage.tick(app, at=NINE)
        (message,) = await stage.slack.history()
        assert len(buttons(message["blocks"], "commit.open")) == 12
        assert "rules" in "\n".join(texts(message["blocks"]))
        assert "no answer" in "\n".join(texts(message["blocks"]))


async def test_an_outage_of_github_is_waited_out_and_not_announced(stage: Stage):
    async with stage.bot() as (app, people):
        await people.type(f"subscribe {REPOSITORY} at 09:00")
        stage.github.fail(github.server_error(502), times=None)
        await stage.tick(app, at=NINE)
        assert await stage.slack.history() == []
        stage.github.faults.clear()
        await stage.tick(app, at=NINE + timedelta(minutes=5))
        (message,) = await stage.slack.history()
        assert "late" in "\n".join(texts(message["blocks"]))


async def test_a_repository_that_does_not_exist_is_told_when_subscribing(stage: Stage):
    async with stage.bot() as (_, people):
        (answer,) = await people.type("subscribe ai-dynamo/nothing")
        assert "There is no repository ai-dynamo/nothing, or it is private" in "\n".join(texts(answer["blocks"]))
