"""Every sentence of ours is said in the language spoken, and nothing else is touched."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from gettext import NullTranslations

import pytest

from bot.core import language, rules
from bot.core.language import Language, speaking
from bot.core.model import Analysis, AnalystKind, Digest, Entry, FallbackReason, FileStatus, Importance, Provenance
from bot.core.ranges import Weekday
from bot.core.replies import CommitIndex, DigestView, Framing, ListedSubscription, RangeView, Reply, SubscriptionList
from bot.core.subscriptions import WORKDAYS, Pause, QuietDays, Selection
from formatters import feishu, markdown, slack, terminal
from formatters import wording as say
from tests.formatters import feishu_cards, samples
from tests.formatters.test_conformance import READERS, every_formatter, hostile_digest, hostile_entry, replies_with
from tests.formatters.test_snapshots import JsonFile, MarkdownFile, TerminalFile, written

#: What others wrote, in these replies; nothing of it is a Latin letter.
DATA = "数据"
_NAMES = re.compile(
    r"https://\S+|it is|because|ai-dynamo/dynamo|Asia/Shanghai|github\.com|octo/hello|/?dynamo-digest"
    r"|[0-9a-f]{7,40}|#\d+|[ab]?数据"
)
_SAID = re.compile(r"⟦[^⟦⟧]*⟧")


class Marked(NullTranslations):
    """A language in which every sentence is its English between brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_catalogue", lambda _: Marked())


def unsaid(shown: str) -> str:
    """What is left of a text when everything that was said through the catalogue is taken out."""
    examples = [example for example, _ in say.GRAMMAR if example] + [say.FIRST_SUBSCRIPTION]
    for example in sorted(examples, key=len, reverse=True):
        shown = shown.replace(example, "")
    shown = _NAMES.sub("", shown)
    while _SAID.search(shown):
        shown = _SAID.sub("", shown)
    return shown


def replies() -> Iterator[Reply]:
    yield from replies_with(DATA)
    entry = hostile_entry(DATA)
    for provenance in (
        Provenance(analyst=AnalystKind.RULES, version="1"),
        Provenance(analyst=AnalystKind.RULES, version="1", fallback=FallbackReason.TIMEOUT),
    ):
        by_rules = dataclasses.replace(
            entry,
            analysis=dataclasses.replace(entry.analysis, provenance=provenance),
            commit=dataclasses.replace(entry.commit, files_truncated=True),
        )
        yield samples.opened(by_rules)
        yield DigestView(digest=dataclasses.replace(samples.TODAY, entries=(by_rules, entry), lead="", merges=3))
    yield RangeView(repo=samples.REPO, digests=(hostile_digest(DATA), samples.QUIET))
    yield from framed()
    yield from (samples.REPLIES[name] for name in samples.REPLIES if name in _OURS)


def framed() -> Iterator[Reply]:
    """Digests for readers who selected, and what was asked for them."""
    names = (DATA, DATA)
    for minimum in Importance:
        selection = Selection(
            minimum=minimum, paths=names, not_paths=names, authors=names, not_authors=names, no_bots=True
        )
        framing = Framing(selection=selection, left_out=3, is_private=True, in_thread=minimum is Importance.LOW)
        late = dataclasses.replace(hostile_entry(DATA), is_late=True)
        day = dataclasses.replace(hostile_digest(DATA), entries=(late,) * 3)
        yield DigestView(digest=day, framing=framing)
        yield DigestView(digest=samples.QUIET, framing=framing)
        yield RangeView(repo=samples.REPO, digests=(day, samples.QUIET), framing=framing)
        yield RangeView(repo=samples.REPO, digests=(samples.QUIET,), framing=framing)
        for days in (WORKDAYS, frozenset(list(Weekday)[: minimum.value])):
            terms = dataclasses.replace(
                samples.SUBSCRIPTION.terms, days=days, selection=selection, quiet=QuietDays.LINE, in_thread=True
            )
            pause = Pause(since=samples.SEALED_AT, until=samples.SEALED_AT)
            subscription = dataclasses.replace(samples.SUBSCRIPTION, terms=terms, pause=pause)
            yield SubscriptionList(
                subscriptions=(ListedSubscription(subscription=subscription, next_at=samples.SEALED_AT),)
            )


#: Samples in which nobody but us says anything.
_OURS = {"quiet day", "index of a quiet day", "subscriptions", "no subscriptions", "reading", "progress", "help"}


@pytest.mark.usefixtures("marked")
@every_formatter
def test_everything_we_say_goes_through_the_catalogue(read: Callable[[Reply], str]):
    for reply in replies():
        assert not re.search("[A-Za-z]{2,}", unsaid(read(reply)))


@pytest.mark.usefixtures("marked")
def test_the_fallback_text_of_slack_does_too():
    for reply in replies():
        assert not re.search("[A-Za-z]{2,}", unsaid(slack.render(reply)["text"]))


@pytest.mark.usefixtures("marked")
def test_all_that_is_posted_to_feishu_does_too():
    for reply in replies():
        for message in feishu.ladder(reply):
            for text in words(message["content"]):
                assert not re.search("[A-Za-z]{2,}", unsaid(text))


