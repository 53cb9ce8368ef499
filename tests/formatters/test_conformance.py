"""What every formatter owes every reply, whatever people have written into it."""

import dataclasses
import html
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt

from bot.core.buttons import decode
from bot.core.commands import ShowIndex
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    ChangeType,
    Digest,
    Entry,
    Evidence,
    FileChange,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    KnownCommit,
    Person,
    Provenance,
    Rating,
    Related,
    RelationKind,
    Risk,
    ScopeItem,
    Statement,
)
from bot.core.replies import AnalysisView, CommitIndex, DigestView, Notice, RangeView, Reply, SubscriptionList
from formatters import feishu, markdown, slack, terminal
from formatters import html as html_pages
from formatters.slack.blocks import weight
from formatters.wording import GRAMMAR, visible
from tests.formatters import archived, feishu_cards, samples

HOSTILE = [
    "<!channel>",
    "<@U1>",
    "<https://evil.example|text>",
    "https://evil.example/?a=1&b=2",
    "<script>alert(1)</script>",
    "[x](javascript:1)",
    "![x](https://evil.example/x.png)",
    "\x1b[31mred\x1b]8;;https://evil.example\x07",
    "[red]text[/red]",
    "\u202egnp.exe",
    "*bold* _it_ ~st~ `code",
    "- a\n# b\n> c\n\n---\n| d |\n|---|",
    "1. one",
    "a | b \\| c \\",
    "&lt;b&gt; &amp; &#42;",
    ":tada: @here someone@evil.example",
    "<at id=all></at> <person id='ou_1'></person> <font color='red'>x",
    "<raw>x</raw> <local_datetime millisecond='1'></local_datetime> :OK:",
    "\ud800 lone \u2028 line",
    "$x^2$ www.evil.example",
    "``` fence",
    "多\u3000语言 עברית مرحبا 👩‍👩‍👧",
]

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_OWN_LINK = re.compile(r"<https://github\.com/ai-dynamo/dynamo/[^|<>]*\|[^<>]*>")


# What a reader sees


def read_slack(reply: Reply) -> str:
    shown = [*_texts(slack.render(reply)["blocks"]), *_texts(slack.render_view(reply)["blocks"])]
    return "\n".join(shown)


def read_feishu(reply: Reply) -> str:
    """All that stands in the card, in panels that are closed as well."""
    return feishu_cards.shown(feishu.render(reply)["content"])


def read_terminal(reply: Reply) -> str:
    return terminal.render(reply, width=1000, color=False)


def read_markdown(reply: Reply) -> str:
    return "\n".join(_inline_text(markdown.render(reply)))


def _texts(part: object) -> Iterator[str]:
    """Texts as Slack shows them; elements of one section are one text."""
    match part:
        case {"type": "rich_text_section" | "rich_text_quote", "elements": list(elements)}:
            yield "".join(element.get("text", "") for element in elements)
        case {"type": "mrkdwn", "text": str(text)}:
            yield html.unescape(re.sub(r"<[^|<>]*\|([^<>]*)>", r"\1", text))
        case {"type": "plain_text", "text": str(text)}:
            yield text
        case dict():
            for value in part.values():
                yield from _texts(value)
        case list():
            for value in part:
                yield from _texts(value)


def _inline_text(document: str) -> Iterator[str]:
    for token in _MARKDOWN.parse(document):
        if token.type == "inline":
            yield "".join(
                child.content or "\n" * (child.type in {"softbreak", "hardbreak"}) for child in token.children
            )


def read_html(reply: Reply) -> str:
    """What a reader of the page sees; there are pages of days and commits only."""
    return archived.shown(html_pages.render(archived.page_of(reply), archived.ENGLISH))


READERS = {"slack": read_slack, "feishu": read_feishu, "terminal": read_terminal, "markdown": read_markdown}
every_formatter = pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
#: The archive has pages of stored days and commits, not of every reply.
every_archive = pytest.mark.parametrize("read", [*READERS.values(), read_html], ids=[*READERS.keys(), "html"])
every_hostile_text = pytest.mark.parametrize("text", HOSTILE)


# Every reply


@every_formatter
@pytest.mark.parametrize("reply", samples.REPLIES.values(), ids=samples.REPLIES.keys())
def test_every_reply_is_drawn(read: Callable[[Reply], str], reply: Reply):
    assert read(reply).strip()


