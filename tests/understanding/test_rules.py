import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import (
    AnalystRateLimited,
    AnalystRefused,
    AnalystTimeout,
    AnalystUnavailable,
    AnswerInvalid,
    BotError,
)
from bot.core.model import (
    AdviceKind,
    AnalystKind,
    ChangeType,
    Commit,
    CommitDiff,
    FallbackReason,
    FileChange,
    FileStatus,
    Importance,
)
from bot.core.ports import Analyst
from bot.core.rules import (
    HEADLINE_MAX,
    QUOTATION_MAX,
    SCOPE_MAX,
    VERSION,
    RuleAnalyst,
    analysis,
    areas,
    cut,
    fallback_reason,
    one_line,
    visible,
    without_trailers,
)
from tests.understanding.commits import REPO, anything, changed, commit, commits, file_changes

SOURCE = "lib/llm/src/kv_router.rs"


async def test_the_rule_analyst_is_an_analyst() -> None:
    analyst: Analyst = RuleAnalyst()
    made = await analyst.analyse(REPO, CommitDiff(commit=commit("fix: greet", changed(SOURCE)), patches={}))
    assert analyst.kind is made.provenance.analyst is AnalystKind.RULES
    assert (made.provenance.version, made.provenance.model) == (VERSION, None)


@pytest.mark.parametrize(
    ("subject", "headline"),
    [
        ("feat(sglang): enforce stream_output=True (#5510)", "Enforce stream_output=True"),
        ("chore: update attributions (#5436) (#5488)", "Update attributions"),
        ("feat: Support the reading of  hints  (#5502)", "Support the reading of hints"),
        ("fix: get_body_limit() is ignored", "get_body_limit() is ignored"),
        ("fix: vLLM sleeps", "vLLM sleeps"),
        ("docs: fix a typo.", "Fix a typo"),
        ("mocker: greet", "Mocker: greet"),
        ('Revert "feat: greet" (#7)', 'Revert "feat: greet"'),
        ("fix: \u202eevil\u202c \x1b[31mred", "Evil [31mred"),
        ("fix: pre-fetch the model", "Pre-fetch the model"),
        ("修复：接收问候时可能出现的竞争", "修复：接收问候时可能出现的竞争"),
        ("docs: update (#5915)", f"Update (1 file modified: {SOURCE})"),
        ("fix: ß", f"ß (1 file modified: {SOURCE})"),
    ],
)
def test_a_headline_is_the_subject_without_what_stands_elsewhere(subject: str, headline: str) -> None:
    assert analysis(commit(subject, changed(SOURCE))).headline == headline


@pytest.mark.parametrize("subject", ["", "fix:", "(#12)", "feat(x):  (#3)", "...", "\u200b"])
def test_a_subject_that_says_nothing_is_replaced_by_what_is_true(subject: str) -> None:
    made = commit(subject, changed("lib/llm/a.rs"), changed("lib/llm/b.rs"), changed("lib/llm/c/d.rs"))
    assert analysis(made).headline == "3 files changed in lib/llm and lib/llm/c"
    assert analysis(commit(subject)).headline == "No file changed"


def test_a_headline_has_a_bound() -> None:
    headline = analysis(commit("fix: " + "word " * 4_000, changed(SOURCE))).headline
    assert HEADLINE_MAX // 2 < len(headline) <= HEADLINE_MAX
    assert headline.endswith("word…")
    assert len(analysis(commit("fix: " + "x" * 20_000, changed(SOURCE))).headline) == HEADLINE_MAX


def test_a_low_commit_gets_one_line() -> None:
    made = analysis(commit("docs: greet", changed("docs/a.md", 12, 3)))
    assert made.importance is Importance.LOW
    assert [statement.text for statement in made.summary] == ["1 file modified: docs/a.md, +12 −3."]
    assert not made.scope
    assert not made.advice


