from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.attributes import Attributes
from bot.core.model import CommitDiff, FileStatus
from bot.core.packing import PARTS_MAX, Plan, plan
from bot.core.tokens import BYTES_PER_TOKEN, TokenEstimate, size, tokens
from bot.core.trimming import LINE_MAX, cut, section, with_less_context, with_less_removed
from tests.understanding.commits import changed, commit, diff, diffs

PATCH = "@@ -1 +1,2 @@\n-a\n+b\n+c"
SHOWN = "@@ 1 @@ -1 +1,2 @@\n-a\n+b\n+c"


def _added(count: int, text: str = "line number") -> str:
    return "\n".join([f"@@ -0,0 +1,{count} @@", *(f"+{text} {number}" for number in range(count))])


def _text(made: Plan) -> str:
    return "\n".join(part.text for part in made.parts)


# One part


def test_everything_is_shown_where_it_fits() -> None:
    made = plan(diff("fix: a", {"src/a.py": PATCH}), budget=1_000)
    (packed,) = made.parts
    assert packed.text == f"=== src/a.py (source, modified, +2 -1)\n{SHOWN}"
    assert (packed.lines_shown, packed.lines_changed, packed.omitted, packed.redactions) == (3, 3, (), 0)
    assert (made.lines_shown, made.lines_changed, made.source_lines_shown, made.source_lines_changed) == (3, 3, 3, 3)


def test_hunks_carry_the_number_that_evidence_cites() -> None:
    patch = f"{PATCH}\n@@ -9,3 +10,3 @@ def f():\n x\n-y\n+z\n w"
    assert "@@ 2 @@ -9,3 +10,3 @@ def f():\n" in _text(plan(diff("fix: a", {"src/a.py": patch}), budget=1_000))


def test_source_comes_before_tests_configuration_and_documentation_and_small_before_large() -> None:
    paths = ["README.md", "config.yaml", "src/long.py", "src/a.py", "tests/test_a.py"]
    patches = {path: PATCH + "\n+more" * (path == "src/long.py") for path in paths}
    text = _text(plan(diff("fix: a", patches), budget=1_000))
    order = ["src/a.py", "src/long.py", "tests/test_a.py", "config.yaml", "README.md"]
    assert sorted(paths, key=text.index) == order


def test_what_nobody_wrote_is_named_with_the_reason() -> None:
    patches = {"src/a.py": PATCH, "Cargo.lock": PATCH, "a_pb2.py": PATCH, "vendor/a.go": PATCH}
    logo, huge = changed("logo.png", None, None), changed("src/huge.py", 90_000, 1)
    moved = changed("src/b.py", 0, 0, FileStatus.RENAMED)
    made = plan(diff("fix: a", patches, logo, huge, moved), budget=1_000)
    assert made.omitted == (
        ("Cargo.lock", "lock"),
        ("a_pb2.py", "generated"),
        ("logo.png", "binary"),
        ("src/b.py", "no line changed"),
        ("src/huge.py", "no patch available"),
        ("vendor/a.go", "vendored"),
    )
    text = _text(made)
    assert "Cargo.lock (lock, modified, +2 -1): lock" in text
    assert text.count("@@ -1 +1,2 @@") == 1
    assert (made.lines_shown, made.lines_changed) == (3, 4 * 3 + 90_001)
    assert (made.source_lines_shown, made.source_lines_changed) == (3, 3 + 90_001)


def test_the_repository_itself_says_what_is_generated() -> None:
    attributes = Attributes.parse("src/client/** linguist-generated\nvendor/ours/** -linguist-vendored")
    patches = {"src/client/a.py": PATCH, "vendor/ours/a.go": PATCH}
    made = plan(diff("fix: a", patches), budget=1_000, attributes=attributes)
    assert made.omitted == (("src/client/a.py", "generated"),)
    assert "=== vendor/ours/a.go (source, " in _text(made)


def test_secrets_do_not_leave_and_are_counted() -> None:
    secret = "AKIA" + "Z7" * 8
    made = plan(diff("fix: a", {"src/a.py": f"@@ -0,0 +1 @@\n+key = '{secret}'"}), budget=1_000)
    assert secret not in _text(made)
    assert made.redactions == made.parts[0].redactions == 1
    assert made.lines_shown == 1


def test_documentation_beyond_the_budget_is_cut_at_the_end_of_a_line_and_says_so() -> None:
    made = plan(diff("docs: a", {"docs/a.md": _added(100)}), budget=300)
    *_, last, mark = _text(made).split("\n")
    assert last.startswith("+line number ")
    assert mark == f"… {100 - made.lines_shown} lines omitted"
    assert made.lines_shown > 20