@every_archive
def test_an_analysis_is_shown_whole(read: Callable[[Reply], str]):
    shown = read(samples.opened(samples.MULTI_IMAGE))
    for words in (
        "The vLLM encode worker reads all images of a request in one generate call",
        "fix: multi image bug for qwen ec connector (#5514)",
        "🔴 High",
        "rule “behaviour” (users observe something else): requests with several images get another answer",
        "🐛 fix, performance",
        "Ayush Agarwal",
        "All images are loaded first and passed to the engine together. (encode_worker_handler.py hunk 1)",
        "(encode_worker_handler.py hunks 2, 3)",
        "encode_worker_handler.py: collects the images in media_list before it calls the engine",
        "Insight: architecture",
        "Insight: performance",
        "One image that cannot be loaded fails the whole request.",
        "Consequence: A user with one broken link among several gets no answer at all.",
        "Mitigation: Load the images one by one and report the broken one.",
        "Test: Send requests with one, several, and one broken image.",
        "Monitor: Watch the encode worker's peak memory.",
        "+35 −37",
        "Written by AI model example-large, prompt ab12cd34ef56; 100 % of 72 changed lines read",
    ):
        assert words in shown


@every_archive
def test_an_analysis_by_rules_is_labelled_and_quotes_the_author(read: Callable[[Reply], str]):
    shown = read(samples.opened(samples.STREAMING))
    assert (
        "Written by rules 1 from the commit's facts, not by an AI model; the AI model had been asked: timeout" in shown
    )
    assert "In the author's words" in shown
    assert "- applies to <decode> and *multimodal* workers" in shown


@every_archive
def test_a_digest_says_what_its_facts_are(read: Callable[[Reply], str]):
    shown = read(DigestView(digest=samples.DIGEST))
    for words in (
        "6 commits",
        "🔴 3 high",
        "🟡 2 medium",
        "🟢 1 low",
        "6 authors",
        "+788 −63 lines",
        "1 merge commit left out",
    ):
        assert words in shown
    assert "ai-dynamo/dynamo" in shown
    assert "2026-01-21" in shown
    assert "Asia/Shanghai" in shown
    assert samples.LEAD in shown
    assert "4 of 6 by model, 2 by rules: 1 timeout; 96 % of 222 changed lines read" in shown


@every_archive
def test_a_day_that_is_not_over_says_so(read: Callable[[Reply], str]):
    assert "so far, 14:05" in read(DigestView(digest=samples.TODAY))


@every_archive
def test_a_quiet_day_is_one_sentence(read: Callable[[Reply], str]):
    assert "No commits on 2026-01-21 in Asia/Shanghai." in read(DigestView(digest=samples.QUIET))


@every_archive
def test_counts_are_grammatical(read: Callable[[Reply], str]):
    shown = read(DigestView(digest=samples.many(1)))
    assert "1 commit" in shown
    assert "1 author" in shown
    assert "1 commits" not in shown
    assert "1 authors" not in shown


@every_formatter
def test_help_shows_every_command(read: Callable[[Reply], str]):
    shown = read(samples.REPLIES["help"])
    assert all(example in shown and does.replace("`", "") in shown.replace("`", "") for example, does in GRAMMAR)


# Related commits


def related_entry(number: int = 1) -> Entry:
    """A commit that reverts one, and that was reverted by another one, which so many others followed up."""
    later = KnownCommit(sha="1a2b3c4".ljust(40, "0"), committed_at=datetime(2026, 1, 22, 17, tzinfo=UTC))
    earlier = KnownCommit(sha="748fee6".ljust(40, "0"), committed_at=samples.SEALED_AT, pull_request=5510)
    return dataclasses.replace(
        samples.IPV6,
        relations=(
            Related(kind=RelationKind.REVERTS, is_later=False, commit=earlier),
            Related(kind=RelationKind.REVERTS, is_later=True, commit=later),
            *(Related(kind=RelationKind.FOLLOWS_UP, is_later=True, commit=later) for _ in range(number - 1)),
        ),
    )


def related_digest(number: int = 1) -> Digest:
    return dataclasses.replace(samples.DIGEST, entries=(related_entry(number), samples.MULTI_IMAGE))


@every_archive
def test_related_commits_are_shown_in_both_directions(read: Callable[[Reply], str]):
    for reply in (DigestView(digest=related_digest()), samples.opened(related_entry())):
        shown = read(reply)
        assert "reverted by 1a2b3c4 on 2026-01-23" in shown  # in Shanghai
        assert "reverts 748fee6 (#5510)" in shown
    assert "revert" not in read(samples.opened(samples.IPV6))