def test_a_summary_says_where_how_much_and_of_what_kind() -> None:
    made = analysis(
        commit(
            "feat: greet",
            changed("lib/llm/src/a.rs", 1200, 4),
            changed("lib/llm/src/b.rs", 60),
            changed("tests/test_a.py", 95, 3),
            changed("Cargo.toml", 1, 1),
            changed("logo.png", None, None),
        )
    )
    assert [statement.text for statement in made.summary] == [
        "5 files changed in lib/llm/src, tests and the root folder, +1,356 −8.",
        "Source +1,260 −4, tests +95 −3, dependency manifests +1 −1, binary files (1).",
        "It changes where dependencies are named: Cargo.toml.",
    ]
    assert made.summary[2].evidence[0].path == "Cargo.toml"
    assert [(item.name, item.effect) for item in made.scope] == [
        ("lib/llm/src/a.rs", "modified, +1,200 −4"),
        ("tests/test_a.py", "modified, +95 −3"),
        ("lib/llm/src/b.rs", "modified, +60"),
        ("Cargo.toml", "modified, +1 −1"),
        ("logo.png", "modified, binary"),
    ]


def test_a_scope_counts_what_happened_to_the_files_of_an_area() -> None:
    files = [changed(f"src/{number}.py", 10, 1) for number in range(4)]
    files += [changed(f"src/new{number}.py", 5, 0, FileStatus.ADDED) for number in range(2)]
    files += [changed("src/old.py", 0, 7, FileStatus.REMOVED)]
    files += [changed(f"{number}/a.py", 200) for number in range(SCOPE_MAX - 1)]
    scope = {item.name: item.effect for item in analysis(commit("fix: a", *files)).scope}
    assert scope["src"] == "4 files modified, 2 added, 1 removed, +50 −11"


def test_a_renamed_file_says_where_it_came_from() -> None:
    moved = FileChange(path="src/b.py", status=FileStatus.RENAMED, additions=0, deletions=0, previous_path="src/a.py")
    made = analysis(commit("feat: move", moved))
    assert made.scope[0].effect == "renamed from src/a.py, no line changed"


def test_files_that_the_source_left_out_are_admitted() -> None:
    files = [changed(f"src/{number}.py") for number in range(3_000)]
    made = analysis(commit("feat: a", *files, files_truncated=True))
    assert made.summary[0].text == "More than 3,000 files changed in src, +3,000."


@pytest.mark.parametrize(
    ("message", "path", "kind", "words"),
    [
        ("feat!: a", SOURCE, AdviceKind.CHECK, "breaks"),
        ("feat: a", "migrations/0001_users.py", AdviceKind.CHECK, "migration on a copy of your data: migrations/0001"),
        ("fix: CVE-2026-12345", SOURCE, AdviceKind.CHECK, "affected"),
        ("feat: a", "src/args.py", AdviceKind.CHECK, "src/args.py"),
        ('Revert "a"', SOURCE, AdviceKind.CHECK, "takes back"),
        ("fix: a", "Dockerfile", AdviceKind.CHECK, "Dockerfile"),
        ("fix: a", "go.mod", AdviceKind.CHECK, "go.mod"),
        ("perf: a", SOURCE, AdviceKind.MONITOR, "latency"),
    ],
)
def test_flags_become_advice(message: str, path: str, kind: AdviceKind, words: str) -> None:
    advice = analysis(commit(message, changed(path))).advice
    assert any(item.kind is kind and words in item.text for item in advice)


def test_rules_claim_no_insight_and_no_risk() -> None:
    made = analysis(commit("feat!: drop the API", changed("src/api.py", 0, 900)))
    assert made.importance is Importance.HIGH
    assert not made.insight
    assert not made.risks


@pytest.mark.parametrize(
    ("body", "quotation"),
    [
        ("Because.\n\nMore.", "Because."),
        ("It was\ntoo slow.\nSigned-off-by: A <a@b.c>", "It was\ntoo slow."),
        ("Signed-off-by: A <a@b.c>\nCo-authored-by: B <b@c.d>", ""),
        ("Signed-off-by: A <a@b.c>\n\nBecause.", "Because."),
        ("#### Overview:\n\n<!-- write\nhere -->\n\nBecause.", "Because."),
        ("**Why**\nBecause.", "Because."),
        ("Note: it is late.", "Note: it is late."),
        ("(cherry picked from commit 1234567)", ""),
        ("", ""),
    ],
)
def test_only_the_authors_first_paragraph_is_quoted(body: str, quotation: str) -> None:
    assert analysis(commit(f"fix: a\n\n{body}", changed(SOURCE))).quotation == quotation


