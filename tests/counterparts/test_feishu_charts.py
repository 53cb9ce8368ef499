"""The drawing of charts tells those that are drawn from those that are not."""

import pytest

from formatters.feishu import chart
from tests.counterparts.feishu_charts import Collection, Spec, drawn
from tests.formatters import samples

BARS: Spec = {
    "type": "bar",
    "data": {"values": [{"area": "lib", "commits": 3}, {"area": "<at id=all></at>", "commits": 1}]},
    "xField": "area",
    "yField": "commits",
}


def of(*specs: Spec) -> list[str]:
    collection = Collection()
    for spec in specs:
        collection.add(spec)
    return collection.problems()


def test_a_chart_has_a_mark_for_each_value():
    (picture,) = drawn([BARS])
    assert not isinstance(picture, str)
    assert picture.marks == 2
    assert picture.colours > 2
    assert of(BARS) == []


def test_the_busiest_area_of_a_day_is_on_top():
    _title, bars = chart.of(samples.DIGEST, drawn=True)
    busiest, *_others = bars["chart_spec"]["data"]["values"]
    (picture,) = drawn([bars["chart_spec"]])
    assert not isinstance(picture, str)
    assert busiest["area"] in picture.top


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({**BARS, "type": "no such chart"}, "init chart fail"),
        ({**BARS, "yField": "no such field"}, "marks for 2 values"),
        ({**BARS, "data": {"values": []}, "axes": []}, ""),
    ],
    ids=["of no type", "of no field", "of no values"],
)
def test_a_chart_that_is_not_drawn_is_a_problem(spec: Spec, problem: str):
    assert all(problem in found for found in of(spec))
    assert bool(of(spec)) is bool(problem)


def test_charts_alike_are_drawn_once_with_their_longest_names():
    longer = {**BARS, "data": {"values": [{"area": "components/src", "commits": 3}, {"area": "b", "commits": 1}]}}
    collection = Collection()
    for spec in (BARS, longer, {**BARS, "yField": "no such field", "data": {"values": [{"area": "x"}]}}):
        collection.add(spec)
    (problem,) = collection.problems()
    assert "no such field" in problem


def test_no_charts_are_no_problem():
    assert of() == []