@pytest.mark.parametrize("render", [slack.render, feishu.render, markdown.render, terminal.render])
def test_a_reverted_commit_is_marked_and_no_other_is(render: Callable[[Reply], object]):
    assert "↩" in str(render(DigestView(digest=related_digest())))
    assert "↩" not in str(render(DigestView(digest=samples.DIGEST)))
    landed = Related(
        kind=RelationKind.RELANDS,
        is_later=True,
        commit=KnownCommit(sha="f" * 40, committed_at=datetime(2026, 1, 24, tzinfo=UTC)),
    )
    back = dataclasses.replace(related_entry(), relations=(*related_entry().relations, landed))
    digest = dataclasses.replace(samples.DIGEST, entries=(back,))
    assert "↩" not in str(render(DigestView(digest=digest)))


def test_an_analysis_links_to_related_commits():
    links = re.findall(r"'url': '([^']*)'", str(slack.render(samples.opened(related_entry()))["blocks"]))
    pages = re.findall(r"\]\(([^)]*)\)", markdown.render(samples.opened(related_entry())))
    cards = re.findall(r"\]\(([^)]*)\)", str(feishu.render(samples.opened(related_entry()))))
    for address in ("commit/748fee6".ljust(47, "0"), "pull/5510", "commit/1a2b3c4".ljust(47, "0")):
        assert f"https://github.com/ai-dynamo/dynamo/{address}" in links
        assert f"https://github.com/ai-dynamo/dynamo/{address}" in pages
        assert f"https://github.com/ai-dynamo/dynamo/{address}" in cards


@every_formatter
def test_a_list_names_a_few_related_commits_and_counts_the_others(read: Callable[[Reply], str]):
    if read is read_markdown:
        pytest.skip("a report has every analysis in it")
    assert "… 18 more" in read(DigestView(digest=related_digest(20)))


@every_archive
def test_a_corrected_digest_says_when_and_why(read: Callable[[Reply], str]):
    view = DigestView(digest=related_digest(), corrected_at=datetime(2026, 1, 22, 17, tzinfo=UTC))
    assert "Corrected 2026-01-23: 1 commit was reverted since." in read(view)
    assert "Corrected" not in read(DigestView(digest=related_digest()))
    unchanged = DigestView(digest=samples.DIGEST, corrected_at=datetime(2026, 1, 22, 17, tzinfo=UTC))
    assert "Corrected 2026-01-23." in read(unchanged)
    assert "Corrected 2026-01-23." in read(dataclasses.replace(unchanged, digest=samples.QUIET))


@pytest.mark.parametrize("read", [read_slack, read_feishu, read_terminal], ids=["slack", "feishu", "terminal"])
def test_a_commit_among_those_of_several_days_has_its_date(read: Callable[[Reply], str]):
    shown = read(RangeView(repo=samples.REPO, digests=(samples.QUIET, samples.DIGEST)))
    lines = [line for line in shown.splitlines() if "Disaggregated SGLang workers" in line]
    assert lines
    assert all("01-21" in line for line in lines)


@every_archive
def test_corrected_days_say_when_and_why(read: Callable[[Reply], str]):
    days = (dataclasses.replace(samples.QUIET, day=samples.DAY.plus(-1)), related_digest())
    view = RangeView(repo=samples.REPO, digests=days, corrected_at=datetime(2026, 1, 22, 17, tzinfo=UTC))
    assert "Corrected 2026-01-23: 1 commit was reverted since." in read(view)
    assert "Corrected" not in read(dataclasses.replace(view, corrected_at=None))
    assert "Corrected 2026-01-23." in read(dataclasses.replace(view, digests=days[:1]))


def test_a_slack_message_of_many_related_commits_stays_within_its_limits():
    entries = tuple(
        dataclasses.replace(one, relations=related_entry(50).relations) for one in samples.many(200).entries
    )
    digest = dataclasses.replace(samples.many(200), entries=entries)
    view = DigestView(digest=digest, corrected_at=samples.SEALED_AT)
    blocks = slack.render(view)["blocks"]
    assert len(blocks) <= 40
    assert weight(blocks) <= 9000
    assert len(slack.render(view)["text"].encode()) <= 3800
    assert len(slack.render_view(CommitIndex(digest=digest))["blocks"]) <= 100
    assert weight(slack.render(samples.opened(entries[0]))["blocks"]) <= 9000


