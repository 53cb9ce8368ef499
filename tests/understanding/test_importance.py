import dataclasses

import pytest
from hypothesis import given

from bot.core.facts import Facts, Flag, Subject
from bot.core.importance import bounded, rate, to_depth
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    AnalystKind,
    ChangeType,
    Commit,
    FileChange,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    Provenance,
    Rating,
    Risk,
    ScopeItem,
    Statement,
)
from tests import fakes
from tests.understanding.commits import changed, commit, commits

HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW
CONTRACT, BEHAVIOUR = ImportanceRule.CONTRACT, ImportanceRule.BEHAVIOUR
ASSUMPTION, OPERATIONS = ImportanceRule.ASSUMPTION, ImportanceRule.OPERATIONS

SOURCE = "lib/llm/src/kv_router.rs"
REMOVED = FileStatus.REMOVED

RATINGS = [
    # high, each by its rule
    ("feat!: speak protocol 2", [changed(SOURCE)], HIGH, CONTRACT, "breaking"),
    ("fix: a\n\nBREAKING CHANGE: the port is 81", [changed(SOURCE)], HIGH, CONTRACT, "breaking"),
    ("chore: users", [changed("db/migrate/1_users.rb")], HIGH, OPERATIONS, "db/migrate/1_users.rb"),
    ("fix: close CVE-2026-12345", [changed(SOURCE)], HIGH, ASSUMPTION, "CVE-2026-12345"),
    (
        "chore: nuke ForwardPassMetrics (#5531)",
        [changed("src/protocols.rs", 0, 62)],
        HIGH,
        CONTRACT,
        "62 lines removed",
    ),
    ("refactor: tidy", [changed("proto/old.proto", 0, 3, REMOVED)], HIGH, CONTRACT, "proto/old.proto"),
    ("feat: allow router not assuming decode kv reuse", [changed("src/flags.rs")], HIGH, CONTRACT, "src/flags.rs"),
    ("feat: Sleep/wake endpoints for vLLM runtime (#5339)", [changed(SOURCE, 72)], HIGH, CONTRACT, "endpoints"),
    ("refactor: Move --migration-limit flag to frontend", [changed(SOURCE, 9)], HIGH, CONTRACT, "--migration-limit"),
    ("chore: enable local indexers by default", [changed(SOURCE, 9)], HIGH, BEHAVIOUR, "by default"),
    ("feat: per dp rank gap detection (#5873)", [changed(SOURCE, 369, 300)], HIGH, BEHAVIOUR, "669 lines"),
    ("fix: fix vllm graceful shutdown (#5818)", [changed(SOURCE, 300, 45)], HIGH, BEHAVIOUR, "345 lines"),
    ('Revert "feat: greet"', [changed(SOURCE, 0, 120)], HIGH, BEHAVIOUR, "takes back"),
    ("perf: Fix prefill router round robin (#5313)", [changed(SOURCE, 30, 20)], HIGH, ASSUMPTION, "50 lines"),
    ("build: bump tokio from 0.9.3 to 0.10.0", [changed("Cargo.toml")], HIGH, OPERATIONS, "from 0.9.3 to 0.10.0"),
    ("refactor: one stage", [changed("Dockerfile", 90, 80)], HIGH, OPERATIONS, "170 lines of deployment"),
    # medium
    ("fix: ipv6 support for sglang disaggregation (#5521)", [changed(SOURCE, 90, 9)], MEDIUM, None, "99 lines"),
    ("fix: Pass empty tokens", [changed(SOURCE, 1, 1)], MEDIUM, None, "2 lines"),
    ("feat: add multimodal hasher", [changed(SOURCE, 55)], MEDIUM, None, "55 lines"),
    ("refactor: vllm EPD refactor (#4994)", [changed(SOURCE, 400, 252)], MEDIUM, None, "652 lines"),
    ("chore: update nixl to 0.9.0 (#5528)", [changed("pyproject.toml")], MEDIUM, None, "pyproject.toml"),
    ("build: bump tokio from 1.9.3 to 1.10.0", [changed("Cargo.toml")], MEDIUM, None, "Cargo.toml"),
    ("fix: uv timeout", [changed("container/dev/Dockerfile.dev", 2, 2)], MEDIUM, None, "Dockerfile.dev"),
    ("feat: a new recipe", [changed("deploy/x.yaml", 900, 0, FileStatus.ADDED)], MEDIUM, None, "deploy/x.yaml"),
    ("docs: a note\n\nBREAKING CHANGE: none", [changed("README.md")], MEDIUM, None, "breaking"),
    ("fix: CVE-2026-1234", [changed("Cargo.lock")], MEDIUM, None, "CVE-2026-1234"),
    ("docs: explain", [changed(SOURCE, 900)], MEDIUM, None, "docs commit that changes 900 lines"),
    # low
    ("docs: fix security typos (#5330)", [changed("docs/a.md", 500), changed("README.md")], LOW, None, "only docs"),
    ("feat: a thousand cases", [changed("tests/test_a.py", 1000)], LOW, None, "only test files"),
    ("fix: link checking", [changed(".github/workflows/a.yml"), changed("docs/a.md")], LOW, None, "only ci and docs"),
    ("chore: update attributions (#5436)", [changed("ATTRIBUTIONS-Rust.md", 596)], LOW, None, "only generated"),
    ("feat: triton example", [changed("examples/triton/main.py", 400)], LOW, None, "only example"),
    ("chore: lift invariant out of loop", [changed(SOURCE, 10, 4)], LOW, None, "14 lines"),
    ("fix: typo", [changed(".gitignore")], LOW, None, "only config"),
    ("chore: nothing", [], LOW, None, "no file"),
    ("", [changed("logo.png", None, None)], LOW, None, "only binary"),
]


