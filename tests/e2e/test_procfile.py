"""The Procfile as it stands, on one machine and on several, against a real Postgres."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientError, ClientSession
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.model import Repo
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from tests import procfile_machines as machines
from tests.counterparts import github, model, slack
from tests.counterparts.faults import Hang
from tests.counterparts.github import GitHubProxy
from tests.counterparts.histories import History
from tests.counterparts.model import ModelProxy
from tests.counterparts.postgres import Postgres
from tests.counterparts.slack import SlackProxy
from tests.e2e.test_story import analysis
from tests.slack_people import People, buttons, eventually

REPO = Repo(owner="octo", name="hello", host="127.0.0.1")  # where the emulated GitHub is
COMMITS = 3
#: Seconds. Processes start slowly where many do at once, and a dead worker's jobs are taken over after a while.
PATIENCE = 120.0


def zone_where_it_is_noon(now: datetime) -> ZoneInfo:
    """So that no midnight passes while a test runs."""
    return ZoneInfo(f"Etc/GMT{now.hour - 12:+d}")


class Stage:
    def __init__(
        self, folder: Path, url: str, engine: AsyncEngine, slack: SlackProxy, github: GitHubProxy, model: ModelProxy
    ) -> None:
        self.folder = folder
        self.url = url
        self.slack = slack
        self.github = github
        self.model = model
        self._engine = engine
        self.now = datetime.now(UTC)
        self.zone = zone_where_it_is_noon(self.now)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "DATABASE_URL": self.url,
            "CACHE_DIR": str(self.folder / "cache"),
            "DIGEST_DEFAULT_REPO": str(REPO),
            "DIGEST_TIMEZONE": self.zone.key,
            "GITHUB_TOKEN": github.TOKEN,
            "GITHUB_API_URL": self.github.url,
            "OPENAI_API_KEY": model.API_KEY,
            "OPENAI_BASE_URL": self.model.api,
            "OPENAI_MODEL": "counterpart-1",
            "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
            "SLACK_SIGNING_SECRET": slack.SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api,
        }

    def machine(self, *processes: str, port: int = 0, at: str = "") -> AbstractContextManager[machines.Machine]:
        folder = self.folder / (at or "-".join(processes))
        folder.mkdir()
        return machines.started(folder, *processes, port=port, **self.environment)

    async def is_asked(self, number: int) -> bool:
        return len(self.model.calls) >= number

    async def write_history(self) -> None:
        history = History.start(self.folder / "history")
        noon = self.now.astimezone(self.zone).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
        for number in range(COMMITS):
            at = noon + timedelta(minutes=number)
            history.commit(f"feat: wave {number} times (#{number})", {f"wave_{number}.py": f"wave({number})\n"}, at=at)
        await self.github.load(history.path, str(REPO))

    async def subscribe(self) -> None:
        """Somebody has subscribed two days ago, to an hour that has just come."""
        where = Channel(
            platform=Platform.SLACK,
            workspace=self.slack.workspace.team_id,
            id=self.slack.workspace.channels["general"],
        )
        at = (self.now - timedelta(minutes=1)).astimezone(self.zone).time().replace(second=0, microsecond=0)
        terms = SubscriptionTerms(channel=where, repo=REPO, at=at, zone=self.zone, subscriber="U1")
        await DatabaseSubscriptions(self._engine).subscribe(terms, self.now - timedelta(days=1, hours=1))

    async def ask_for_yesterday(self, people: People) -> None:
        """Types the command, and waits until every commit stands in the answer."""
        url = self.slack.response_url(channel=self.slack.workspace.channels["random"])
        acknowledged = await people.send(await people.typed("yesterday", url=url, channel="random"))
        assert acknowledged.status == 200

        async def is_answered() -> bool:
            return any(len(buttons(said, "commit.open")) == COMMITS for said in self.slack.responses(url))

        await eventually(is_answered, PATIENCE)


@pytest.fixture
def database_url(postgres_server: Postgres) -> Iterator[str]:
    """Of a database in which there is nothing yet."""
    with postgres_server.empty_database() as url:
        yield url


@pytest.fixture
async def stage(
    emulated_slack: SlackProxy,
    emulated_github: GitHubProxy,
    emulated_model: ModelProxy,
    engine: AsyncEngine,
    database_url: str,
    tmp_path: Path,
) -> Stage:
    emulated_model.answer(analysis)
    stage = Stage(tmp_path, database_url, engine, emulated_slack, emulated_github, emulated_model)
    await stage.write_history()
    with stage.machine("release=1") as release:
        assert release.wait() == 0
    return stage


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_the_procfile_answers_people_and_posts_what_is_due_once(stage: Stage, session: ClientSession):
    await stage.subscribe()
    port = machines.free_ports(2)
    with stage.machine("web=2", "worker=2", "clock=2", port=port) as machine:
        for address in (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"):
            await eventually(lambda address=address: is_ready(machine, session, address), PATIENCE)
            await stage.ask_for_yesterday(People(stage.slack, session, address))
        (message,) = await eventually(stage.slack.history, PATIENCE)
        assert len(buttons(message["blocks"], "commit.open")) == COMMITS
        assert len(asked_for_analyses(stage.model)) == COMMITS
        await eventually(lambda: all_say(machine, "bot.started"), PATIENCE)
        machine.stop()
    assert await all_say(machine, "bot.stopped")
    assert "Traceback" not in machine.output
    assert len(await stage.slack.history()) == 1


def asked_for_analyses(model: ModelProxy) -> list[str]:
    """What the model was asked about commits."""
    return [call.chat.user for call in model.calls if "themes" not in str(call.chat.body.get("response_format"))]


async def is_ready(machine: machines.Machine, session: ClientSession, address: str) -> bool:
    assert machine.exit_codes == {}, machine.output
    try:
        async with session.get(f"{address}/readyz") as answer:
            return answer.status == 200
    except ClientError:
        return False


async def all_say(machine: machines.Machine, event: str) -> bool:
    return machine.said(event) == ["clock.1", "clock.2", "web.1", "web.2", "worker.1", "worker.2"]


async def test_what_a_worker_had_begun_that_was_killed_another_one_finishes(stage: Stage):
    await stage.subscribe()
    stage.model.fail(Hang(seconds=60), times=COMMITS)
    with stage.machine("clock=1") as clock, stage.machine("worker=1") as first:
        await eventually(lambda: stage.is_asked(COMMITS), PATIENCE)
        with stage.machine("worker=1", at="second") as second:
            await eventually(lambda: says(second, "bot.started"), PATIENCE)
            first.kill("worker.1")
            await eventually(lambda: says(second, "delivery.sent"), PATIENCE)
    assert first.exit_codes == {"worker.1": -9}
    assert (clock.said("bot.stopped"), second.said("bot.stopped")) == (["clock.1"], ["worker.1"])
    assert len(await stage.slack.history()) == 1


async def says(machine: machines.Machine, event: str) -> bool:
    return bool(machine.said(event))