def test_one_large_file_leaves_half_to_those_after_it() -> None:
    patches = {"tests/test_a.py": _added(9_999), "docs/a.md": _added(9_999), "docs/z.md": PATCH}
    text = _text(plan(diff("test: a", patches), budget=1_000))
    assert text.count("===") == 3
    assert text.endswith("\n-a\n+b\n+c") or "\n-a\n+b\n+c\n" in text


def test_source_is_whole_before_anything_else_gets_room() -> None:
    patches = {"src/a.py": _added(100), "tests/test_a.py": _added(9_999)}
    made = plan(diff("fix: a", patches), budget=1_000)
    assert made.source_lines_shown == made.source_lines_changed == 100
    assert len(made.parts) == 1


def test_names_that_do_not_fit_are_counted() -> None:
    names = {f"vendor/{number:04}.go": PATCH for number in range(5_000)}
    packed = plan(diff("chore: vendor", names), budget=500).parts[0]
    assert len(packed.omitted) == 5_000
    assert packed.text.startswith("Changed too, but not shown:\nvendor/0000.go (vendored, modified, +2 -1): vendored\n")
    named = packed.text.count("vendor/")
    assert packed.text.endswith(f"… and {5_000 - named} more files")


def test_an_empty_commit_packs_to_nothing() -> None:
    made = plan(diff("chore: nothing", {}), budget=1_000)
    assert [(part.text, part.lines_shown, part.lines_changed) for part in made.parts] == [("", 0, 0)]
    assert made.omitted == ()


def test_a_path_cannot_begin_a_line_of_its_own() -> None:
    assert "\n=== b" not in _text(plan(diff("fix: a", {"src/a.py\n=== b": PATCH}), budget=1_000))


# Several parts


def test_source_beyond_the_budget_is_read_in_parts_of_whole_folders() -> None:
    patches = {f"src/{folder}/{name}.py": _added(40) for folder in "abcdef" for name in "xy"}
    made = plan(diff("feat: a", patches), budget=1_200)
    assert 3 <= len(made.parts) <= 6
    assert made.source_lines_shown == made.source_lines_changed == 12 * 40
    first = [part.text.index(f"src/{folder}/x.py") >= 0 for part, folder in zip(made.parts, "a", strict=False)]
    assert first == [True]
    assert [path for path in sorted(patches) if path in _text(made)] == sorted(patches)


def test_a_file_beyond_the_budget_goes_on_in_the_next_part_under_its_name_and_hunk() -> None:
    made = plan(diff("feat: a", {"src/a.py": f"{PATCH}\n{_added(300)}"}), budget=1_000)
    assert len(made.parts) > 1
    assert made.lines_shown == made.lines_changed == 303
    for part in made.parts[1:]:
        heading, hunk, *_ = part.text.split("\n")
        assert heading == "=== src/a.py (source, modified, +302 -1)"
        assert hunk == "@@ 2 @@ -0,0 +1,300 @@"


def test_there_is_an_end_to_parts_and_small_files_are_whole_then() -> None:
    patches = {"src/large.py": _added(30_000), "src/small.py": _added(20)}
    made = plan(diff("feat: a", patches), budget=1_000)
    assert len(made.parts) == PARTS_MAX
    text = _text(made)
    assert text.count("+line number 19\n") + text.endswith("+line number 19") == 2
    assert f"… {made.lines_changed - made.lines_shown} lines omitted" in text


def test_parts_leave_a_place_for_tests() -> None:
    patches = {"src/a.py": _added(370), "tests/test_a.py": _added(40)}
    made = plan(diff("feat: a", patches), budget=1_000)
    assert made.source_lines_shown == 370
    assert "tests/test_a.py" in _text(made)


def test_five_thousand_files_are_packed_and_accounted_for() -> None:
    patches = {f"src/{number:04}.py": _added(20) for number in range(5_000)}
    made = plan(diff("feat: a", patches), budget=1_000)
    assert len(made.parts) <= PARTS_MAX
    shown = {line.split()[1] for line in _text(made).split("\n") if line.startswith("=== ")}
    assert shown | {path for path, _ in made.omitted} == set(patches)


# Trimming


def test_less_context_is_what_git_shows_with_one_line_of_it() -> None:
    patch = "@@ -10,12 +10,11 @@ def f():\n 1\n 2\n 3\n-4\n 5\n 6\n 7\n 8\n 9\n-a\n+b\n c\n d\n e"
    assert with_less_context(section("=== a", patch)).lines[1:] == [
        "@@ 1 @@ -12,9 +12,8 @@ def f():",
        " 3",
        "-4",
        " 5",
        "… 3 unchanged lines omitted",
        " 9",
        "-a",
        "+b",
        " c",
    ]


def test_of_what_was_only_removed_the_beginning_stays() -> None:
    patch = "@@ -1,9 +0,0 @@\n" + "\n".join(f"-{number}" for number in range(9))
    assert with_less_removed(section("=== a", patch)).lines[2:] == ["-0", "-1", "-2", "… 6 lines omitted"]
    replaced = section("=== a", patch + "\n+a")
    assert with_less_removed(replaced) == replaced


