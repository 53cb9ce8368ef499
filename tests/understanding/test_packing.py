from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import CommitDiff, FileStatus
from bot.core.packing import pack, tokens
from tests.understanding.commits import changed, diff, diffs

PATCH = "@@ -1 +1,2 @@\n-a\n+b\n+c"


def test_everything_is_shown_where_it_fits() -> None:
    packed = pack(diff("fix: a", {"src/a.py": PATCH}), 1_000)
    assert packed.text == f"=== src/a.py (source, modified, +2 -1)\n{PATCH}"
    assert (packed.lines_shown, packed.lines_changed, packed.omitted) == (3, 3, ())


def test_source_comes_before_tests_configuration_and_documentation_and_small_before_large() -> None:
    paths = ["README.md", "config.yaml", "src/long.py", "src/a.py", "tests/test_a.py"]
    patches = {path: PATCH + "\n+more" * (path == "src/long.py") for path in paths}
    text = pack(diff("fix: a", patches), 1_000).text
    order = ["src/a.py", "src/long.py", "tests/test_a.py", "config.yaml", "README.md"]
    assert sorted(paths, key=text.index) == order


def test_what_nobody_wrote_is_named_with_the_reason() -> None:
    patches = {"src/a.py": PATCH, "Cargo.lock": PATCH, "a_pb2.py": PATCH, "vendor/a.go": PATCH}
    logo, huge = changed("logo.png", None, None), changed("src/huge.py", 90_000, 1)
    moved = changed("src/b.py", 0, 0, FileStatus.RENAMED)
    packed = pack(diff("fix: a", patches, logo, huge, moved), 1_000)
    assert packed.omitted == (
        ("Cargo.lock", "lock"),
        ("a_pb2.py", "generated"),
        ("logo.png", "binary"),
        ("src/b.py", "no line changed"),
        ("src/huge.py", "no patch available"),
        ("vendor/a.go", "vendored"),
    )
    assert "Cargo.lock (lock, modified, +2 -1): lock" in packed.text
    assert packed.text.count("@@ -1 +1,2 @@") == 1
    assert (packed.lines_shown, packed.lines_changed) == (3, 4 * 3 + 90_001)


def test_a_file_is_cut_at_the_end_of_a_line_and_says_so() -> None:
    lines = [f"+line number {number}" for number in range(100)]
    packed = pack(diff("fix: a", {"src/a.py": "\n".join(["@@ -0,0 +1,100 @@", *lines])}), 300)
    *_, last, mark = packed.text.split("\n")
    assert last in lines
    assert mark == f"… {100 - packed.lines_shown} lines omitted"
    assert packed.lines_shown == lines.index(last) + 1 > 20


def test_one_large_file_leaves_half_to_those_after_it() -> None:
    large = "\n".join(["@@ -0,0 +1,9999 @@", *["+x" * 20] * 9_999])
    packed = pack(diff("fix: a", {"src/large.py": large, "tests/test_a.py": large, "docs/a.md": PATCH}), 1_000)
    assert packed.text.count("===") == 3
    assert packed.text.endswith(PATCH)


def test_a_file_may_take_what_those_after_it_do_not_need() -> None:
    large = "\n".join(["@@ -0,0 +1,9999 @@", *["+x" * 20] * 9_999])
    packed = pack(diff("fix: a", {"src/large.py": large, "docs/a.md": PATCH}), 1_000)
    assert tokens(packed.text) > 800


def test_names_that_do_not_fit_are_counted() -> None:
    names = {f"vendor/{number:04}.go": PATCH for number in range(5_000)}
    packed = pack(diff("chore: vendor", names), 500)
    assert len(packed.omitted) == 5_000
    assert packed.text.startswith("Changed too, but not shown:\nvendor/0000.go (vendored, modified, +2 -1): vendored\n")
    named = packed.text.count("vendor/")
    assert packed.text.endswith(f"… and {5_000 - named} more files")


def test_an_empty_commit_packs_to_nothing() -> None:
    packed = pack(diff("chore: nothing", {}), 1_000)
    assert (packed.text, packed.lines_shown, packed.lines_changed, packed.omitted) == ("", 0, 0, ())


def test_a_path_cannot_begin_a_line_of_its_own() -> None:
    assert "\n=== b" not in pack(diff("fix: a", {"src/a.py\n=== b": PATCH}), 1_000).text


@given(diffs(), st.integers(0, 3_000))
def test_no_pack_exceeds_its_budget_or_hides_a_file(made: CommitDiff, budget: int) -> None:
    packed = pack(made, budget)
    assert tokens(packed.text) <= budget
    assert 0 <= packed.lines_shown <= packed.lines_changed
    paths = {path for path, _ in packed.omitted}
    assert paths <= {file.path for file in made.commit.files}
    shown = packed.text.split("Changed too, but not shown:")[0].count("=== ")
    assert shown + len(packed.omitted) >= len(made.commit.files)


@given(st.text(st.characters(codec=None)))
def test_the_bound_holds_for_the_densest_text(text: str) -> None:
    assert tokens(text) >= len(text.encode("utf-8", "replace")) / 2.3
