"""A full analysis on request, and a second chance for what the model failed to say."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.forgetting import DatabaseForgetting
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.buttons import decode, encode
from bot.core.commands import DeepenCommit, Retry
from bot.core.desk import Asker
from bot.core.errors import AnalystTimeout, NoModel, NotFound
from bot.core.grammar import parse
from bot.core.model import Analysis, AnalystKind, CommitDiff, Importance, Rating, Repo, Risk, Statement
from bot.core.ports import Analyst
from bot.core.replies import AnalysisView, DigestView, RangeView
from bot.core.retention import Forgettable
from bot.core.rules import RuleAnalyst
from formatters import slack
from tests.fakes import (
    CHANNEL,
    REPO,
    FakeAnalyst,
    FakeClock,
    FakeMessenger,
    FakeSource,
    Service,
    commit,
    diff_of,
    service,
)
from tests.formatters import samples

GREET = commit("feat: greet", "2026-01-21T08:00:00+00:00")
OTHER = commit("fix: greet less", "2026-01-20T08:00:00+00:00")


class DeepAnalyst(FakeAnalyst):
    """Finds a risk when it is to look deeper."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = 0

    async def analyse(self, repo: Repo, diff: CommitDiff, *, deep: bool = False) -> Analysis:
        analysis = await super().analyse(repo, diff)
        self.deep += deep
        risk = Risk(risk=Statement(text="It may greet twice."), consequence="", mitigation="")
        return replace(analysis, risks=(risk,)) if deep else analysis


class Stage:
    def __init__(self, archive: DatabaseArchive, subscriptions: DatabaseSubscriptions) -> None:
        self.archive = archive
        self.subscriptions = subscriptions
        self.clock = FakeClock()
        self.source = FakeSource([GREET, OTHER])
        self.analyst = DeepAnalyst()
        self.made = self.service(self.analyst)

    def service(self, analyst: Analyst) -> Service:
        return service(
            source=self.source,
            analyst=analyst,
            archive=self.archive,
            now=self.clock,
            subscriptions=self.subscriptions,
            messengers={CHANNEL.platform: FakeMessenger()},
        )

    async def ask(self, text: str, analyst: Analyst | None = None) -> object:
        made = self.service(analyst) if analyst else self.made
        desk = made.desk
        return await desk.answer(parse(text), Asker(channel=CHANNEL, user="U1"))

    async def analysis(self, text: str) -> Analysis:
        view = await self.ask(text)
        assert isinstance(view, AnalysisView)
        return view.entry.analysis

    async def stand_ins(self, text: str) -> int:
        view = await self.ask(text)
        assert isinstance(view, DigestView)
        return len(view.digest.stand_ins)


@pytest.fixture
def stage(archive: DatabaseArchive, subscriptions: DatabaseSubscriptions) -> Stage:
    return Stage(archive, subscriptions)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("deepen 8877C46", DeepenCommit(sha="8877c46")),
        ("深入 8877c46 octo/hello", DeepenCommit(sha="8877c46", repo=REPO)),
        ("retry", Retry()),
        ("重试 octo/hello", Retry(repo=REPO)),
    ],
)
def test_what_people_type_is_understood(text: str, command: object):
    assert parse(text) == command


def test_a_button_carries_its_whole_question():
    question = DeepenCommit(repo=REPO, sha="8877c46fb7908137b78c62e35f72ae381204c4d8")
    assert decode(encode(question)) == question


# Deeper


async def test_a_deep_analysis_is_made_once_and_preferred_from_then_on(stage: Stage):
    await stage.ask("yesterday")
    assert (await stage.analysis(f"commit {GREET.sha}")).can_be_deepened
    deep = await stage.analysis(f"deepen {GREET.sha[:7]}")
    assert (deep.is_deep, deep.can_be_deepened, len(deep.risks)) == (True, False, 1)
    assert await stage.analysis(f"deepen {GREET.sha[:7]}") == deep
    assert await stage.analysis(f"commit {GREET.sha[:7]}") == deep
    view = await stage.ask("yesterday")
    assert isinstance(view, DigestView)
    assert view.digest.entries[0].analysis == deep
    assert (stage.analyst.deep, len(stage.source.read_shas)) == (1, 1)