def test_a_quotation_has_a_bound() -> None:
    quotation = analysis(commit("fix: a\n\n" + "because " * 100_000, changed(SOURCE))).quotation
    assert QUOTATION_MAX // 2 < len(quotation) <= QUOTATION_MAX


def test_without_trailers_a_message_keeps_its_paragraphs() -> None:
    assert without_trailers("fix: a\n\nWhy.\n\nReviewed-by: A\nCC: b") == "fix: a\n\nWhy."


def test_no_line_was_shown_to_rules() -> None:
    provenance = analysis(commit("fix: a", changed(SOURCE, 3, 1))).provenance
    assert (provenance.lines_shown, provenance.lines_changed) == (0, 4)


@given(commits)
def test_any_commit_can_be_analysed(made: Commit) -> None:
    result = analysis(made)
    assert 0 < len(result.headline) <= HEADLINE_MAX
    assert result.types
    assert result.summary
    assert len(result.scope) <= SCOPE_MAX
    texts = [result.headline, result.quotation, result.rating.reason]
    texts += [text for item in result.scope for text in (item.name, item.effect)]
    texts += [statement.text for statement in result.summary] + [advice.text for advice in result.advice]
    for text in texts:
        text.encode()
        assert not {unicodedata.category(character) for character in text if character != "\n"} & {"Cc", "Cs"}


@given(st.lists(file_changes, max_size=40), st.integers(2, 9), st.booleans())
def test_areas_hold_every_file_once(files: list[FileChange], at_most: int, only_folders: bool) -> None:
    found = areas(files, at_most, only_folders=only_folders)
    assert len(found) <= at_most
    assert sorted(id(file) for area in found for file in area.files) == sorted(map(id, files))


def test_areas_are_finest_where_most_is_changed() -> None:
    files = [changed("src/hot/a.py", 500), changed("src/hot/b.py", 400)]
    files += [changed(f"src/cold/{number}.py") for number in range(9)] + [changed("docs/a.md")]
    assert [area.name for area in areas(files, 4)] == ["src/hot/a.py", "src/hot/b.py", "src/cold", "docs/a.md"]
    assert [area.name for area in areas(files, 3)] == ["src/hot", "src/cold", "docs/a.md"]
    assert [area.name for area in areas(files, 2)] == ["src", "docs/a.md"]


def test_what_belongs_to_no_large_area_is_elsewhere() -> None:
    files = [changed(f"src/{name}/a.py", churn) for name, churn in (("a", 9), ("b", 8), ("c", 2), ("d", 1))]
    found = areas(files, 3)
    assert [area.name for area in found] == ["src/a/a.py", "src/b/a.py", "elsewhere in src"]
    assert len(found[-1].files) == 2


@given(anything)
def test_visible_text_can_be_sent_and_is_seen_as_it_is(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not set(shown) & set("\x00\x1b\r\u202e\u200b\u2066\ufeff\U000e0041")


@given(anything, st.integers(1, 50))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_cut_falls_between_words_where_it_can() -> None:
    assert cut("one two three", 10) == "one two…"
    assert cut("onetwothree", 10) == "onetwothr…"
    assert cut("one two", 7) == "one two"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AnalystTimeout(), FallbackReason.TIMEOUT),
        (AnalystRateLimited(retry_after=timedelta(seconds=3)), FallbackReason.RATE_LIMIT),
        (AnalystUnavailable(), FallbackReason.UNREACHABLE),
        (AnalystRefused(), FallbackReason.REFUSED),
        (AnswerInvalid(), FallbackReason.INVALID_ANSWER),
        (BotError(), FallbackReason.UNREACHABLE),
    ],
)
def test_why_rules_stand_in_follows_from_the_error(error: BotError, reason: FallbackReason) -> None:
    assert fallback_reason(error) is reason


def test_one_commit_of_five_thousand_files_is_a_chore_like_others() -> None:
    made = commit("chore: format", *[changed(f"src/{n % 50}/{n % 7}/{n}.py", n % 90) for n in range(5_000)])
    assert analysis(made).types == (ChangeType.CHORE,)