# Nobody's text is obeyed


def hostile_entry(text: str) -> Entry:
    """A commit whose every text is `text`."""
    statement = Statement(text=text, evidence=(Evidence(path=text, hunk=1), Evidence(path=f"b{text}")))
    made = samples.commit("6070089".ljust(40, "0"), text, "2026-01-21T08:20:19Z", "subject")
    old = FileChange(path=text, status=FileStatus.RENAMED, additions=1, deletions=0, previous_path=text)
    changed = dataclasses.replace(made, message=text, author=Person(name=text, email=text), files=(old,))
    return Entry(
        commit=changed,
        analysis=Analysis(
            sha=changed.sha,
            types=(ChangeType.FIX,),
            rating=Rating(importance=Importance.HIGH, reason=text, rule=ImportanceRule.CONTRACT),
            headline=text,
            summary=(statement, Statement(text=f"it is {text}")),
            scope=(ScopeItem(name=text, effect=text), ScopeItem(name="a", effect=f"`{text}`")),
            insight=Insight(architecture=(statement,), performance=(statement,), security=(statement,)),
            risks=(Risk(risk=statement, consequence=text, mitigation=text),),
            advice=(Advice(kind=AdviceKind.CHECK, text=text),),
            quotation=text,
            provenance=dataclasses.replace(samples.by_model(1, 2), model=text),
        ),
    )


def hostile_digest(text: str) -> Digest:
    return dataclasses.replace(samples.DIGEST, entries=(hostile_entry(text),), lead=text)


def replies_with(text: str) -> list[Reply]:
    broken = dataclasses.replace(
        samples.LISTED, subscription=dataclasses.replace(samples.SUBSCRIPTION, broken=f"because {text}")
    )
    return [
        DigestView(digest=hostile_digest(text)),
        CommitIndex(digest=hostile_digest(text)),
        samples.opened(hostile_entry(text)),
        Notice(text=text, example=text),
        SubscriptionList(subscriptions=(broken,)),
    ]


def archived_replies(text: str) -> list[Reply]:
    return [reply for reply in replies_with(text) if isinstance(reply, DigestView | CommitIndex | AnalysisView)]


@every_archive
@every_hostile_text
def test_what_people_write_is_shown(read: Callable[[Reply], str], text: str):
    shown = visible(text).replace("`", "")  # identifiers lose their backticks
    for reply in replies_with(text) if read is not read_html else archived_replies(text):
        assert shown in read(reply).replace("`", "").replace("\n", " ") or _lines_are_in(text, read(reply))


def _lines_are_in(text: str, shown: str) -> bool:
    return all(visible(line).replace("`", "") in shown.replace("`", "") for line in text.splitlines())


@every_archive
@every_hostile_text
def test_nothing_invisible_is_passed_on(read: Callable[[Reply], str], text: str):
    for reply in replies_with(text) if read is not read_html else archived_replies(text):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", read(reply))


@every_hostile_text
def test_slack_interprets_nothing_but_our_links(text: str):
    for reply in replies_with(text):
        message = slack.render(reply)
        assert not re.search(r"[<>]", message["text"])
        assert not re.search(r"&(?!amp;|lt;|gt;)", message["text"])
        for part in (message["blocks"], slack.render_view(reply)["blocks"]):
            assert_inert(part)


def assert_inert(part: object) -> None:
    match part:
        case {"type": "mrkdwn", "text": str(text)}:
            assert part["verbatim"] is True
            assert re.fullmatch(r"#?\w+( · \w+)?", _OWN_LINK.sub("link", text))
        case {"type": "plain_text"}:
            assert part["emoji"] is False
        case {"type": "link", "url": url}:
            assert url.startswith("https://github.com/ai-dynamo/dynamo")
        case {"type": str(kind)} if kind.startswith(("user", "broadcast", "channel", "emoji")):
            raise AssertionError(kind)
        case dict():
            for value in part.values():
                assert_inert(value)
        case list():
            for value in part:
                assert_inert(value)


@every_hostile_text
def test_feishu_interprets_nothing_but_our_links(text: str):
    for reply in replies_with(text):
        *cards, post = feishu.ladder(reply)
        for message in (*cards, *feishu.following(reply)):
            feishu_cards.assert_inert(message["content"])
        (written,) = post["content"].values()
        for part in (part for line in written["content"] for part in line):
            assert part["tag"] in {"text", "a"}  # which are shown as they are
            assert part.get("href", "https://github.com/ai-dynamo/dynamo").startswith("https://github.com/ai-dynamo/")


