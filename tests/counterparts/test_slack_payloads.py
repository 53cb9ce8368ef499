"""The checks of messages and views refuse what Slack refuses, and take what it takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from slackblocks import _limits

from tests.counterparts import slack_blocks, slack_charts, slack_elements, slack_models, slack_payloads
from tests.counterparts.slack_types import Collection

SNAPSHOTS = Path(__file__).parents[1] / "formatters" / "__snapshots__" / "test_snapshots"
DIVIDER = {"type": "divider"}


def plain(text: str = "x") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(), **more}


def button(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": f"a{number}", "text": plain(), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": text, **more}


def options(number: int) -> list[dict[str, Any]]:
    return [option(str(each)) for each in range(number)]


def chosen(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "action_id": "a", **more}


def asking(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain(), "element": element, **more}


def container(*children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "container", "title": plain(), "child_blocks": list(children), **more}


def rich_text(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def line(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def table(rows: int, cells: int = 1, text: str = "x") -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * cells] * rows}


def data_table(rows: int, cells: int = 1, **more: Any) -> dict[str, Any]:
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "data_table", "caption": "x", "rows": [[cell] * cells] * rows, **more}


def bars(points: int = 2, series: int = 1, label: str = "x", **more: Any) -> dict[str, Any]:
    labels = [f"{label}{number}" for number in range(points)]
    data = [{"label": each, "value": 1} for each in labels]
    chart = {
        "type": "bar",
        "series": [{"name": "commits", "data": data}] * series,
        "axis_config": {"categories": labels},
    }
    return {"type": "data_visualization", "title": "x", "chart": chart, **more}


def pie(value: float = 1, segments: int = 1) -> dict[str, Any]:
    chart = {"type": "pie", "segments": [{"label": "x", "value": value}] * segments}
    return {"type": "data_visualization", "title": "x", "chart": chart}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain(), "blocks": list(blocks) or [DIVIDER], **more}


def home(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "home", "blocks": list(blocks) or [DIVIDER], **more}


CONFIRM = {"title": plain(), "text": plain(), "confirm": plain("Yes"), "deny": plain("No")}
FIELDS = {"fields": [mrkdwn()] * 10}

REFUSED_BLOCKS = {
    "a header in mrkdwn": {"type": "header", "text": mrkdwn()},
    "a header of 151 characters": {"type": "header", "text": plain("x" * 151)},
    "an unknown type": {"type": "unheard_of"},
    "an alert in a message": {"type": "alert", "text": plain()},
    "26 buttons": actions(*(button(number) for number in range(26))),
    "no buttons": actions(),
    "two buttons of one name": actions(button(), button()),
    "a button in mrkdwn": actions(button(text=mrkdwn())),
    "a button of 76 characters": actions(button(text=plain("x" * 76))),
    "a value of 2,001 characters": actions(button(value="x" * 2001)),
    "an address of 3,001 characters": actions(button(url="x" * 3001)),
    "a label of 76 characters": actions(button(accessibility_label="x" * 76)),
    "an unknown style": actions(button(style="warning")),
    "a confirmation title of 101 characters": actions(button(confirm={**CONFIRM, "title": plain("x" * 101)})),
    "a confirmation of 31 characters": actions(button(confirm={**CONFIRM, "confirm": plain("x" * 31)})),
    "a confirmation without a text": actions(button(confirm={"title": plain()})),
    "an input among actions": actions(chosen("plain_text_input")),
    "an overflow of six": actions(chosen("overflow", options=options(6))),
    "eleven checkboxes": actions(chosen("checkboxes", options=options(11))),
    "eleven radio buttons": actions(chosen("radio_buttons", options=options(11))),
    "a choice that is none": actions(chosen("checkboxes", options=options(2), initial_options=options(3))),
    "no choice at first": actions(chosen("checkboxes", options=options(2), initial_options=[])),
    "101 options": actions(chosen("static_select", options=options(101))),
    "no options": actions(chosen("static_select")),
    "an option of 76 characters": actions(chosen("static_select", options=[option("x" * 76)])),
    "an option's value of 151 characters": actions(
        chosen("static_select", options=[{"text": plain(), "value": "x" * 151}])
    ),
    "a description of 76 characters": actions(
        chosen("static_select", options=[option(description=plain("x" * 76))])
    ),
    "101 groups": actions(chosen("static_select", option_groups=[{"label": plain(), "options": options(1)}] * 101)),
    "a placeholder of 151 characters": actions(
        chosen("static_select", options=options(1), placeholder=plain("x" * 151))
    ),
    "a section of nothing": {"type": "section"},
    "a section of 3,001 characters": section(text=mrkdwn("x" * 3001)),
    "eleven fields": section(fields=[mrkdwn()] * 11),
    "a field of 2,001 characters": section(fields=[mrkdwn("x" * 2001)]),
    "no fields": {"type": "section", "fields": []},
    "a text input beside a section": section(accessory=chosen("plain_text_input")),
    "a block_id of 256 characters": {**DIVIDER, "block_id": "x" * 256},
    "an action_id of 256 characters": actions(button(action_id="x" * 256)),
    "eleven texts in a context": {"type": "context", "elements": [mrkdwn()] * 11},
    "a button in a context": {"type": "context", "elements": [button()]},
    "six context actions": {
        "type": "context_actions",
        "elements": [{"type": "icon_button", "action_id": f"a{number}", "icon": "trash", "text": plain()}
                     for number in range(6)],
    },
    "a button among context actions": {"type": "context_actions", "elements": [button()]},
    "an image without a description": {"type": "image", "image_url": "https://example.com/a.png"},
    "an image of nothing": {"type": "image", "alt_text": "x"},
    "an input without a label": {"type": "input", "element": chosen("plain_text_input")},
    "an input of a button": asking(button()),
    "a label of 2,001 characters": asking(chosen("plain_text_input"), label=plain("x" * 2001)),
    "a hint of 2,001 characters": asking(chosen("plain_text_input"), hint=plain("x" * 2001)),
    "a number in a message": asking(chosen("number_input", is_decimal_allowed=False)),
    "a limit of 3,001 characters": asking(chosen("plain_text_input", max_length=3001)),
    "markdown of 12,001 characters": {"type": "markdown", "text": "x" * 12_001},
    "an empty text": rich_text(line({"type": "text", "text": ""})),
    "a line of nothing": rich_text(line()),
    "a link without an address": rich_text(line({"type": "link", "text": "x"})),
    "a container in a container": container(container(DIVIDER)),
    "rich text in a container": container(rich_text(line({"type": "text", "text": "x"}))),
    "eleven blocks in a container": container(*[DIVIDER] * 11),
    "an empty container": container(),
    "a container without a title": {"type": "container", "child_blocks": [DIVIDER]},
    "a container with a title in mrkdwn": container(DIVIDER, title=mrkdwn()),
    "a container's title of 151 characters": container(DIVIDER, title=plain("x" * 151)),
    "a collapsed container that does not": container(DIVIDER, default_collapsed=True),
    "a collapsible container with a line": container(DIVIDER, is_collapsible=True, has_header_divider=True),
    "a container of an unknown width": container(DIVIDER, width="huge"),
    "26 buttons in a container": container(actions(*(button(number) for number in range(26)))),
    "101 rows": table(101),
    "21 cells": table(1, cells=21),
    "10,001 characters in cells": table(10, text="x" * 1001),
    "202 rows of data": data_table(202),
    "a header without data": data_table(1),
    "21 columns of data": data_table(2, cells=21),
    "data without a caption": {key: value for key, value in data_table(2).items() if key != "caption"},
    "pages of 101 rows": data_table(2, page_size=101),
    "21 points": bars(points=21),
    "13 series": bars(series=13),
    "a point's label of 21 characters": bars(label="x" * 20),
    "a chart's title of 51 characters": bars(title="x" * 51),
    "a point without a category": bars() | {"chart": bars()["chart"] | {"axis_config": {"categories": ["x0"]}}},
    "a chart of an unknown kind": {"type": "data_visualization", "title": "x", "chart": {"type": "radar"}},
    "a slice of nothing": pie(0),
    "13 slices": pie(segments=13),
    "a card's body of 201 characters": {"type": "card", "body": mrkdwn("x" * 201)},
}  # fmt: skip

REFUSED_MESSAGES = {
    "51 blocks": [DIVIDER] * 51,
    "two blocks of one name": [{**DIVIDER, "block_id": "a"}] * 2,
    "a block and a child of one name": [{**DIVIDER, "block_id": "a"}, container({**DIVIDER, "block_id": "a"})],
    "three charts": [bars(), pie(), bars()],
    "two tables": [table(1), table(1)],
}

REFUSED_VIEWS = {
    "a title of 25 characters": modal(title=plain("x" * 25)),
    "a title in mrkdwn": modal(title=mrkdwn()),
    "no title": {"type": "modal", "blocks": [DIVIDER]},
    "a button of 25 characters": modal(submit=plain("x" * 25)),
    "101 blocks": modal(*[DIVIDER] * 101),
    "no blocks": {"type": "modal", "title": plain(), "blocks": []},
    "an input without a button": modal(asking(chosen("plain_text_input"))),
    "metadata of 3,001 characters": modal(private_metadata="x" * 3001),
    "a callback_id of 256 characters": modal(callback_id="x" * 256),
    "markdown": modal({"type": "markdown", "text": "x"}),
    "a container": modal(container(DIVIDER)),
    "a chart": modal(bars()),
    "a table": modal(table(1)),
    "feedback": modal({"type": "context_actions", "elements": [chosen("feedback_buttons")]}),
    "an alert of 201 characters": modal({"type": "alert", "text": plain("x" * 201)}),
    "an alert of an unknown level": modal({"type": "alert", "text": plain(), "level": "loud"}),
    "a container in a home": home(container(DIVIDER)),
    "a chart in a home": home(bars()),
    "a home with a button": home(submit=plain()),
    "a date and time in a home": home(asking(chosen("datetimepicker"))),
    "101 blocks in a home": home(*[DIVIDER] * 101),
}

TAKEN_BLOCKS = {
    "a header": {"type": "header", "text": plain("x" * 150)},
    "a section": section(text=mrkdwn("x" * 3000), **FIELDS, accessory=button(value="x" * 2000, style="danger")),
    "25 buttons": actions(*(button(number, confirm=CONFIRM) for number in range(25))),
    "choices": actions(
        chosen("static_select", options=options(100), initial_option=option("7"), placeholder=plain()),
        chosen("overflow", options=options(5)) | {"action_id": "b"},
        chosen("checkboxes", options=options(10), initial_options=options(2)) | {"action_id": "c"},
        chosen("radio_buttons", options=options(10)) | {"action_id": "d"},
        chosen("conversations_select", filter={"include": ["public", "private"]}) | {"action_id": "e"},
        chosen("timepicker", initial_time="09:00") | {"action_id": "f"},
    ),
    "a context": {"type": "context", "elements": [mrkdwn()] * 10},
    "feedback": {
        "type": "context_actions",
        "elements": [
            chosen("feedback_buttons")
            | {name: {"text": plain(), "value": "v"} for name in ("positive_button", "negative_button")}
        ],
    },
    "rich text": rich_text(
        line({"type": "text", "text": "x", "style": {"bold": True}}, {"type": "link", "url": "https://example.com"}),
        {"type": "rich_text_list", "style": "ordered", "offset": 3, "elements": [line({"type": "text", "text": "x"})]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]},
    ),
    "a container": container(section(), actions(button()), DIVIDER, is_collapsible=True, default_collapsed=True),
    "a table": table(100, cells=20),
    "data": data_table(201, cells=20),
    "bars": bars(points=20, series=12),
    "a pie": pie(segments=12),
    "markdown": {"type": "markdown", "text": "x" * 12_000},
}

TAKEN_VIEWS = {
    "a form": modal(
        asking(chosen("plain_text_input", multiline=True, initial_value="x"), hint=plain(), optional=True),
        asking(chosen("number_input", is_decimal_allowed=False)),
        asking(chosen("static_select", option_groups=[{"label": plain(), "options": options(100)}] * 100)),
        asking(chosen("checkboxes", options=options(10))),
        {"type": "alert", "text": plain("x" * 200), "level": "warning"},
        title=plain("x" * 24),
        submit=plain("x" * 24),
        close=plain("x" * 24),
        private_metadata="x" * 3000,
        notify_on_close=True,
    ),
    "100 blocks": modal(*[DIVIDER] * 100),
    "a home": home(*[section(accessory=button())] * 99, table(1)),
}


@pytest.mark.parametrize("block", REFUSED_BLOCKS.values(), ids=REFUSED_BLOCKS.keys())
def test_a_bad_block_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="json-pointer:/blocks"):
        slack_payloads.check({"text": "x", "blocks": [block]})


@pytest.mark.parametrize("blocks", REFUSED_MESSAGES.values(), ids=REFUSED_MESSAGES.keys())
def test_a_bad_message_is_refused(blocks: list[dict[str, Any]]) -> None:
    with pytest.raises(AssertionError, match="json-pointer:/blocks"):
        slack_payloads.check({"text": "x", "blocks": blocks})


@pytest.mark.parametrize("view", REFUSED_VIEWS.values(), ids=REFUSED_VIEWS.keys())
def test_a_bad_view_is_refused(view: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="json-pointer:/view"):
        slack_payloads.check(view)


@pytest.mark.parametrize("block", TAKEN_BLOCKS.values(), ids=TAKEN_BLOCKS.keys())
def test_a_good_block_is_taken(block: dict[str, Any]) -> None:
    slack_payloads.check({"text": "x", "blocks": [block]})


@pytest.mark.parametrize("view", TAKEN_VIEWS.values(), ids=TAKEN_VIEWS.keys())
def test_a_good_view_is_taken(view: dict[str, Any]) -> None:
    slack_payloads.check(view)


@pytest.mark.parametrize("file", sorted(SNAPSHOTS.glob("*slack*.json")), ids=lambda file: file.stem)
def test_what_the_product_draws_is_taken(file: Path) -> None:
    slack_payloads.check(json.loads(file.read_text(encoding="utf-8")))


def test_there_are_pictures_of_what_the_product_draws() -> None:
    assert len(list(SNAPSHOTS.glob("*slack*.json"))) >= 3


# Others' checks, by themselves


def test_slacks_models_refuse_by_themselves() -> None:
    assert slack_models.message_refusal([DIVIDER, section(fields=[mrkdwn()] * 11)]) is not None
    assert slack_models.message_refusal([{"type": "alert", "text": plain()}]) is not None
    assert slack_models.message_refusal([container(section(text=mrkdwn("x" * 3001)))]) is not None
    assert slack_models.view_refusal(modal(title=plain("x" * 25))) is not None
    assert slack_models.view_refusal(modal(bars())) is not None
    assert slack_models.view_refusal(modal(private_metadata="x" * 3001)) is not None


def test_the_limits_are_those_that_somebody_else_found_too() -> None:
    ours = {
        "TEXT": slack_blocks.SECTION_TEXT_MAX,
        "BUTTON_TEXT": slack_elements.BUTTON_TEXT_MAX,
        "BUTTON_VALUE": slack_elements.BUTTON_VALUE_MAX,
        "BUTTON_URL": slack_elements.URL_MAX,
        "BUTTON_ACCESSIBILITY_LABEL": slack_elements.BUTTON_LABEL_MAX,
        "BUTTON_AGENT_PROMPT": slack_elements.AGENT_PROMPT_MAX,
        **{f"CONFIRMATION_{name.upper()}": most for name, most in slack_elements.CONFIRM_MAX.items()},
        "OPTION_TEXT": slack_elements.OPTION_TEXT_MAX,
        "OPTION_VALUE": slack_elements.OPTION_VALUE_MAX,
        "OPTION_DESCRIPTION": slack_elements.OPTION_DESCRIPTION_MAX,
        "SELECT_PLACEHOLDER": slack_elements.PLACEHOLDER_MAX,
        "HEADER_TEXT": slack_blocks.HEADER_TEXT_MAX,
        "SECTION_FIELDS_ITEM": slack_blocks.SECTION_FIELD_MAX,
        "INPUT_LABEL": slack_blocks.LABEL_MAX,
        "INPUT_HINT": slack_blocks.LABEL_MAX,
        "IMAGE_ALT_TEXT": slack_elements.ALT_TEXT_MAX,
        "IMAGE_TITLE": slack_blocks.IMAGE_TITLE_MAX,
        "ALERT_TEXT": slack_blocks.ALERT_TEXT_MAX,
        "CONTAINER_TITLE": slack_blocks.CONTAINER_TITLE_MAX,
        "MARKDOWN_TOTAL_TEXT": slack_blocks.MARKDOWN_MAX,
        "DATA_VISUALIZATION_TITLE": slack_charts.CHART_TITLE_MAX,
        "DATA_VISUALIZATION_POINT_LABEL": slack_charts.CHART_LABEL_MAX,
        "DATA_VISUALIZATION_AXIS_LABEL": slack_charts.AXIS_LABEL_MAX,
        "DATA_TABLE_CONTENT": slack_charts.DATA_TABLE_TEXT_MAX,
        "VIEW_TITLE": slack_blocks.VIEW_TITLE_MAX,
        "VIEW_PRIVATE_METADATA": slack_blocks.PRIVATE_METADATA_MAX,
    }
    assert ours == {name: getattr(_limits, f"{name}_MAX_LENGTH") for name in ours}
    items = {
        "SELECT_OPTIONS": slack_elements.SELECT_OPTIONS_MAX,
        "SELECT_OPTION_GROUPS": slack_elements.SELECT_GROUPS_MAX,
        "OVERFLOW_OPTIONS": slack_elements.OVERFLOW_OPTIONS_MAX,
        "CHECKBOXES_OPTIONS": slack_elements.CHOICES_MAX,
        "ACTIONS_ELEMENTS": slack_blocks.ACTIONS_ELEMENTS_MAX,
        "CONTEXT_ELEMENTS": slack_blocks.CONTEXT_ELEMENTS_MAX,
        "CONTEXT_ACTIONS_ELEMENTS": slack_blocks.CONTEXT_ACTIONS_MAX,
        "CONTAINER_CHILD_BLOCKS": slack_blocks.CONTAINER_CHILDREN_MAX,
        "SECTION_FIELDS": slack_blocks.SECTION_FIELDS_MAX,
        "TABLE_ROWS": slack_charts.TABLE_ROWS_MAX,
        "DATA_VISUALIZATION_SERIES": slack_charts.CHART_SERIES_MAX,
        "DATA_VISUALIZATION_SEGMENTS": slack_charts.CHART_SERIES_MAX,
        "DATA_VISUALIZATION_DATA": slack_charts.CHART_POINTS_MAX,
        "MESSAGE_DATA_VISUALIZATIONS": slack_blocks.CHARTS_MAX,
        "MESSAGE_BLOCKS": slack_blocks.MESSAGE_BLOCKS_MAX,
        "VIEW_BLOCKS": slack_blocks.VIEW_BLOCKS_MAX,
    }
    assert items == {name: getattr(_limits, f"{name}_MAX_ITEMS") for name in items}


def test_the_compiler_refuses_what_is_not_of_a_published_type(node_modules: None) -> None:
    bad = {
        "a header in mrkdwn": {"type": "header", "text": mrkdwn()},
        "an unknown type": {"type": "unheard_of"},
        "a field that is not there": {**DIVIDER, "colour": "red"},
        "a button without a text": actions({"type": "button", "action_id": "a"}),
        "a text input beside a section": section(accessory=chosen("plain_text_input")),
        "a bold list": rich_text({"type": "rich_text_list", "style": "bold", "elements": []}),
        "an unknown width": container(DIVIDER, width="huge"),
    }
    for name, block in bad.items():
        collection = Collection()
        collection.add("message", [DIVIDER, block])
        (problem, *_) = collection.problems()
        assert "error TS" in problem, name
        assert f'"type": "{block["type"]}"' in problem
    collection = Collection()
    collection.add("view", modal(title=mrkdwn()))
    assert any("ModalView" in problem for problem in collection.problems())


def test_the_compiler_takes_what_is_of_a_published_type(node_modules: None) -> None:
    collection = Collection()
    collection.add("message", list(TAKEN_BLOCKS.values()))
    for view in TAKEN_VIEWS.values():
        collection.add("view", view)
    assert collection.problems() == []
    assert Collection().problems() == []


def test_whatever_a_formatter_draws_is_checked() -> None:
    class Formatter:
        render = staticmethod(lambda: {"text": "x", "blocks": [{"type": "section"}]})
        render_view = staticmethod(lambda: modal(title=plain("x" * 25)))
        ladder = staticmethod(lambda: ({"text": "x", "blocks": blocks} for blocks in ([DIVIDER], [section(text=1)])))
        thread = staticmethod(lambda: [{"text": "x", "blocks": [DIVIDER] * 51}])

    formatter: Any = Formatter
    with pytest.MonkeyPatch.context() as patch:
        slack_payloads.watch(formatter, patch)
        for draw in (formatter.render, formatter.render_view, formatter.thread):
            with pytest.raises(AssertionError, match="Slack would refuse this"):
                draw()
        rungs = formatter.ladder()
        assert next(rungs) == {"text": "x", "blocks": [DIVIDER]}
        with pytest.raises(AssertionError, match="Slack would refuse this"):
            next(rungs)
