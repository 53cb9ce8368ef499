"""What Slack would refuse in its blocks of data: tables, data tables and charts.

https://docs.slack.dev/reference/block-kit/blocks/table-block, …/data-table-block, …/data-visualization-block
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.counterparts.slack_elements import at_least_one, fewer, shorter, string

TABLE_ROWS_MAX = 100
TABLE_CELLS_MAX = 20
TABLE_TEXT_MAX = 10_000
DATA_TABLE_ROWS = range(2, 202)
DATA_TABLE_PAGE = range(1, 101)
DATA_TABLE_TEXT_MAX = 20_000
CHART_TITLE_MAX = 50
CHART_LABEL_MAX = 20
CHART_SERIES_MAX = 12
CHART_POINTS_MAX = 20
AXIS_LABEL_MAX = 50


def table(block: Mapping[str, Any], at: str) -> Iterator[str]:
    rows = block.get("rows") or []
    yield from at_least_one(rows, f"{at}/rows")
    yield from fewer(rows, TABLE_ROWS_MAX, f"{at}/rows")
    yield from fewer(block.get("column_settings", []), TABLE_CELLS_MAX, f"{at}/column_settings")
    for number, row in enumerate(rows):
        yield from fewer(row, TABLE_CELLS_MAX, f"{at}/rows/{number}")
    if _characters(rows) > TABLE_TEXT_MAX:
        yield f"must be less than {TABLE_TEXT_MAX + 1} characters [json-pointer:{at}/rows]"


def data_table(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from string(block, "caption", at, TABLE_TEXT_MAX)
    rows = block.get("rows") or []
    if len(rows) not in DATA_TABLE_ROWS:
        yield f"must have 2 to 201 rows [json-pointer:{at}/rows]"
    if len({len(row) for row in rows}) > 1:
        yield f"rows must be equally long [json-pointer:{at}/rows]"
    for number, row in enumerate(rows):
        yield from fewer(row, TABLE_CELLS_MAX, f"{at}/rows/{number}")
    if block.get("page_size", 5) not in DATA_TABLE_PAGE:
        yield f"must be between 1 and 100 [json-pointer:{at}/page_size]"
    if _characters(rows) > DATA_TABLE_TEXT_MAX:
        yield f"must be less than {DATA_TABLE_TEXT_MAX + 1} characters [json-pointer:{at}/rows]"


def data_visualization(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from string(block, "title", at, CHART_TITLE_MAX)
    chart = block.get("chart") or {}
    where = f"{at}/chart"
    match chart.get("type"):
        case "pie":
            yield from _pie(chart.get("segments") or [], f"{where}/segments")
        case "bar" | "area" | "line":
            yield from _axes(chart, where)
        case kind:
            yield f"unsupported type: {kind} [json-pointer:{where}/type]"


def _pie(segments: list[Mapping[str, Any]], at: str) -> Iterator[str]:
    yield from at_least_one(segments, at)
    yield from fewer(segments, CHART_SERIES_MAX, at)
    for number, segment in enumerate(segments):
        yield from string(segment, "label", f"{at}/{number}", CHART_LABEL_MAX)
        if not segment.get("value", 0) > 0:
            yield f"must be more than 0 [json-pointer:{at}/{number}/value]"


def _axes(chart: Mapping[str, Any], at: str) -> Iterator[str]:
    series, axis = chart.get("series") or [], chart.get("axis_config") or {}
    categories = axis.get("categories") or []
    yield from at_least_one(series, f"{at}/series")
    yield from fewer(series, CHART_SERIES_MAX, f"{at}/series")
    yield from at_least_one(categories, f"{at}/axis_config/categories")
    yield from fewer(categories, CHART_POINTS_MAX, f"{at}/axis_config/categories")
    for number, category in enumerate(categories):
        yield from shorter(category, CHART_LABEL_MAX, f"{at}/axis_config/categories/{number}")
    for name in ("x_label", "y_label"):
        yield from shorter(axis.get(name, ""), AXIS_LABEL_MAX, f"{at}/axis_config/{name}")
    for number, each in enumerate(series):
        yield from string(each, "name", f"{at}/series/{number}", CHART_LABEL_MAX)
        points = each.get("data") or []
        if [point.get("label") for point in points] != categories:
            yield f"must have one point per category [json-pointer:{at}/series/{number}/data]"


def _characters(value: Any) -> int:
    if isinstance(value, Mapping):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_characters(member) for member in value.values())
    return sum(_characters(member) for member in value) if isinstance(value, list) else 0