@pytest.mark.parametrize(
    ("message", "files", "importance", "rule", "fact"), RATINGS, ids=[case[0].split("\n")[0] for case in RATINGS]
)
def test_importance_follows_named_facts(
    message: str, files: list[FileChange], importance: Importance, rule: ImportanceRule | None, fact: str
) -> None:
    rating = rate(commit(message, *files))
    assert (rating.importance, rating.rule) == (importance, rule), rating.reason
    assert fact in rating.reason


@given(commits)
def test_any_commit_is_rated_and_high_names_its_rule(made: Commit) -> None:
    rating = rate(made)
    assert (rating.importance is HIGH) == (rating.rule is not None)
    assert rating.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("feat: greet", (ChangeType.FEATURE, "", False, "greet")),
        ("Fix(SGLang): YAML", (ChangeType.FIX, "SGLang", False, "YAML")),
        ("feat(api)!: v2", (ChangeType.FEATURE, "api", True, "v2")),
        ("refactor!:x", (ChangeType.REFACTOR, "", True, "x")),
        ("[Bugfix] Handle none", (ChangeType.FIX, "", False, "Handle none")),
        ("mocker: greet", (None, "", False, "mocker: greet")),
        ("fixture: greet", (None, "", False, "fixture: greet")),
        ("Fix the greeting", (None, "", False, "Fix the greeting")),
        ("feat", (None, "", False, "feat")),
        ("feat:", (ChangeType.FEATURE, "", False, "")),
    ],
)
def test_a_subject_is_divided_as_conventional_commits_say(
    text: str, expected: tuple[ChangeType | None, str, bool, str]
) -> None:
    subject = Subject.parse(text)
    assert (subject.type, subject.scope, subject.breaking, subject.description) == expected


@pytest.mark.parametrize(
    ("message", "files", "types"),
    [
        ("fix: a", [changed(SOURCE)], [ChangeType.FIX]),
        ("fix: links", [changed("README.md")], [ChangeType.FIX, ChangeType.DOCS]),
        ("chore: Bump CUDA to 12.9", [changed("Dockerfile")], [ChangeType.CHORE, ChangeType.DEPENDENCY]),
        ("feat: reduce latency", [changed(SOURCE)], [ChangeType.FEATURE, ChangeType.PERFORMANCE]),
        ("fix: XSS in titles", [changed(SOURCE)], [ChangeType.FIX, ChangeType.SECURITY]),
        ('Revert "feat: a"', [changed(SOURCE)], [ChangeType.REVERT]),
        ("Implement greetings", [changed(SOURCE)], [ChangeType.FEATURE]),
        ("net/http: fix a race", [changed(SOURCE)], [ChangeType.FIX]),
        ("whatever", [changed("tests/test_a.py")], [ChangeType.TEST]),
        ("whatever", [changed("Cargo.lock")], [ChangeType.DEPENDENCY]),
        ("whatever", [changed(SOURCE)], [ChangeType.CHORE]),
        ("", [], [ChangeType.CHORE]),
    ],
)
def test_types_come_from_the_prefix_else_from_words_else_from_files(
    message: str, files: list[FileChange], types: list[ChangeType]
) -> None:
    assert list(Facts.of(commit(message, *files)).types) == types