def test_an_overlong_line_is_cut_where_no_secret_could_be_halved() -> None:
    line = "+" + "x " * 495 + "ghp_" + "A1b2" * 9
    shown = section("=== a", f"@@ -0,0 +1 @@\n{line}").hunks[0].lines[0]
    assert "ghp" not in shown
    assert shown.startswith("+x x ")
    assert shown.endswith(" characters omitted")
    assert len(shown) <= LINE_MAX + 40


@given(diffs(), st.integers(0, 2_000))
def test_a_cut_counts_what_it_takes_away(made: CommitDiff, room: int) -> None:
    for path, patch in made.patches.items():
        whole = section(f"=== {len(path)}", patch)
        shorter = cut(whole, room)
        if shorter.changed:
            missing = sum(int(line.split()[1]) for line in shorter.lines if line.startswith("… ") and line not in patch)
            assert shorter.changed + missing == whole.changed
            assert shorter.size <= max(room, 0)


# Accounts


@given(diffs(), st.integers(0, 3_000), st.sampled_from([1.0, BYTES_PER_TOKEN, 4.0]))
def test_no_part_exceeds_the_budget_and_no_line_is_lost(made: CommitDiff, budget: int, bytes_per_token: float) -> None:
    planned = plan(made, budget=budget, bytes_per_token=bytes_per_token)
    assert 1 <= len(planned.parts) <= PARTS_MAX
    assert all(tokens(part.text, bytes_per_token) <= budget for part in planned.parts)
    assert planned.lines_shown == sum(part.lines_shown for part in planned.parts)
    assert 0 <= planned.source_lines_shown <= planned.lines_shown <= planned.lines_changed
    assert planned.source_lines_shown <= planned.source_lines_changed
    paths = {path for path, _ in planned.omitted}
    assert paths <= {file.path for file in made.commit.files}


_SOURCE = st.lists(
    st.lists(st.sampled_from(["+a", "-b", " c", "+" + "d" * 70, "-", "+"]), min_size=1, max_size=60), max_size=8
)


@given(st.lists(_SOURCE, min_size=1, max_size=6), st.integers(100, 1_000))
def test_every_changed_line_of_source_is_shown_or_counted(files: list[list[list[str]]], budget: int) -> None:
    patches = {
        f"src/{name}.py": "\n".join(line for hunk in hunks for line in ["@@ -1,9 +1,9 @@", *hunk])
        for name, hunks in enumerate(files)
    }
    made = plan(diff("feat: a", {path: patch for path, patch in patches.items() if patch}), budget=budget)
    lines = [line for part in made.parts for line in part.text.split("Changed too")[0].split("\n")]
    shown = sum(line.startswith(("+", "-")) for line in lines)
    counted = sum(
        int(line.split()[1])
        for line in lines
        if line.startswith("… ") and line.endswith(" lines omitted") and "unchanged" not in line
    )
    named = {path for path, _ in made.omitted}
    apart = sum(file.churn for file in made.parts and _files(patches) if file.path in named)
    assert shown == made.lines_shown
    assert shown + counted + apart == made.lines_changed


def _files(patches: dict[str, str]):
    return diff("feat: a", patches).commit.files


# Tokens


@given(st.text(st.characters(codec=None)))
def test_the_bound_holds_for_the_densest_text(text: str) -> None:
    assert tokens(text) >= len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN


def test_an_estimate_falls_at_once_and_rises_slowly() -> None:
    low = TokenEstimate().observed(20_000, 10_000)
    assert low.bytes_per_token == pytest.approx(1.8)
    higher = low.observed(40_000, 10_000)
    assert 1.8 < higher.bytes_per_token < 2


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-5, 10**6)), max_size=50))
def test_an_estimate_is_never_above_what_the_host_counted_last(seen: list[tuple[int, int]]) -> None:
    estimate = TokenEstimate()
    for sent, counted in seen:
        estimate = estimate.observed(sent, counted)
        assert 1.0 <= estimate.bytes_per_token <= 4.0
        if sent >= 2_000 and counted > 0:
            assert estimate.bytes_per_token <= max(sent / counted, 1.0)


def test_a_short_prompt_and_a_host_that_counts_nothing_teach_nothing() -> None:
    assert TokenEstimate().observed(100, 90) == TokenEstimate().observed(50_000, 0) == TokenEstimate()


def test_the_size_of_half_a_character_is_known() -> None:
    assert size("\ud800") == 3


def test_a_commit_whose_files_have_no_patch_says_so() -> None:
    bare = replace(diff("fix: a", {}), commit=commit("fix: a", changed("src/a.py", 5, 1)))
    assert plan(bare, budget=1_000).omitted == (("src/a.py", "no patch available"),)