async def test_what_is_not_kept_any_more_is_read_again(stage: Stage, engine: AsyncEngine):
    await stage.ask("yesterday")
    assert await DatabaseForgetting(engine).forget(Forgettable.DIFFS, stage.clock() + timedelta(days=1), 10) == 1
    assert (await stage.analysis(f"deepen {GREET.sha}")).is_deep
    assert stage.source.read_shas == [GREET.sha, GREET.sha]
    assert await stage.archive.diff(REPO, GREET.sha) == diff_of(GREET)


async def test_two_people_who_deepen_at_once_cause_one_question(stage: Stage):
    await stage.ask("yesterday")
    await asyncio.gather(stage.ask(f"deepen {GREET.sha}"), stage.ask(f"deepen {GREET.sha}"))
    assert stage.analyst.deep == 1


async def test_a_highly_important_commit_has_its_full_analysis_already(stage: Stage):
    await stage.ask("yesterday")
    high = Rating(importance=Importance.HIGH, reason="", rule=None)
    full = replace(await stage.analysis(f"commit {GREET.sha}"), rating=high)
    await stage.archive.save_analysis(REPO, full, AnalystKind.MODEL, stage.clock())
    assert await stage.analysis(f"deepen {GREET.sha}") == full
    assert stage.analyst.deep == 0


async def test_without_a_model_nothing_can_be_deepened(stage: Stage):
    rules = RuleAnalyst()
    await stage.ask("yesterday", rules)
    with pytest.raises(NoModel, match="needs a language model"):
        await stage.ask(f"deepen {GREET.sha}", rules)
    with pytest.raises(NoModel, match="needs a language model"):
        await stage.ask("retry", rules)


async def test_a_failure_to_deepen_is_told_and_leaves_what_there_is(stage: Stage):
    await stage.ask("yesterday")
    before = await stage.analysis(f"commit {GREET.sha}")
    stage.analyst.problems = {GREET.subject: AnalystTimeout()}
    with pytest.raises(AnalystTimeout):
        await stage.ask(f"deepen {GREET.sha}")
    assert await stage.analysis(f"commit {GREET.sha}") == before


async def test_an_unknown_commit_cannot_be_deepened(stage: Stage):
    with pytest.raises(NotFound):
        await stage.ask("deepen abcdef1")


@pytest.mark.parametrize(
    ("entry", "offered"),
    [(samples.LONG_CONTEXT, True), (samples.MULTI_IMAGE, False), (samples.ATTRIBUTIONS, False)],
    ids=["medium by model", "high by model", "low by rules"],
)
def test_the_button_is_there_where_there_is_more_to_say(entry, offered):
    shown = str(slack.render_view(samples.opened(entry)))
    assert ("commit.deepen" in shown) is offered
    deep = replace(entry, analysis=replace(entry.analysis, is_deep=True))
    assert "commit.deepen" not in str(slack.render_view(samples.opened(deep)))


# Again


async def test_what_rules_stood_in_for_is_retried_on_request(stage: Stage):
    stage.analyst.problems = {GREET.subject: AnalystTimeout()}
    assert await stage.stand_ins("yesterday") == 1
    assert await stage.stand_ins("retry") == 1
    stage.analyst.problems = {}
    assert await stage.stand_ins("yesterday") == 1  # unasked it is not paid for again
    assert await stage.stand_ins("retry yesterday octo/hello") == 0
    assert await stage.stand_ins("yesterday") == 0
    assert (len(stage.analyst.asked), len(stage.source.read_shas)) == (3, 1)


async def test_what_did_not_fail_is_not_retried(stage: Stage):
    await stage.ask("yesterday")
    await stage.ask("retry")
    assert len(stage.analyst.asked) == 1


async def test_several_days_are_retried_together(stage: Stage):
    stage.analyst.problems = {GREET.subject: AnalystTimeout(), OTHER.subject: AnalystTimeout()}
    await stage.ask("2d")
    stage.analyst.problems = {}
    view = await stage.ask("retry 2d")
    assert isinstance(view, RangeView)
    assert view.whole.stand_ins == ()


def test_a_digest_with_stand_ins_has_the_button():
    blocks = slack.render(DigestView(digest=samples.DIGEST))["blocks"]
    (button,) = [
        element
        for block in blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "digest.retry"
    ]
    assert button["text"]["text"] == "Retry 1 with the AI model"
    assert decode(button["value"]) == Retry(when=samples.DAY, repo=samples.REPO)
    assert "digest.retry" not in str(slack.render(DigestView(digest=samples.many(3))))