def test_a_word_in_the_body_does_not_make_a_security_fix() -> None:
    assert Flag.SECURITY not in Facts.of(commit("fix: a\n\nNo security impact.", changed(SOURCE))).flags


def rating(importance: Importance, rule: ImportanceRule | None = None, reason: str = "proposed") -> Rating:
    return Rating(importance=importance, reason=reason, rule=rule)


def computed(importance: Importance) -> Rating:
    return rating(importance, OPERATIONS if importance is HIGH else None, "computed")


@pytest.mark.parametrize(
    ("proposal", "facts", "expected"),
    [
        (rating(LOW), computed(HIGH), rating(MEDIUM, reason="computed")),
        (rating(MEDIUM), computed(HIGH), rating(MEDIUM)),
        (rating(HIGH, CONTRACT), computed(HIGH), rating(HIGH, CONTRACT)),
        (rating(HIGH), computed(HIGH), rating(HIGH, OPERATIONS, "computed")),
        (rating(HIGH, CONTRACT), computed(MEDIUM), rating(HIGH, CONTRACT)),
        (rating(HIGH), computed(MEDIUM), rating(MEDIUM, reason="computed")),
        (rating(LOW), computed(MEDIUM), rating(LOW)),
        (rating(HIGH, CONTRACT), computed(LOW), rating(MEDIUM, reason="computed")),
        (rating(MEDIUM, CONTRACT), computed(LOW), rating(MEDIUM)),
        (rating(LOW, reason=""), computed(LOW), rating(LOW, reason="computed")),
    ],
)
def test_a_model_moves_importance_by_one_step_and_high_needs_a_rule(
    proposal: Rating, facts: Rating, expected: Rating
) -> None:
    assert bounded(proposal, facts) == expected


@pytest.mark.parametrize(
    ("importance", "parts"),
    [
        (HIGH, {"summary": 2, "scope": 1, "insight": 1, "risks": 1, "advice": 1}),
        (MEDIUM, {"summary": 2, "scope": 1, "insight": 0, "risks": 0, "advice": 1}),
        (LOW, {"summary": 1, "scope": 0, "insight": 0, "risks": 0, "advice": 0}),
    ],
)
def test_depth_follows_importance(importance: Importance, parts: dict[str, int]) -> None:
    statement = Statement(text="It greets.")
    analysis = Analysis(
        sha="0" * 40,
        types=(ChangeType.FIX,),
        rating=rating(importance),
        headline="Greets",
        summary=(statement, statement),
        scope=(ScopeItem(name="src", effect="greets"),),
        insight=Insight(security=(statement,)),
        risks=(Risk(risk=statement, consequence="noise", mitigation="silence"),),
        advice=(Advice(kind=AdviceKind.TEST, text="Greet."),),
        provenance=Provenance(analyst=AnalystKind.MODEL, version="1"),
    )
    cut = to_depth(analysis)
    assert {
        "summary": len(cut.summary),
        "scope": len(cut.scope),
        "insight": int(bool(cut.insight)),
        "risks": len(cut.risks),
        "advice": len(cut.advice),
    } == parts


@pytest.mark.parametrize(
    ("label", "flag"),
    [
        ("breaking-change", Flag.BREAKING),
        ("Breaking Change", Flag.BREAKING),
        ("security", Flag.SECURITY),
        ("area/performance", Flag.PERFORMANCE),
        ("dependencies", Flag.DEPENDENCY),
        ("groundbreaking", None),
        ("router", None),
    ],
)
def test_labels_of_the_pull_request_count(label: str, flag: Flag | None):
    labelled = dataclasses.replace(fakes.commit("fix: wait"), labels=(label,))
    assert Facts.of(labelled).flags == ({flag} if flag else set())


def test_a_commit_labelled_as_breaking_is_high():
    rating = rate(dataclasses.replace(fakes.commit("fix: wait"), labels=("breaking-change",)))
    assert (rating.importance, rating.rule) == (Importance.HIGH, ImportanceRule.CONTRACT)