@every_hostile_text
def test_a_page_has_the_elements_it_has_with_harmless_words(text: str):
    for hostile, harmless in zip(archived_replies(text), archived_replies(_like(text)), strict=True):
        assert archived.skeleton(archived.page_of(hostile)) == archived.skeleton(archived.page_of(harmless))


@every_hostile_text
def test_a_terminal_gets_no_escape_sequences_but_our_styles(text: str):
    for reply in replies_with(text):
        colored = terminal.render(reply, width=100)
        assert "\x1b" not in _STYLE.sub("", colored)
        plain = terminal.render(reply, width=100, color=False)
        assert [line.rstrip() for line in _STYLE.sub("", colored).splitlines()] == plain.splitlines()


@every_hostile_text
def test_markdown_has_the_structure_it_has_with_harmless_words(text: str):
    for hostile, harmless in zip(replies_with(text), replies_with(_like(text)), strict=True):
        assert structure(markdown.render(hostile)) == structure(markdown.render(harmless))


def _like(text: str) -> str:
    """Harmless words on as many lines and paragraphs."""
    return re.sub(r"[^\n\u2028]+", "harmless words", text)


def structure(document: str) -> list[str]:
    """The types of all tokens, with code that stands for text taken as text, and the targets of links."""
    tokens = _MARKDOWN.parse(document)
    return [kind for token in tokens for kind in (token.type, *_inline_structure(token.children or ()))]


def _inline_structure(children: Iterable[object]) -> Iterator[str]:
    for child in children:
        if child.type == "link_open":
            href = child.attrGet("href")
            assert href.startswith(("#", "https://github.com/ai-dynamo/dynamo"))
            yield child.type
        elif child.type not in {"text", "code_inline", "hardbreak", "softbreak", "text_special"}:
            yield child.type


@every_archive
@pytest.mark.parametrize(
    "subject", ["x" * 20_000, "中" * 20_000, "word " * 4_000, "&" * 20_000, "👍" * 20_000, "`" * 20_000]
)
def test_a_very_long_subject_is_shown_as_far_as_there_is_room(read: Callable[[Reply], str], subject: str):
    for reply in (
        DigestView(digest=samples.many(3, message=subject)),
        CommitIndex(digest=samples.many(3, message=subject)),
    ):
        shown = read(reply)
        assert subject[:25].strip() in shown
        assert all(f"000000{number}" in shown for number in range(3))


@every_archive
def test_an_empty_subject_is_named(read: Callable[[Reply], str]):
    digest = samples.many(1, message="")
    for reply in (
        DigestView(digest=digest),
        samples.opened(digest.entries[0], digest.repo),
    ):
        assert "(no subject)" in read(reply)


@every_formatter
def test_a_repository_without_a_host_is_drawn_without_links(read: Callable[[Reply], str]):
    local = dataclasses.replace(samples.REPO, host="")
    digest = dataclasses.replace(samples.DIGEST, repo=local)
    for reply in (
        DigestView(digest=digest),
        samples.opened(samples.MULTI_IMAGE, local),
    ):
        assert "6070089" in read(reply)
        assert "http" not in read(reply)


# No commit is left out silently


SIZES = [0, 1, 2, 25, 26, 27, 28, 29, 30, 31, 40, 79, 80, 81, 160, 161, 200]


def shas(digest: Digest) -> set[str]:
    return {entry.commit.sha for entry in digest.entries}


@pytest.mark.parametrize("number", SIZES)
@pytest.mark.parametrize("read", [read_terminal, read_markdown, read_html], ids=["terminal", "markdown", "html"])
def test_every_commit_is_listed(read: Callable[[Reply], str], number: int):
    digest = samples.many(number)
    shown = read(DigestView(digest=digest))
    assert all(entry.commit.short_sha in shown for entry in digest.entries)


@pytest.mark.parametrize("number", SIZES)
def test_every_commit_is_in_the_slack_message_or_behind_its_button(number: int):
    digest = samples.many(number)
    message = slack.render(DigestView(digest=digest))["blocks"]
    listed = {question.sha for question in _questions(message, "commit.open")}
    index = list(_questions(message, "digest.index"))
    assert listed <= shas(digest)
    if listed != shas(digest):
        assert set(_walk(digest, index[0])) == shas(digest)
        assert f"+ {number - len(listed)} more: " in "\n".join(_texts(message))
        assert f"All {number} commits" in "\n".join(_texts(message))
    else:
        assert not index
        assert "more" not in "\n".join(_texts(message))


