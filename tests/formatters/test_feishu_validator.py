"""What Feishu would refuse is found before it is sent: each rule with a card that is fine, and with one fault in it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formatters.feishu.validator import DOCUMENTED, OURS, problems, tables

# Beside the repository, not in it: the examples of the components' pages.
_SHARED = Path("shared") / "data" / "feishu-cards"
EXAMPLES = next((each / _SHARED for each in Path(__file__).parents if (each / _SHARED).is_dir()), None)
#: Outlines rather than cards, with what is wrong in them: a root that release notes call removed, and a component that
#: stands for any.
OUTLINES = {
    "66-index.json": ["card.fallback: is no property of this"],
    "68-card-json-v2-structure.json": ["card.body.elements[0]: “xxx” is no component"],
}

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


def words(content: str) -> dict[str, Any]:
    return {"tag": "plain_text", "content": content}


def text(content: str) -> dict[str, Any]:
    return {"tag": "markdown", "content": content}


def clicked(value: object) -> list[dict[str, Any]]:
    return [{"type": "callback", "value": value}]


def panel(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"tag": "collapsible_panel", "header": {"title": words("Panel")}, "elements": list(elements)}


CARD: dict[str, Any] = {
    "schema": "2.0",
    "config": {"update_multi": True, "width_mode": "fill", "summary": {"content": "A day"}},
    "header": {
        "template": "blue",
        "title": words("Digest"),
        "subtitle": words("A day"),
        "text_tag_list": [{"tag": "text_tag", "text": words("late"), "color": "neutral"}],
    },
    "body": {
        "elements": [
            {
                "tag": "markdown",
                "element_id": "lead",
                "content": "**bold** `code` [page](https://example.com) <font color='grey'>grey</font><br>"
                "![picture](img_v3_1) 1 &#60; 2",
                "margin": "0px 0px 8px 0px",
            },
            {
                "tag": "collapsible_panel",
                "expanded": False,
                "header": {
                    "title": {"tag": "markdown", "content": "Title"},
                    "padding": "4px 8px 4px 8px",
                    "icon": {"tag": "standard_icon", "token": "down-small-ccm_outlined", "size": "16px 16px"},
                    "icon_position": "right",
                    "icon_expanded_angle": -180,
                },
                "border": {"color": "grey", "corner_radius": "5px"},
                "padding": "8px",
                "elements": [{"tag": "div", "text": words("text"), "element_id": "in_panel"}],
            },
            {
                "tag": "column_set",
                "flex_mode": "flow",
                "columns": [
                    {
                        "tag": "column",
                        "width": "auto",
                        "elements": [
                            {"tag": "button", "text": words("Ask"), "behaviors": clicked({"act": "ask"})},
                            {
                                "tag": "button",
                                "type": "danger",
                                "text": words("Open"),
                                "confirm": {"title": words("Really?"), "text": words("Yes")},
                                "behaviors": [{"type": "open_url", "default_url": "https://example.com"}],
                            },
                        ],
                    }
                ],
            },
            {"tag": "chart", "aspect_ratio": "2:1", "chart_spec": {"type": "bar", "data": {"values": []}}},
            {
                "tag": "table",
                "page_size": 5,
                "columns": [{"name": "who", "data_type": "text"}, {"name": "what", "data_type": "markdown"}],
                "rows": [{"who": "Ada", "what": "**one**"}],
            },
            {
                "tag": "form",
                "name": "settings",
                "elements": [
                    {"tag": "input", "name": "repo", "max_length": 10, "default_value": "octo"},
                    {"tag": "picker_time", "name": "at", "initial_time": "09:00"},
                    {
                        "tag": "select_static",
                        "name": "language",
                        "options": [{"text": words("English"), "value": "en"}, {"text": words("中文"), "value": "zh"}],
                        "initial_option": "zh",
                    },
                    {
                        "tag": "multi_select_static",
                        "name": "days",
                        "options": [{"text": words("Monday"), "value": "monday"}],
                        "selected_values": ["monday"],
                    },
                    {
                        "tag": "button",
                        "name": "save",
                        "form_action_type": "submit",
                        "text": words("Save"),
                        "behaviors": clicked({"act": "save"}),
                    },
                ],
            },
        ]
    },
}  # fmt: skip
LEAD, PANEL, ROW, CHART, TABULAR, FORM = range(6)

Change = Callable[[dict[str, Any]], object]


def at(*path: str | int) -> Callable[[dict[str, Any]], Any]:
    """What stands there in a card."""

    def found(card: dict[str, Any]) -> Any:
        part: Any = card
        for step in path:
            part = part[step]
        return part

    return found


def put(value: object, *path: str | int) -> Change:
    def change(card: dict[str, Any]) -> None:
        at(*path[:-1])(card)[path[-1]] = value

    return change


def put_in(number: int, value: object, *path: str | int) -> Change:
    """Into one of the elements of the body."""
    return put(value, "body", "elements", number, *path)


def without(*path: str | int) -> Change:
    return lambda card: at(*path[:-1])(card).pop(path[-1])


def without_in(number: int, *path: str | int) -> Change:
    return without("body", "elements", number, *path)


def add(*elements: dict[str, Any]) -> Change:
    return lambda card: card["body"]["elements"].extend(elements)


def only(*elements: dict[str, Any]) -> Change:
    return put(list(elements), "body", "elements")


BODY = "card.body.elements"
BUTTON = ("body", "elements", ROW, "columns", 0, "elements", 0)
LINK = (*BUTTON[:-1], 1)
IN_BUTTON = f"{BODY}[2].columns[0].elements[0]"
IN_LINK = f"{BODY}[2].columns[0].elements[1]"

FAULTS: dict[str, tuple[Change, str]] = {
    # 1: the root
    "an older schema": (put("1.0", "schema"), "card.schema: must be one of 2.0"),
    "no schema": (without("schema"), "card.schema: is missing"),
    "no body": (without("body"), "card.body: is missing"),
    "elements outside of the body": (put([], "elements"), "card.elements: is no property of this"),
    "translations of elements": (put({}, "i18n_elements"), "card.i18n_elements: is no property of this"),
    "a fallback": (put({}, "fallback"), "card.fallback: is no property of this"),
    # 2: its configuration
    "a card of its own for each": (
        put(False, "config", "update_multi"),
        "card.config.update_multi: must be true in this schema",
    ),
    "the wide mode of old": (
        put(True, "config", "wide_screen_mode"),
        "card.config.wide_screen_mode: is no property of this",
    ),
    "no summary": (
        without("config", "summary"),
        "card.config.summary.content: is missing, and stands in the list of chats",
    ),
    "an empty summary": (
        put("", "config", "summary", "content"),
        "card.config.summary.content: is missing, and stands in the list of chats",
    ),
    # 3: components and their properties
    "an action": (add({"tag": "action", "actions": []}), f"{BODY}[6]: “action” is no component"),
    "a note": (add({"tag": "note", "elements": []}), f"{BODY}[6]: “note” is no component"),
    "an element that is none": (add([]), f"{BODY}[6]: “None” is no component"),  # type: ignore[arg-type]
    "a property of another component": (
        put_in(ROW, "8px", "columns", 0, "corner_radius"),
        f"{BODY}[2].columns[0].corner_radius: is no property of this",
    ),
    "a column on its own": (
        add({"tag": "column", "elements": []}),
        f"{BODY}[6]: a column may only stand in a column_set",
    ),
    "another element than a column": (
        put_in(ROW, [{"tag": "hr"}], "columns"),
        f"{BODY}[2].columns[0]: “hr” may not stand here, but only column",
    ),
    "a number for a text": (put_in(LEAD, 7, "content"), f"{BODY}[0].content: must be a text"),
    "a text for a list": (put_in(PANEL, "x", "elements"), f"{BODY}[1].elements: must be a list"),
    "a text for an object": (put_in(PANEL, "Title", "header"), f"{BODY}[1].header: must be an object"),
    "a text for true or false": (put_in(PANEL, "no", "expanded"), f"{BODY}[1].expanded: must be true or false"),
    "true for a number": (
        put_in(TABULAR, True, "page_size"),
        f"{BODY}[4].page_size: must be a whole number from 1 to 10",
    ),
    "an empty text": (put_in(LEAD, "", "content"), f"{BODY}[0].content: is empty"),
    "an empty plain text": (
        put_in(PANEL, "", "elements", 0, "text", "content"),
        f"{BODY}[1].elements[0].text.content: is empty",
    ),
    "a person": (add({"tag": "person", "user_id": "ou_1"}), f"{BODY}[6]: shows a person"),
    "a picture from elsewhere": (
        add({"tag": "img", "img_key": "https://example.com/x.png"}),
        f"{BODY}[6].img_key: is not the key of an uploaded picture",
    ),
    # 4: sizes
    "too many bytes": (add(text("x" * 24_000)), "card: has 26382 bytes, of at most 24000"),
    "too many elements": (add(*[{"tag": "hr"}] * 150), "card: has 180 elements, of at most 150"),
    "too many containers within each other": (
        only(panel(panel(panel(panel({"tag": "hr"}))))),
        f"{BODY}[0].elements[0].elements[0].elements[0]: is container 4 within each other, of at most 3",
    ),
    # 5: tables
    "tables in Markdown as well": (
        add(text(TABLE), panel(text(f"{TABLE}\n\n{TABLE}"))),
        "card: has 4 tables, those in Markdown counted, of at most 3",
    ),
    "a table in a panel": (
        lambda card: card["body"]["elements"].append(panel(card["body"]["elements"].pop(TABULAR))),
        f"{BODY}[5].elements[0]: a table may only stand in the body itself",
    ),
    "a table of 51 columns": (
        put_in(TABULAR, [{"name": f"c{n}", "data_type": "text"} for n in range(51)], "columns"),
        f"{BODY}[4].columns: has 51 items, of at most 50",
    ),
    "a page of 11 rows": (
        put_in(TABULAR, 11, "page_size"),
        f"{BODY}[4].page_size: must be a whole number from 1 to 10",
    ),
    "an unknown type of data": (
        put_in(TABULAR, "link", "columns", 0, "data_type"),
        f"{BODY}[4].columns[0].data_type: must be one of text, lark_md, options, number, persons, date, markdown",
    ),
    "a cell without a column": (
        put_in(TABULAR, "x", "rows", 0, "when"),
        f"{BODY}[4].rows[0].when: is no declared column",
    ),
    "two columns of one name": (
        put_in(TABULAR, [{"name": name, "data_type": "text"} for name in ("who", "what", "who")], "columns"),
        f"{BODY}[4].columns: have the same name twice",
    ),
    "a call in a cell": (
        put_in(TABULAR, "<at id=all></at>", "rows", 0, "what"),
        f"{BODY}[4].rows[0].what: has <at>, which calls somebody",
    ),
    # 6: ids
    "an id with a hyphen": (
        put_in(LEAD, "the-lead", "element_id"),
        f"{BODY}[0].element_id: must be a letter and up to 19 letters, digits or _",
    ),
    "an id of 21 characters": (
        put_in(LEAD, "a" * 21, "element_id"),
        f"{BODY}[0].element_id: must be a letter and up to 19 letters, digits or _",
    ),
    "an id twice": (
        put_in(PANEL, "lead", "elements", 0, "element_id"),
        f"{BODY}[1].elements[0].element_id: “lead” is there twice",
    ),
    # 7: panels
    "a panel without a header": (without_in(PANEL, "header"), f"{BODY}[1].header: is missing"),
    "a panel without a title": (without_in(PANEL, "header", "title"), f"{BODY}[1].header.title: is missing"),
    "the Markdown of old in a panel's title": (
        put_in(PANEL, "lark_md", "header", "title", "tag"),
        f"{BODY}[1].header.title.tag: must be one of plain_text, markdown",
    ),
    "a panel whose header has 2 paddings": (
        put_in(PANEL, "4px 8px", "header", "padding"),
        f"{BODY}[1].header.padding: must have 4 values, since 2 were refused",
    ),
    "an arrow that turns a little": (
        put_in(PANEL, 45, "header", "icon_expanded_angle"),
        f"{BODY}[1].header.icon_expanded_angle: must be ±90 or ±180",
    ),
    "a form in a panel": (
        lambda card: card["body"]["elements"].append(panel(card["body"]["elements"].pop(FORM))),
        f"{BODY}[5].elements[0]: a form may only stand in the body itself",
    ),
    # 8: forms
    "a form without a name": (without_in(FORM, "name"), f"{BODY}[5].name: is missing"),
    "a form with an empty name": (put_in(FORM, "", "name"), f"{BODY}[5].name: is empty"),
    "a form that nothing sends": (
        lambda card: card["body"]["elements"][FORM]["elements"].pop(),
        f"{BODY}[5].elements: have no button that sends the form",
    ),
    "a field without a name": (
        without_in(FORM, "elements", 0, "name"),
        f"{BODY}[5].elements[0].name: is missing, and needed in a form",
    ),
    "two fields of one name": (
        put_in(FORM, "repo", "elements", 1, "name"),
        f"{BODY}[5].elements[1].name: “repo” is there twice",
    ),
    "a button in a form that does not send it": (
        put_in(FORM, {"tag": "button", "name": "b", "text": words("x"), "behaviors": clicked({})}, "elements", 0),
        f"{BODY}[5].elements[0].form_action_type: is missing, and a button in a form sends it",
    ),
    # 9: buttons
    "a button without a text": (without(*BUTTON, "text"), f"{IN_BUTTON}.text: is missing"),
    "a button with 101 characters": (
        put("x" * 101, *BUTTON, "text", "content"),
        f"{IN_BUTTON}.text.content: has 101 characters, of at most 100",
    ),
    "a button of an unknown type": (
        put("link", *BUTTON, "type"),
        f"{IN_BUTTON}.type: must be one of default, primary, danger, text, primary_text, danger_text, primary_filled, "
        "danger_filled, laser",
    ),
    "a button that does nothing": (
        without(*BUTTON, "behaviors"),
        f"{IN_BUTTON}.behaviors: are missing: the button does nothing",
    ),
    "a button whose value is a text": (
        put("ask", *BUTTON, "behaviors", 0, "value"),
        f"{IN_BUTTON}.behaviors[0].value: must be an object",
    ),
    "a button without a value": (
        without(*BUTTON, "behaviors", 0, "value"),
        f"{IN_BUTTON}.behaviors[0].value: must be an object",
    ),
    "a link without a page": (
        without(*LINK, "behaviors", 0, "default_url"),
        f"{IN_LINK}.behaviors[0].default_url: is missing",
    ),
    "a link that is a script": (
        put("javascript:alert(1)", *LINK, "behaviors", 0, "default_url"),
        f"{IN_LINK}.behaviors[0].default_url: must be an address that begins with https",
    ),
    "a link without TLS": (
        put("http://example.com", *LINK, "behaviors", 0, "default_url"),
        f"{IN_LINK}.behaviors[0].default_url: must begin with https://",
    ),
    "a question without a title": (without(*LINK, "confirm", "title"), f"{IN_LINK}.confirm.title: is missing"),
    # 10: the header
    "a header of no colour": (
        put("pink", "header", "template"),
        "card.header.template: must be one of blue, wathet, turquoise, green, yellow, orange, red, carmine, violet, "
        "purple, indigo, grey, default",
    ),
    "a header without a title": (without("header", "title"), "card.header.title: is missing"),
    "a subtitle that is a text": (put("A day", "header", "subtitle"), "card.header.subtitle: must be an object"),
    "4 tags in the header": (
        put([{"tag": "text_tag", "text": words("x")}] * 4, "header", "text_tag_list"),
        "card.header.text_tag_list: has 4 items, of at most 3",
    ),
    "an icon that we do not know": (
        put_in(PANEL, "no-such-icon_outlined", "header", "icon", "token"),
        f"{BODY}[1].header.icon.token: is none of those that we know",
    ),
    "an icon of another kind": (
        put_in(PANEL, "arrow.png", "header", "icon", "token"),
        f"{BODY}[1].header.icon.token: must be the token of an icon",
    ),
    # 11: Markdown
    "a picture in Markdown that is not uploaded": (
        add(text("![x](https://example.com/x.png)")),
        f"{BODY}[6].content: has a picture that is not uploaded, for which Feishu refuses the card",
    ),
    "a link in Markdown that is a script": (
        add(text("[x](javascript:alert)")),
        f"{BODY}[6].content: has a link that does not begin with https://",
    ),
    "a call of everybody": (add(text("<at id=all></at>")), f"{BODY}[6].content: has <at>, which calls somebody"),
    "a call of somebody": (
        add(text("<person id='ou_1'></person>")),
        f"{BODY}[6].content: has <person>, which calls somebody",
    ),
    "a tag that is none": (add(text("<script>x</script>")), f"{BODY}[6].content: has <script>, which is no tag"),
    "a tag that does not end": (add(text("<font color='red'>x")), f"{BODY}[6].content: does not end <font>"),
    "a tag that was not begun": (add(text("x</font>")), f"{BODY}[6].content: ends <font>, which was not begun"),
    "tags across each other": (
        add(text("<font color='red'><link>x</font></link>")),
        f"{BODY}[6].content: ends <font>, which was not begun",
    ),
    "half a tag": (add(text("a <b")), f"{BODY}[6].content: has a “<” that begins no tag"),
    "a colour in hex": (
        add(text("<font color='#ff0000'>x</font>")),
        f"{BODY}[6].content: has a colour that must be the name of a colour, or rgba",
    ),
    "a border in hex": (
        put_in(PANEL, "#ff0000", "border", "color"),
        f"{BODY}[1].border.color: must be the name of a colour, or rgba",
    ),
    # 12: charts, choices, fields, margins
    "a chart without its picture": (without_in(CHART, "chart_spec"), f"{BODY}[3].chart_spec: is missing"),
    "a chart of no type": (without_in(CHART, "chart_spec", "type"), f"{BODY}[3].chart_spec.type: is missing"),
    "a chart with a function": (
        put_in(CHART, {"formatMethod": "(text) => text"}, "chart_spec", "label"),
        f"{BODY}[3].chart_spec.label.formatMethod: is a function",
    ),
    "6 charts": (
        add(*[{"tag": "chart", "chart_spec": {"type": "bar"}}] * 5),
        "card: has 6 charts, of at most 5",
    ),
    "a choice with one value twice": (
        put_in(FORM, "zh", "elements", 2, "options", 0, "value"),
        f"{BODY}[5].elements[2].options: have the same value twice",
    ),
    "a choice of what is not there": (
        put_in(FORM, "fr", "elements", 2, "initial_option"),
        f"{BODY}[5].elements[2].initial_option: is none of the options",
    ),
    "choices of what is not there": (
        put_in(FORM, ["sunday"], "elements", 3, "selected_values"),
        f"{BODY}[5].elements[3].selected_values: is none of the options",
    ),
    "a field for 1,001 characters": (
        put_in(FORM, 1001, "elements", 0, "max_length"),
        f"{BODY}[5].elements[0].max_length: must be a whole number from 1 to 1000",
    ),
    "a field with more in it than it takes": (
        put_in(FORM, "octo/hello-world", "elements", 0, "default_value"),
        f"{BODY}[5].elements[0].default_value: has 16 characters, of at most 10",
    ),
    "a time of which nothing is shown": (
        without_in(FORM, "elements", 1, "initial_time"),
        f"{BODY}[5].elements[1].placeholder: is missing, and nothing else stands there",
    ),
    "a choice of which nothing is shown": (
        without_in(FORM, "elements", 2, "initial_option"),
        f"{BODY}[5].elements[2].placeholder: is missing, and nothing else stands there",
    ),
    "choices of which nothing is shown": (
        without_in(FORM, "elements", 3, "selected_values"),
        f"{BODY}[5].elements[3].placeholder: is missing, and nothing else stands there",
    ),
    "an hour that is none": (
        put_in(FORM, "9 am", "elements", 1, "initial_time"),
        f"{BODY}[5].elements[1].initial_time: must be an hour such as 09:00",
    ),
    "a margin of 100 px": (put_in(LEAD, "100px", "margin"), f"{BODY}[0].margin: must be 1, 2 or 4 of -99px to 99px"),
    "a padding below 0": (put_in(PANEL, "-1px", "padding"), f"{BODY}[1].padding: must be 1, 2 or 4 of 0px to 99px"),
    "a padding of 3 values": (
        put_in(PANEL, "1px 2px 3px", "padding"),
        f"{BODY}[1].padding: must be 1, 2 or 4 of 0px to 99px",
    ),
}
#: Of these, the documentation has examples, or says that more may be in a card.
ALLOWED = {
    *("no summary", "an empty summary", "an empty text", "an empty plain text", "a person", "a call of somebody"),
    *("a call of everybody", "a call in a cell", "a panel whose header has 2 paddings", "a link without TLS"),
    *("a button that does nothing", "a button whose value is a text", "a button in a form that does not send it"),
    *("an icon that we do not know", "too many bytes", "too many elements", "tables in Markdown as well"),
    *("too many containers within each other", "a choice of which nothing is shown"),
    "choices of which nothing is shown",
}

every_fault = pytest.mark.parametrize("fault", FAULTS)


def changed(change: Change) -> dict[str, Any]:
    card = copy.deepcopy(CARD)
    change(card)
    return card


@pytest.mark.parametrize("tier", [OURS, DOCUMENTED], ids=["ours", "documented"])
def test_a_card_in_which_nothing_is_wrong_is_fine(tier):
    assert problems(CARD, tier) == []


@every_fault
def test_every_fault_is_found_where_it_is(fault: str):
    change, wanted = FAULTS[fault]
    (found,) = problems(changed(change), OURS)
    assert found == wanted


@every_fault
def test_what_is_documented_is_only_too_much_for_us(fault: str):
    found = problems(changed(FAULTS[fault][0]), DOCUMENTED)
    assert bool(found) is (fault not in ALLOWED)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (add(text("x" * 30_720)), "bytes, of at most 30720"),
        (add(*[{"tag": "hr"}] * 200), "elements, of at most 200"),
        (
            only(panel(panel(panel(panel(panel(panel({"tag": "hr"}))))))),
            "is container 6 within each other, of at most 5",
        ),
        (only(text("\n\n".join([TABLE] * 5))), f"{BODY}[0].content: has 5 tables, of at most 4"),
        (add(*map(text, [TABLE] * 5)), "6 tables, those in Markdown counted, of at most 5"),
    ],
    ids=["bytes", "elements", "containers", "tables in a text", "tables"],
)
def test_there_is_a_documented_limit_as_well(change: Change, wanted: str):
    (found,) = problems(changed(change), DOCUMENTED)
    assert wanted in found


def test_all_that_is_wrong_is_found_at_once():
    card = changed(put("1.0", "schema"))
    put_in(LEAD, "<at id=all></at>", "content")(card)
    put_in(PANEL, "-1px", "padding")(card)
    assert problems(card) == [
        "card.schema: must be one of 2.0",
        f"{BODY}[0].content: has <at>, which calls somebody",
        f"{BODY}[1].padding: must be 1, 2 or 4 of 0px to 99px",
    ]


@pytest.mark.parametrize(
    "card", [{}, {"schema": "2.0", "body": []}, {"schema": "2.0", "body": {"elements": [None, {}]}}]
)
def test_what_is_no_card_is_no_card(card: dict[str, Any]):
    assert problems(card)


@pytest.mark.parametrize(
    ("markdown", "number"),
    [
        (TABLE, 1),
        (f"{TABLE}\n\ntext\n\n{TABLE}", 2),
        ("a | b\n--|--\n1 | 2", 1),
        ("| a |\n|---|\n| 1 |", 1),
        ("| a | b |\n| :-- | --: |", 1),
        ("a | b\nc | d", 0),
        ("text\n---\n| a |", 0),
        ("&#124; a &#124;\n&#124;---&#124;", 0),
    ],
)
def test_tables_in_markdown_are_counted(markdown: str, number: int):
    assert tables(markdown) == number


def examples() -> list[Any]:
    if EXAMPLES is None:
        return [pytest.param(None, marks=pytest.mark.skip("the published examples are not beside the repository"))]
    return [pytest.param(path, id=path.name) for path in sorted(EXAMPLES.glob("*.json"))]


@pytest.mark.parametrize("example", examples())
def test_every_published_example_is_taken_as_it_is(example: Path):
    """Each is a whole card, except for two outlines."""
    assert problems(json.loads(example.read_text("utf-8")), DOCUMENTED) == OUTLINES.get(example.name, [])


def test_an_outline_is_taken_with_a_component_in_it():
    if EXAMPLES is None:
        pytest.skip("the published examples are not beside the repository")
    outline = json.loads((EXAMPLES / "68-card-json-v2-structure.json").read_text("utf-8"))
    outline["body"]["elements"] = [{"tag": "hr", "margin": "4px"}]
    assert problems(outline, DOCUMENTED) == []
