import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.attributes import NONE, Attributes
from bot.core.paths import FileClass, classify


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("*.rs linguist-generated", "src/bindings.rs", FileClass.GENERATED),
        ("*.rs linguist-generated=true", "src/bindings.rs", FileClass.GENERATED),
        ("lib/data/** linguist-vendored", "lib/data/a/b.rs", FileClass.VENDORED),
        ("lib/data/** linguist-vendored", "lib/data.rs", FileClass.SOURCE),
        ("/api.rs linguist-generated", "api.rs", FileClass.GENERATED),
        ("/api.rs linguist-generated", "src/api.rs", FileClass.API),
        ("src/*.rs linguist-generated", "src/deep/a.rs", FileClass.SOURCE),
        ("src/**/a.rs linguist-generated", "src/a.rs", FileClass.GENERATED),
        ("src/**/a.rs linguist-generated", "src/b/c/a.rs", FileClass.GENERATED),
        ("**/client/*.rs linguist-generated", "a/client/a.rs", FileClass.GENERATED),
        ("notes linguist-documentation", "src/notes", FileClass.DOCS),
        ("*.fix -diff", "a.fix", FileClass.BINARY),
        ("*.fix binary", "a.fix", FileClass.BINARY),
        ("[attr]made linguist-generated -diff\n*.x made", "a.x", FileClass.GENERATED),
        ("yarn.lock -diff", "yarn.lock", FileClass.LOCK),
        ("# *.rs linguist-generated", "a.rs", FileClass.SOURCE),
        ("!*.rs linguist-generated", "a.rs", FileClass.SOURCE),
        ('"a b.rs" linguist-generated', "a b.rs", FileClass.GENERATED),
        ("a[[:space:]]b.rs linguist-generated", "a b.rs", FileClass.GENERATED),
        ("*.rs linguist-generated\r", "a.rs", FileClass.GENERATED),
        ("*.[ch] linguist-vendored", "a.h", FileClass.VENDORED),
        ("*.rs linguist-generated linguist-vendored", "a.rs", FileClass.VENDORED),
    ],
)
def test_a_repository_says_what_its_files_are(text: str, path: str, expected: FileClass) -> None:
    assert Attributes.parse(text).classify(path) is expected


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("gen/** -linguist-generated", "gen/a.rs", FileClass.SOURCE),
        ("gen/** linguist-generated=false", "gen/a.rs", FileClass.SOURCE),
        ("vendor/ours/** -linguist-vendored", "vendor/ours/a.go", FileClass.SOURCE),
        ("docs/*.py -linguist-documentation", "docs/conf.py", FileClass.SOURCE),
        ("*.dat diff", "a.dat", FileClass.SOURCE),
        ("gen/** -linguist-generated", "gen/test_a.rs", FileClass.TEST),
    ],
)
def test_a_repository_may_deny_what_a_path_suggests(text: str, path: str, expected: FileClass) -> None:
    assert Attributes.parse(text).classify(path) is expected is not classify(path)


def test_the_last_rule_that_matches_wins() -> None:
    text = "*.rs linguist-generated\n/src/main.rs -linguist-generated\n/src/lib.rs !linguist-generated"
    attributes = Attributes.parse(text)
    assert attributes.classify("a.rs") is FileClass.GENERATED
    assert attributes.classify("src/main.rs") is FileClass.SOURCE
    assert attributes.classify("src/lib.rs") is FileClass.SOURCE


def test_a_directory_says_nothing_of_the_files_in_it() -> None:
    attributes = Attributes.parse("lib linguist-vendored\nlib/ linguist-vendored")
    assert attributes.classify("lib/a.rs") is FileClass.SOURCE


def test_without_attributes_the_path_decides() -> None:
    assert NONE.classify("a_pb2.py") is FileClass.GENERATED
    assert Attributes.parse("* text=auto eol=lf").rules == ()


def test_a_hostile_pattern_is_answered_at_once() -> None:
    attributes = Attributes.parse(
        "*a*a*a*a*a*a*a*a*a*a*a*a*b linguist-generated\n" + "**/" * 40 + "b linguist-generated"
    )
    assert attributes.classify("a" * 4_000) is FileClass.SOURCE
    assert attributes.classify("/".join("a" * 1_000)) is FileClass.SOURCE


_NAMES = st.text("ab.", min_size=1, max_size=3).filter(lambda name: name.strip("."))
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_PATTERNS = st.lists(
    st.one_of(st.text("ab.*?", min_size=1, max_size=4), st.just("**"), st.just("[ab]*")), max_size=4
).map("/".join)


@given(
    st.lists(st.tuples(_PATTERNS, st.sampled_from(["", "-", "!"])), min_size=1, max_size=30),
    st.lists(_PATHS, min_size=1, max_size=20),
)
def test_git_reads_patterns_the_same_way(rules: list[tuple[str, str]], paths: list[str]) -> None:
    text = "\n".join(f"{pattern} {sign}linguist-vendored" for pattern, sign in rules if pattern)
    assert _by_git(text, paths) == [Attributes.parse(text).classify(path) is FileClass.VENDORED for path in paths]


@pytest.fixture(scope="module", autouse=True)
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    global _repository
    _repository = tmp_path_factory.mktemp("attributes")
    subprocess.run(["git", "init", "--quiet", _repository], check=True)
    return _repository


_repository = Path()


def _by_git(text: str, paths: list[str]) -> list[bool]:
    (_repository / ".gitattributes").write_text(text + "\n")
    command = ["git", "-C", _repository, "check-attr", "-z", "--stdin", "linguist-vendored"]
    output = subprocess.run(command, input="\0".join(paths) + "\0", text=True, capture_output=True, check=True).stdout
    return [state == "set" for state in re.findall(r"linguist-vendored\0([^\0]+)\0", output)]


@given(st.text(), st.text(min_size=1))
def test_any_text_is_read(text: str, path: str) -> None:
    assert Attributes.parse(text).classify(path) in FileClass