@pytest.mark.parametrize("number", SIZES)
def test_the_slack_index_has_every_commit_once(number: int):
    digest = samples.many(number)
    found = list(_walk(digest, ShowIndex(repo=digest.repo, day=digest.day)))
    assert len(found) == number
    assert set(found) == shas(digest)


@pytest.mark.parametrize("number", [1, 80, 200])
def test_an_index_as_a_message_lists_every_commit_of_its_page(number: int):
    digest = samples.many(number)
    shown = [
        text
        for page in range((number + 79) // 80)
        for text in _texts(slack.render(CommitIndex(digest=digest, page=page))["blocks"])
    ]
    assert all(any(entry.commit.short_sha in text for text in shown) for entry in digest.entries)


def test_the_most_important_commits_come_first():
    digest = samples.many(200)
    message = slack.render(DigestView(digest=digest))["blocks"]
    levels = {entry.commit.sha: entry.analysis.importance for entry in digest.entries}
    assert {levels[question.sha] for question in _questions(message, "commit.open")} == {Importance.HIGH}


def test_a_page_beyond_the_last_is_the_last():
    digest = samples.many(81)
    view = slack.render_view(CommitIndex(digest=digest, page=7))["blocks"]
    assert len(list(_questions(view, "commit.open"))) == 1


def _walk(digest: Digest, question: ShowIndex) -> Iterator[str]:
    """Clicks through the index from its first page to its last, and back again to see that one can."""
    pages = 0
    while True:
        assert question.day == digest.day
        view = slack.render_view(CommitIndex(digest=digest, page=question.page))["blocks"]
        yield from (found.sha for found in _questions(view, "commit.open"))
        turns = list(_questions(view, "index.turn"))
        pages += 1
        assert [turn.page for turn in turns if turn.page < question.page] == (
            [question.page - 1] if question.page else []
        )
        following = [turn for turn in turns if turn.page > question.page]
        if not following:
            assert pages == max(1, (len(digest.entries) + 79) // 80)
            return
        question = following[0]


def _questions(part: object, action: str) -> Iterator:
    match part:
        case {"action_id": str(name), "value": str(value)} if name == action:
            yield decode(value)
        case dict():
            for value in part.values():
                yield from _questions(value, action)
        case list():
            for value in part:
                yield from _questions(value, action)


# One provenance line for every mixture


@pytest.mark.parametrize(
    ("provenances", "words"),
    [
        ([samples.BY_RULES], "Summaries: rules 1, no AI model used"),
        (
            [samples.BY_RULES_AFTER_TIMEOUT, samples.BY_RULES_AFTER_TIMEOUT],
            "Summaries: rules 1, the AI model was asked 2 times and gave no analysis: timeout",
        ),
        (
            [samples.by_model(93, 100), samples.BY_RULES],
            "Summaries: model example-large, prompt ab12cd34ef56; 1 of 2 by model, 1 by rules; "
            "93 % of 100 changed lines read",
        ),
        (
            [samples.by_model(999, 1000)],
            "Summaries: model example-large, prompt ab12cd34ef56; 99 % of 1,000 changed lines read",
        ),
    ],
    ids=["rules", "rules after timeouts", "both", "nearly all lines"],
)
@every_archive
def test_it_is_said_who_wrote_the_summaries(read: Callable[[Reply], str], provenances: list[Provenance], words: str):
    made = samples.many(len(provenances)).entries
    entries = tuple(
        dataclasses.replace(entry, analysis=dataclasses.replace(entry.analysis, provenance=provenance))
        for entry, provenance in zip(made, provenances, strict=True)
    )
    assert words in read(DigestView(digest=dataclasses.replace(samples.DIGEST, entries=entries)))


@every_formatter
def test_since_when_nothing_is_delivered_is_said_in_the_zone_of_the_channel(read: Callable[[Reply], str]):
    since = datetime(2026, 1, 21, 1, 0, tzinfo=UTC)
    broken = dataclasses.replace(samples.SUBSCRIPTION, broken="The channel was archived.", broken_since=since)
    listed = dataclasses.replace(samples.LISTED, subscription=broken)
    assert "nothing has been delivered since 2026-01-21 09:00: The channel was archived." in " ".join(
        read(SubscriptionList(subscriptions=(listed,))).split()
    )