def words(part: object) -> Iterator[str]:
    """All that people read in a message for Feishu; what its notification says is cut, and stands in it as well."""
    match part:
        case {"tag": "plain_text" | "markdown", "content": str()}:
            yield feishu_cards.shown(part)
        case {"tag": "text" | "a", "text": str(text)}:
            yield text
        case dict():
            yield from [text for text in (part.get("title"),) if isinstance(text, str)]
            for value in part.values():
                yield from words(value)
        case list():
            for value in part:
                yield from words(value)


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("status", FileStatus)
def test_what_rules_say_goes_through_the_catalogue(status: FileStatus):
    entry = hostile_entry(DATA)
    file = dataclasses.replace(entry.commit.files[0], status=status)
    for files in ((file,), (file, dataclasses.replace(file, path=f"{DATA}/api/{DATA}.proto"))):
        made = rules.analysis(dataclasses.replace(entry.commit, files=files))
        for text in [made.rating.reason, made.headline, *(statement.text for statement in made.summary)]:
            assert not re.search("[A-Za-z]{2,}", unsaid(text.replace("/api/", "").replace(".proto", "")))


@every_formatter
@pytest.mark.parametrize("reply", samples.REPLIES.values(), ids=samples.REPLIES.keys())
def test_every_reply_is_drawn_in_chinese(read: Callable[[Reply], str], reply: Reply):
    with speaking(Language.ZH):
        assert re.search("[\u4e00-\u9fff]", read(reply)) or reply is samples.REPLIES["notice"]


@pytest.mark.parametrize("reply", samples.REPLIES.values(), ids=samples.REPLIES.keys())
def test_the_language_changes_words_only(reply: Reply):
    english = slack.render_view(reply)
    with speaking(Language.ZH):
        chinese = slack.render_view(reply)
    assert actions(english) == actions(chinese)
    assert links(json.dumps(english)) == links(json.dumps(chinese))


@pytest.mark.parametrize("reply", samples.REPLIES.values(), ids=samples.REPLIES.keys())
def test_the_language_changes_words_only_in_feishu_as_well(reply: Reply):
    english = feishu.render(reply)["content"]
    with speaking(Language.ZH):
        chinese = feishu.render(reply)["content"]
    assert feishu_cards.questions(english) == feishu_cards.questions(chinese)
    assert links(json.dumps(english)) == links(json.dumps(chinese))


def actions(part: object) -> list[tuple[str, str]]:
    match part:
        case {"action_id": str(action), **rest}:
            return [(action, str(rest.get("value")))]
        case dict():
            return [found for value in part.values() for found in actions(value)]
        case list():
            return [found for value in part for found in actions(value)]
        case _:
            return []


def links(text: str) -> list[str]:
    return re.findall(r"https://[^\s\"|>)]+", text)


# In Chinese, whole


def chinese_day() -> Digest:
    """The sample with what rules say of it in Chinese."""
    return dataclasses.replace(samples.DIGEST, entries=tuple(map(chinese, samples.DIGEST.entries)), lead="")


def chinese(entry: Entry) -> Entry:
    return dataclasses.replace(entry, analysis=rules.analysis(entry.commit, Language.ZH))


def test_an_analysis_by_rules_says_in_which_language_it_is():
    assert chinese(samples.STREAMING).analysis.language is Language.ZH
    assert rules.analysis(samples.STREAMING.commit).language is Language.EN


def test_the_parts_of_an_analysis_have_the_names_that_readers_know():
    full: Analysis = samples.MULTI_IMAGE.analysis
    with speaking(Language.ZH):
        shown = READERS["markdown"](samples.opened(dataclasses.replace(samples.MULTI_IMAGE, analysis=full)))
    for name in ("变更类型", "重要程度", "变更摘要", "影响范围", "技术洞察", "潜在风险", "关注建议", "变更文件"):
        assert name in shown
    assert "Bug 修复、性能优化" in shown
    assert "规则“behaviour”（" in shown


def test_a_report_in_chinese_looks_as_it_did(snapshot):
    with speaking(Language.ZH):
        assert markdown.report([chinese_day()]) == snapshot(extension_class=MarkdownFile)


def test_a_digest_in_chinese_looks_as_it_did_in_slack(snapshot):
    with speaking(Language.ZH):
        assert written(slack.render(DigestView(digest=chinese_day()))) == snapshot(extension_class=JsonFile)


def test_a_modal_in_chinese_looks_as_it_did(snapshot):
    with speaking(Language.ZH):
        view = slack.render_view(samples.opened(chinese(samples.STREAMING)))
    assert written(view) == snapshot(extension_class=JsonFile)


def test_a_terminal_in_chinese_looks_as_it_did(snapshot):
    with speaking(Language.ZH):
        screens = [f"--- {name} ---\n{terminal.render(reply, color=False)}" for name, reply in samples.REPLIES.items()]
    assert "\n".join(screens) == snapshot(extension_class=TerminalFile)


def test_an_index_in_chinese_counts_its_commits():
    with speaking(Language.ZH):
        assert "全部 6 个提交" in json.dumps(slack.render_view(CommitIndex(digest=samples.DIGEST)), ensure_ascii=False)
