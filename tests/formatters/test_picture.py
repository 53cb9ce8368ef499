"""A day as a small picture."""

import dataclasses

import pytest

from bot.core.areas import Area
from bot.core.model import Digest
from formatters import picture
from formatters.slack import native
from tests.formatters import samples


def day(*folders: str) -> Digest:
    """A commit in each of these folders."""
    entries = tuple(
        samples.entry(samples.commit(f"{number:040x}", "Ada", "2026-01-21T08:00:00Z", "it", (f"{folder}/a.py", 1, 0)))
        for number, folder in enumerate(folders)
    )
    return dataclasses.replace(samples.DIGEST, entries=entries)


def test_bars_are_aligned_and_as_long_as_their_numbers():
    shown = [Area("lib/llm", 4), Area("文档", 2), Area("top folder", 1)]
    assert picture.bars(shown).splitlines() == [
        "lib/llm     ████ 4",
        "文档        ██ 2",
        "top folder  █ 1",
    ]


def test_the_longest_bar_has_a_limit_and_the_shortest_can_be_seen():
    assert picture.bars([Area("a", 400), Area("b", 1)]).splitlines() == ["a  ████████████████ 400", "b  █ 1"]


def test_a_long_folder_is_shown_from_its_end():
    deep = ["components/src/dynamo/sglang"] * 2
    assert [area.folder for area in picture.of(day(*deep, "x" * 30))] == ["…/src/dynamo/sglang", f"…/{'x' * 18}"]


def test_areas_beyond_the_busiest_are_counted_together():
    shown = picture.of(day(*["lib"] * 3, *(f"f{number:02}" for number in range(20))))
    assert len(shown) == 8
    assert shown[0] == Area("lib", 3)
    assert shown[-1] == Area("elsewhere", 14)


@pytest.mark.parametrize("folders", [["a", "b"], ["a", "a", "a"], ["a", "b", "c"]])
def test_there_is_no_picture_where_it_would_tell_nothing(folders):
    assert picture.of(day(*folders)) == ()


def test_names_that_are_the_same_when_cut_share_a_bar_of_a_chart():
    chart = native.chart("t", "s", [Area("&" * 18 + "a", 2), Area("&" * 18 + "b", 1)])
    assert chart["chart"]["series"][0]["data"] == [{"label": "&&&…", "value": 3}]
