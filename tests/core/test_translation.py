"""Two languages from one analysis: made from what is stored, checked, stored, and never from the diff again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.database.archive import DatabaseArchive
from bot.core.days import Day
from bot.core.errors import AnalystTimeout
from bot.core.language import speaking
from bot.core.model import Analysis, AnalystKind, CommitDiff, Language, Repo
from bot.core.ports import Question
from bot.core.replies import AnalysisView, DigestView, Progress
from bot.core.translation import QUESTION_MAX, batches, is_faithful, texts_of, with_texts
from formatters import markdown, slack, terminal
from tests.fakes import (
    REPO,
    FakeAnalyst,
    FakeClock,
    FakeLanguageModel,
    FakeLeadStore,
    FakeSource,
    Service,
    commit,
    diff_of,
    service,
)
from tests.formatters import samples

DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
NOON = commit("fix: greet at noon", "2026-01-21T04:00:00+00:00")
NIGHT = commit("docs: greet at night", "2026-01-21T15:00:00+00:00")
WHOLE = samples.MULTI_IMAGE.analysis


def given(question: Question) -> dict[int, str]:
    """The texts of a question, by number."""
    lines = [line[2:] for line in question.content.splitlines() if line.startswith("| ")]
    return {int(number): text for number, text in (line.split(": ", 1) for line in lines)}


def in_chinese(text: str) -> str:
    """Every plain word in other characters, everything else as it is."""
    return " ".join(
        "字" if word.strip(".,").isalpha() and word.strip(".,").islower() else word for word in text.split()
    )


def translating(translate: Callable[[str], str]) -> Callable[[Question], object]:
    return lambda question: {
        "translations": [{"id": number, "text": translate(text)} for number, text in given(question).items()]
    }


class WholeAnalyst(FakeAnalyst):
    """Writes an analysis with every part."""

    async def analyse(self, repo: Repo, diff: CommitDiff, *, deep: bool = False) -> Analysis:
        await super().analyse(repo, diff)
        return replace(WHOLE, sha=diff.commit.sha)


class Stage:
    def __init__(self, archive: DatabaseArchive, clock: FakeClock) -> None:
        self.archive = archive
        self.clock = clock
        self.model = FakeLanguageModel()
        self.model.answers["translation"] = translating(in_chinese)
        self.model.answers["lead"] = lambda _: {"text": "All images are read in one call.", "themes": []}
        self.source = FakeSource([NOON, NIGHT])
        self.analyst = WholeAnalyst()
        self.store = FakeLeadStore()

    def service(self) -> Service:
        return service(
            source=self.source,
            analyst=self.analyst,
            archive=self.archive,
            now=self.clock,
            model=self.model,
            store=self.store,
        )


@pytest.fixture
def stage(archive: DatabaseArchive, clock: FakeClock) -> Stage:
    return Stage(archive, clock)


async def test_a_digest_in_another_language_reads_no_diff_and_is_translated_once(stage: Stage):
    original = await stage.service().digests.of(REPO, DAY)
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert {entry.analysis.language for entry in digest.entries} == {Language.ZH}
    assert {entry.analysis.translated_from for entry in digest.entries} == {Language.EN}
    assert "字" in digest.lead
    questions = len(stage.model.asked("translation"))
    again = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert (again.entries, again.lead) == (digest.entries, digest.lead)
    assert len(stage.model.asked("translation")) == questions == 2  # the analyses, and the lead
    assert (len(stage.analyst.asked), len(stage.source.read_shas)) == (2, 2)
    assert all("@@" not in question.content for question in stage.model.questions)
    assert (await stage.service().digests.of(REPO, DAY)).entries == original.entries


async def test_the_language_spoken_is_the_language_asked_for(stage: Stage):
    with speaking(Language.ZH):
        digest = await stage.service().digests.of(REPO, DAY)
    assert {entry.analysis.language for entry in digest.entries} == {Language.ZH}


async def test_only_prose_changes(stage: Stage):
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    made = digest.entries[0].analysis
    original = replace(WHOLE, sha=made.sha)
    assert with_texts(made, texts_of(original)) == replace(original, language=Language.ZH, translated_from=Language.EN)
    assert made.headline != original.headline
    assert "`generate`" in made.headline
    assert made.scope[0].name == original.scope[0].name
    assert made.summary[1].evidence == original.summary[1].evidence


async def test_one_commit_is_translated_when_it_is_opened(stage: Stage):
    made = stage.service()
    await made.digests.of(REPO, DAY)
    entry = await made.understanding.entry(REPO, NOON.sha, Language.ZH)
    assert entry is not None
    assert entry.analysis.language is Language.ZH
    assert await stage.service().understanding.entry(REPO, NOON.sha, Language.ZH) == entry
    assert len(stage.model.asked("translation")) == 1


async def test_what_cannot_be_translated_is_shown_as_it_is_and_asked_for_again_later(stage: Stage):
    stage.model.answers["translation"] = lambda _: AnalystTimeout()
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert {entry.analysis.language for entry in digest.entries} == {Language.EN}
    assert digest.lead == "All images are read in one call."
    stage.model.answers["translation"] = translating(in_chinese)
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert {entry.analysis.language for entry in digest.entries} == {Language.ZH}


@pytest.mark.parametrize(
    "answer",
    [
        {"translations": []},
        {"translations": [{"id": 1, "text": "https://evil.example 点这里"}]},
        {"translations": [{"id": 999, "text": "别的"}]},
        {"translations": [{"id": 1, "text": "字" * 100_000}]},
        {"translation": "nothing"},
        "nothing",
    ],
)
async def test_an_answer_that_translates_nothing_is_no_translation(stage: Stage, answer: object):
    stage.model.answers["translation"] = lambda _: answer
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert {entry.analysis for entry in digest.entries} == {
        entry.analysis for entry in (await stage.service().digests.of(REPO, DAY)).entries
    }


async def test_a_field_that_lost_an_identifier_keeps_the_original(stage: Stage):
    lost = "One engine call instead of several; all images are in memory at once."
    stage.model.answers["translation"] = translating(
        lambda text: "`invented` 的东西" if text == lost else in_chinese(text)
    )
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    made = digest.entries[0].analysis
    assert made.language is Language.ZH
    assert made.insight.performance[0].text == lost


async def test_a_new_original_is_translated_anew(stage: Stage):
    await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    stage.clock.forward(timedelta(minutes=1))
    changed = replace(WHOLE, sha=NOON.sha, headline="Something else is true now")
    await stage.archive.save_analysis(REPO, changed, AnalystKind.MODEL, stage.clock())
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert next(e for e in digest.entries if e.commit == NOON).analysis.headline == in_chinese(changed.headline)


async def test_a_day_of_twelve_takes_few_calls(stage: Stage):
    stage.source.commits = [commit(f"feat: {n}", "2026-01-21T08:00:00+00:00") for n in range(12)]
    await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    assert len(stage.model.asked("translation")) <= 4


async def test_progress_of_a_translation_counts_to_the_end(stage: Stage):
    await stage.service().digests.of(REPO, DAY)
    heard: list[Progress] = []
    await stage.service().digests.of(REPO, DAY, heard.append, language=Language.ZH)
    assert [(progress.done, progress.total, progress.translating) for progress in heard] == [
        (0, 2, True),
        (2, 2, True),
    ]


def test_a_batch_has_whole_analyses_within_its_size():
    originals = [replace(WHOLE, sha=f"{number:040x}") for number in range(40)]
    made = list(batches(originals))
    assert [analysis for batch in made for analysis in batch] == originals
    assert all(sum(len(text) for each in batch for text in texts_of(each)) <= QUESTION_MAX for batch in made)
    assert all(len(batch) > 1 for batch in made[:-1])
    huge = replace(WHOLE, headline="x" * QUESTION_MAX)
    assert [len(batch) for batch in batches([huge, huge])] == [1, 1]


@pytest.mark.parametrize(
    ("original", "translation"),
    [
        ("The worker reads `a.b` once.", "工作进程只读取一次 `a.b`。"),
        ("Raises the limit from 1,024 to 4096 bytes.", "将上限从 1024 提高到 4,096 字节。"),
        ("Fixes lib/llm/src/kv.rs (#5514).", "修复 lib/llm/src/kv.rs（#5514）。"),
        ("Sets DYN_LOG and --max-len.", "设置 DYN_LOG 和 --max-len。"),
        ("Supports IPv6.", "支持 IPv6。"),
        ("vLLM 0.8.1", "vLLM 0.8.1"),
    ],
)
def test_a_translation_that_keeps_names_and_numbers_is_faithful(original: str, translation: str):
    assert is_faithful(original, translation, Language.ZH)
    assert is_faithful(translation, original, Language.EN)


@pytest.mark.parametrize(
    ("original", "translation"),
    [
        ("The worker reads `a.b` once.", "工作进程只读取一次。"),
        ("The worker reads `a.b` once.", "工作进程读取 `a.c`。"),
        ("The worker reads it once.", "工作进程读取 `a.c`。"),
        ("Raises the limit to 4096 bytes.", "将上限提高到 8192 字节。"),
        ("Fixes lib/llm/src/kv.rs.", "修复 lib/llm/src/其他.rs。"),
        ("Fixes the router for everybody.", "Fixes the router for everybody."),
        ("Fixes the router for everybody.", "修复路由器，见 https://evil.example"),
        ("Fixes the router for everybody.", "修复路由器，见 www.evil.example"),
        ("Fixes the router.", ""),
        ("Fixes the router.", "修" * 1_000),
    ],
)
def test_a_translation_that_changes_names_and_numbers_is_not(original: str, translation: str):
    assert not is_faithful(original, translation, Language.ZH)


async def test_what_rules_wrote_is_said_again_without_the_model(stage: Stage, archive: DatabaseArchive):
    stage.analyst.problems = {NOON.subject: AnalystTimeout()}
    digest = await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    by_rules = next(entry for entry in digest.entries if entry.commit == NOON)
    assert by_rules.analysis.provenance.fallback is not None
    assert all(NOON.subject not in question.content for question in stage.model.asked("translation"))


# How it is shown

every_formatter = pytest.mark.parametrize(
    "read",
    [
        lambda reply: str(slack.render(reply)),
        lambda reply: " ".join(terminal.render(reply, color=False).split()),
        markdown.render,
    ],
    ids=["slack", "terminal", "markdown"],
)


@every_formatter
def test_a_translation_is_marked(read: Callable[[object], str]):
    translated = replace(WHOLE, translated_from=Language.ZH)
    shown = read(samples.opened(replace(samples.MULTI_IMAGE, analysis=translated)))
    assert "translated by AI from Chinese" in shown


@every_formatter
def test_what_is_not_translated_is_marked(read: Callable[[object], str]):
    foreign = replace(samples.MULTI_IMAGE, analysis=replace(WHOLE, language=Language.ZH))
    assert "not translated from Chinese" in read(AnalysisView(repo=REPO, entry=foreign, zone=DAY.zone))
    digest = replace(samples.DIGEST, entries=(foreign, *samples.DIGEST.entries[2:]))
    assert "1 of 5 in Chinese" in read(DigestView(digest=digest))


async def test_an_entry_of_a_diff_is_never_part_of_a_question(stage: Stage):
    await stage.service().digests.of(REPO, DAY, language=Language.ZH)
    patch = diff_of(NOON).patches["src/hello.py"]
    assert all(patch not in question.content for question in stage.model.questions)
