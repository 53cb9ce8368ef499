"""Where a day's commits were made."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.areas import AREAS_MAX, Area, areas
from bot.core.model import Commit
from tests.formatters import samples


def commit(*paths: str, churn: int = 1) -> Commit:
    made = samples.commit("a" * 40, "Ada", "2026-01-21T08:00:00Z", "fix: it")
    files = samples.commit("a" * 40, "Ada", "2026-01-21T08:00:00Z", "", *((path, churn, 0) for path in paths)).files
    return dataclasses.replace(made, files=files)


def found(*commits: Commit) -> list[tuple[str, int]]:
    return [tuple(area) for area in areas(commits)]


def test_every_commit_counts_once_where_most_of_its_lines_changed():
    mixed = dataclasses.replace(
        commit(), files=(*commit("docs/a.md", churn=2).files, *commit("lib/llm/a.rs", churn=90).files)
    )
    assert found(mixed, commit("docs/b.md")) == [("docs", 1), ("lib", 1)]


def test_an_area_with_most_of_the_commits_is_parted_into_its_folders():
    lib = [commit(f"lib/{name}/a.rs") for name in ("llm/src", "llm/src", "llm/tests", "runtime/src")]
    assert found(*lib, *[commit("docs/a.md")] * 8) == [("docs", 8), ("lib/llm", 3), ("lib/runtime", 1)]


def test_folders_that_only_lead_to_others_are_passed():
    vllm, sglang = (commit(f"components/src/dynamo/{name}/a.py") for name in ("vllm", "sglang"))
    assert found(vllm, vllm, sglang) == [("components/src/dynamo/vllm", 2), ("components/src/dynamo/sglang", 1)]


def test_files_outside_any_folder_and_commits_without_files_are_an_area_too():
    assert found(commit("README.md"), commit(), commit("docs/a.md")) == [("", 2), ("docs", 1)]
    assert found() == []


def test_files_of_a_folder_compete_with_those_below_it():
    assert found(commit("lib/a.rs", "lib/b.rs", "lib/llm/c.rs")) == [("lib", 1)]


def test_an_area_stays_whole_where_its_parts_would_be_too_many():
    assert found(*(commit(f"lib/{number:02}/a.rs") for number in range(20))) == [("lib", 20)]


_paths = st.lists(st.sampled_from(["a", "b", "c", "d.py", "", "e/f"]), min_size=1, max_size=5).map("/".join)


@given(st.lists(st.lists(_paths, max_size=4), max_size=40))
def test_areas_are_few_and_have_all_commits_or_the_busiest(paths):
    commits = [commit(*each) for each in paths]
    made = areas(commits)
    assert len(made) <= AREAS_MAX
    assert len({area.folder for area in made}) == len(made)
    assert [area.commits for area in made] == sorted((area.commits for area in made), reverse=True)
    assert sum(area.commits for area in made) <= len(commits)


@pytest.mark.parametrize("number", [0, 1, 30])
def test_more_top_folders_than_fit_leave_the_least_busy_out(number):
    busy = [commit("lib/a.rs")] * 3
    made = areas([*busy, *(commit(f"f{index:02}/a.py") for index in range(number))])
    assert made[0] == Area("lib", 3)
    assert len(made) == min(1 + number, AREAS_MAX)
