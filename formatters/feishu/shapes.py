"""What a card and its components consist of, as data: every property with what it may be.

From the page of each component, linked from the overview; Feishu refuses a card for one property that it does not know.
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/component-json-v2-overview
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: Says what is wrong with a value; empty for nothing.
Kind = Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An object, by its properties."""

    known: "Mapping[str, Property]"
    required: tuple[str, ...] = ()
    #: What official examples have besides, which is older or of no use to us.
    foreign: "Mapping[str, Property]" = field(default_factory=dict[str, "Property"])


@dataclass(frozen=True, slots=True)
class Many:
    """A list of such values."""

    each: "Property"
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """Where a container has its elements, of any kind that may stand in it."""

    tags: frozenset[str] | None = None


Property = Kind | Shape | Many | Inside

# Values


def text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be a text"


def flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def json_object(value: Any) -> str:
    return "" if isinstance(value, dict) else "must be an object"


def anything(_value: Any) -> str:
    return ""


def one_of(*values: str) -> Kind:
    known = frozenset(values)

    def kind(value: Any) -> str:
        return "" if isinstance(value, str) and value in known else f"must be one of {', '.join(values)}"

    return kind


def matching(pattern: str, wanted: str) -> Kind:
    compiled = re.compile(pattern)

    def kind(value: Any) -> str:
        return "" if isinstance(value, str) and compiled.fullmatch(value) else f"must be {wanted}"

    return kind


def whole(low: int, high: int | None = None) -> Kind:
    def kind(value: Any) -> str:
        fits = (
            isinstance(value, int) and not isinstance(value, bool) and low <= value and (high is None or value <= high)
        )
        return "" if fits else f"must be a whole number from {low}" + (f" to {high}" if high is not None else "")

    return kind


def number(value: Any) -> str:
    return "" if isinstance(value, int | float) and not isinstance(value, bool) else "must be a number"


_NAMED: Final = "blue|carmine|green|indigo|lime|orange|purple|red|sunflower|turquoise|violet|wathet|yellow|grey"
_PIXELS: Final = r"\d{1,2}px"
_TEMPLATES: Final = (
    *("blue", "wathet", "turquoise", "green", "yellow", "orange", "red", "carmine", "violet", "purple", "indigo"),
    *("grey", "default"),
)
_TAG_COLOURS: Final = ("neutral", "lime", *_TEMPLATES)

#: https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/enumerations-for-fields-related-to-color
COLOUR: Final = (
    rf"(?:default|neutral|white|bg-white|black|light_grey|(?:{_NAMED})(?:-(?:50|[1-9]00|[1-9]50))?"
    r"|rgba\((?:\s*[\d.]+%?\s*,){3}\s*[\d.]+\s*\)|cus-\w+)"
)
colour: Final = matching(COLOUR, "the name of a colour, or rgba")
text_size: Final = matching(
    r"heading(?:-[0-4])?|normal|notation|(?:xxxx|xxx|xx|x)-large|large|medium|small|x-small|normal_v2|cus-\w+",
    "the name of a size",
)
align: Final = one_of("left", "center", "right")
vertical: Final = one_of("top", "center", "bottom")
direction: Final = one_of("vertical", "horizontal")
margin: Final = matching(rf"-?{_PIXELS}(?: -?{_PIXELS}(?: -?{_PIXELS} -?{_PIXELS})?)?", "1, 2 or 4 of -99px to 99px")
padding: Final = matching(rf"{_PIXELS}(?: {_PIXELS}(?: {_PIXELS} {_PIXELS})?)?", "1, 2 or 4 of 0px to 99px")
spacing: Final = matching(rf"default|small|medium|large|extra_large|{_PIXELS}", "small to extra_large, or 0px to 99px")
radius: Final = matching(r"\d+(?:px|%)", "pixels or a percentage")
width: Final = matching(r"default|fill|auto|\d{2,4}px", "default, fill, or pixels")
element_id: Final = matching(r"[A-Za-z][A-Za-z0-9_]{0,19}", "a letter and up to 19 letters, digits or _")
background: Final = matching(rf"laser|{COLOUR}", "the name of a colour, or rgba")
address: Final = matching(r"(?:https?|lark|tel):.+", "an address that begins with https")
ratio: Final = matching(r"\d+:\d+", "a ratio such as 16:9")

# Parts

PLAIN_TEXT: Final = Shape(
    known={
        "tag": one_of("plain_text"),
        "content": text,
        "text_size": text_size,
        "text_align": align,
        "text_color": colour,
        "lines": whole(1),
    },
    required=("tag", "content"),
)
#: In the title of a panel.
_TITLE_TEXT: Final = Shape(
    known={**PLAIN_TEXT.known, "tag": one_of("plain_text", "markdown")}, required=("tag", "content")
)
#: In a header or a `div`.
_RICH_TEXT: Final = Shape(
    known={**PLAIN_TEXT.known, "tag": one_of("plain_text", "lark_md")}, required=("tag", "content")
)
ICON: Final = Shape(
    known={
        "tag": one_of("standard_icon", "custom_icon"),
        "token": matching(r"[a-z0-9-]+_(?:outlined|filled|colorful)", "the token of an icon"),
        "color": colour,
        "size": matching(rf"{_PIXELS} {_PIXELS}", "two sizes in pixels"),
        "img_key": text,
    },
    required=("tag",),
)
CONFIRM: Final = Shape(known={"title": PLAIN_TEXT, "text": PLAIN_TEXT}, required=("title",))
_ADDRESSES: Final[Mapping[str, Property]] = dict.fromkeys(
    ("default_url", "url", "pc_url", "ios_url", "android_url"), address
)
BEHAVIOUR: Final = Shape(
    known={**_ADDRESSES, "type": one_of("open_url", "callback", "form_action"), "value": anything}, required=("type",)
)
_LINK: Final = Shape(known=_ADDRESSES)
_OPTION: Final = Shape(known={"text": PLAIN_TEXT, "icon": ICON, "value": text}, required=("text", "value"))
_PERSON_OPTION: Final = Shape(known={"value": text, "text": PLAIN_TEXT, "icon": ICON}, required=("value",))
_PICTURE_OPTION: Final = Shape(
    known={"img_key": text, "value": text, "disabled": flag, "disabled_tips": PLAIN_TEXT, "hover_tips": PLAIN_TEXT},
    required=("img_key", "value"),
)
_COMMON: Final[Mapping[str, Property]] = {"tag": text, "element_id": element_id, "margin": margin}
_LAID_OUT: Final[Mapping[str, Property]] = {
    "direction": direction,
    "horizontal_spacing": spacing,
    "horizontal_align": align,
    "vertical_spacing": spacing,
    "vertical_align": vertical,
    "padding": padding,
}
_CLICKED: Final[Mapping[str, Property]] = {
    "behaviors": Many(BEHAVIOUR),
    "confirm": CONFIRM,
    "disabled": flag,
    "disabled_tips": PLAIN_TEXT,
    "hover_tips": PLAIN_TEXT,
}
_ENTERED: Final[Mapping[str, Property]] = {
    **_COMMON,
    **_CLICKED,
    "name": text,
    "required": flag,
    "width": width,
    "placeholder": PLAIN_TEXT,
}
_CHOSEN: Final[Mapping[str, Property]] = {**_ENTERED, "type": one_of("default", "text")}
#: Of what was clicked, before there were behaviours.
_VALUE: Final[Mapping[str, Property]] = {"value": json_object}

# Components, by their tag

_CONTENT: Final[Mapping[str, Shape]] = {
    "div": Shape(
        known={
            **_COMMON,
            "text": _RICH_TEXT,
            "icon": ICON,
            "width": width,
            "fields": Many(Shape(known={"is_short": flag, "text": _RICH_TEXT}, required=("text",))),
        }
    ),
    "markdown": Shape(
        known={**_COMMON, "content": text, "text_align": align, "text_size": text_size, "icon": ICON},
        required=("content",),
    ),
    "hr": Shape(known=_COMMON),
    "img": Shape(
        known={
            **_COMMON,
            "img_key": text,
            "alt": PLAIN_TEXT,
            "title": PLAIN_TEXT,
            "corner_radius": radius,
            "scale_type": one_of("crop_center", "fit_horizontal", "crop_top"),
            "size": text,
            "transparent": flag,
            "preview": flag,
        },
        required=("img_key",),
        foreign={"mode": text, "custom_width": text, "compact_width": flag},
    ),
    "img_combination": Shape(
        known={
            **_COMMON,
            "combination_mode": one_of("double", "triple", "bisect", "trisect"),
            "combination_transparent": flag,
            "corner_radius": radius,
            "img_list": Many(Shape(known={"img_key": text, "transparent": flag}, required=("img_key",))),
        },
        required=("combination_mode", "img_list"),
    ),
    "person": Shape(
        known={
            **_COMMON,
            "user_id": text,
            "size": one_of("extra_small", "small", "medium", "large"),
            "show_avatar": flag,
            "show_name": flag,
            "style": one_of("normal", "capsule"),
        },
        required=("user_id",),
    ),
    "person_list": Shape(
        known={
            **_COMMON,
            "persons": Many(Shape(known={"id": text}, required=("id",))),
            "size": one_of("extra_small", "small", "medium", "large"),
            "show_avatar": flag,
            "show_name": flag,
            "drop_invalid_user_id": flag,
            "lines": whole(1),
            "icon": ICON,
        },
        required=("persons",),
    ),
    "chart": Shape(
        known={
            **_COMMON,
            "chart_spec": json_object,
            "aspect_ratio": one_of("1:1", "2:1", "4:3", "16:9"),
            "color_theme": one_of("brand", "rainbow", "complementary", "converse", "primary"),
            "preview": flag,
            "height": matching(r"auto|[1-9]\d{0,2}px", "auto, or 1px to 999px"),
        },
        required=("chart_spec",),
    ),
    "table": Shape(
        known={
            **_COMMON,
            "page_size": whole(1, 10),
            "row_height": matching(r"low|middle|high|auto|\d{2,3}px", "low, middle, high, auto, or pixels"),
            "row_max_height": matching(r"\d{2,3}px", "pixels"),
            "freeze_first_column": flag,
            "header_style": Shape(
                known={
                    "text_align": align,
                    "text_size": one_of("normal", "heading"),
                    "background_style": one_of("none", "grey"),
                    "text_color": one_of("default", "grey"),
                    "bold": flag,
                    "lines": whole(1),
                }
            ),
            "columns": Many(
                Shape(
                    known={
                        "name": text,
                        "display_name": text,
                        "data_type": one_of("text", "lark_md", "options", "number", "persons", "date", "markdown"),
                        "width": matching(r"auto|\d{2,3}(?:px|%)", "auto, pixels or a percentage"),
                        "horizontal_align": align,
                        "vertical_align": vertical,
                        "format": Shape(known={"symbol": text, "precision": whole(0, 10), "separator": flag}),
                        "date_format": text,
                    },
                    required=("name", "data_type"),
                ),
                most=50,
            ),
            "rows": Many(json_object),
        },
        required=("columns", "rows"),
    ),
}
_CONTAINERS: Final[Mapping[str, Shape]] = {
    "column_set": Shape(
        known={
            **_COMMON,
            "columns": Inside(frozenset({"column"})),
            "flex_mode": one_of("none", "stretch", "flow", "bisect", "trisect"),
            "background_style": background,
            "horizontal_spacing": spacing,
            "horizontal_align": align,
            "action": Shape(known={"multi_url": _LINK}),
        },
        required=("columns",),
    ),
    "column": Shape(
        known={
            **_COMMON,
            **_LAID_OUT,
            "elements": Inside(),
            "width": matching(r"auto|weighted|\d{2,3}px", "auto, weighted, or pixels"),
            "weight": whole(1, 5),
            "background_style": background,
            "action": Shape(known={"multi_url": _LINK}),
        }
    ),
    "collapsible_panel": Shape(
        known={
            **_COMMON,
            **_LAID_OUT,
            "elements": Inside(),
            "expanded": flag,
            "background_color": colour,
            "header": Shape(
                known={
                    "title": _TITLE_TEXT,
                    "background_color": colour,
                    "vertical_align": vertical,
                    "padding": padding,
                    "width": one_of("fill", "auto", "auto_when_fold"),
                    "icon": ICON,
                    "icon_position": one_of("left", "right", "follow_text"),
                    "icon_expanded_angle": lambda angle: "" if angle in {-180, -90, 90, 180} else "must be ±90 or ±180",
                },
                required=("title",),
            ),
            "border": Shape(known={"color": colour, "corner_radius": radius}),
        },
        required=("header",),
    ),
    "form": Shape(
        known={**_COMMON, **_LAID_OUT, "name": text, "elements": Inside(), "confirm": CONFIRM},
        required=("name", "elements"),
        foreign={"fallback": json_object},
    ),
    "interactive_container": Shape(
        known={
            **_COMMON,
            **_LAID_OUT,
            **_CLICKED,
            "elements": Inside(),
            "width": width,
            "height": matching(r"auto|\d{1,3}px", "auto, or pixels"),
            "background_style": background,
            "has_border": flag,
            "border_color": colour,
            "corner_radius": radius,
        }
    ),
}
_BUTTON: Final = Shape(
    known={
        **_COMMON,
        **_CLICKED,
        "text": PLAIN_TEXT,
        "type": one_of(
            *("default", "primary", "danger", "text", "primary_text", "danger_text"),
            *("primary_filled", "danger_filled", "laser"),
        ),
        "size": one_of("tiny", "small", "medium", "large"),
        "width": width,
        "icon": ICON,
        "name": text,
        "form_action_type": one_of("submit", "reset"),
    },
    required=("text",),
    foreign={
        **_VALUE,
        "url": address,
        "multi_url": _LINK,
        "action_type": one_of("link", "request", "multi", "form_submit", "form_reset"),
    },
)
_INTERACTIVE: Final[Mapping[str, Shape]] = {
    "button": _BUTTON,
    "input": Shape(
        known={
            **_ENTERED,
            "label": PLAIN_TEXT,
            "label_position": one_of("top", "left"),
            "default_value": text,
            "max_length": whole(1, 1000),
            "input_type": one_of("text", "multiline_text", "password"),
            "show_icon": flag,
            "rows": whole(1),
            "auto_resize": flag,
            "max_rows": whole(1),
        },
        foreign={**_VALUE, "fallback": json_object},
    ),
    "select_static": Shape(
        known={**_CHOSEN, "options": Many(_OPTION), "initial_option": text, "initial_index": whole(0)}, foreign=_VALUE
    ),
    "multi_select_static": Shape(
        known={**_CHOSEN, "options": Many(_OPTION), "selected_values": Many(text)}, foreign=_VALUE
    ),
    "select_person": Shape(known={**_CHOSEN, "options": Many(_PERSON_OPTION), "initial_option": text}, foreign=_VALUE),
    "multi_select_person": Shape(
        known={**_CHOSEN, "options": Many(_PERSON_OPTION), "selected_values": Many(text)}, foreign=_VALUE
    ),
    "date_picker": Shape(
        known={**_ENTERED, "initial_date": matching(r"\d{4}-\d{2}-\d{2}", "a date such as 2026-01-21")}, foreign=_VALUE
    ),
    "picker_time": Shape(
        known={**_ENTERED, "initial_time": matching(r"[0-2]\d:[0-5]\d", "an hour such as 09:00")}, foreign=_VALUE
    ),
    "picker_datetime": Shape(
        known={**_ENTERED, "initial_datetime": matching(r"\d{4}-\d{2}-\d{2} [0-2]\d:[0-5]\d", "a date with its hour")},
        foreign=_VALUE,
    ),
    "overflow": Shape(
        known={
            **_COMMON,
            "width": width,
            "options": Many(Shape(known={"text": PLAIN_TEXT, "value": text, "multi_url": _LINK}, required=("text",))),
            "confirm": CONFIRM,
            "behaviors": Many(BEHAVIOUR),
        },
        required=("options",),
        foreign=_VALUE,
    ),
    "select_img": Shape(
        known={
            **_ENTERED,
            "multi_select": flag,
            "layout": one_of("stretch", "bisect", "trisect"),
            "can_preview": flag,
            "aspect_ratio": ratio,
            "options": Many(_PICTURE_OPTION),
        },
        required=("options",),
        foreign=_VALUE,
    ),
    "checker": Shape(
        known={
            **_COMMON,
            **_CLICKED,
            "name": text,
            "checked": flag,
            "text": _RICH_TEXT,
            "overall_checkable": flag,
            "button_area": Shape(
                known={"pc_display_rule": one_of("always", "on_hover"), "buttons": Inside(frozenset({"button"}))}
            ),
            "checked_style": Shape(known={"show_strikethrough": flag, "opacity": number}),
            "padding": padding,
        }
    ),
}
ELEMENTS: Final[Mapping[str, Shape]] = {**_CONTENT, **_CONTAINERS, **_INTERACTIVE}
#: Those that stand within each other; a column is a part of its set.
CONTAINERS: Final = frozenset(_CONTAINERS) - {"column"}
#: Those whose value comes with the form that they stand in.
FIELDS: Final = frozenset(_INTERACTIVE) - {"button", "overflow"}

# The card

_TAG: Final = Shape(
    known={"tag": one_of("text_tag"), "element_id": element_id, "text": _RICH_TEXT, "color": one_of(*_TAG_COLOURS)},
    required=("tag", "text"),
)
HEADER: Final = Shape(
    known={
        "title": _RICH_TEXT,
        "subtitle": _RICH_TEXT,
        "template": one_of(*_TEMPLATES),
        "text_tag_list": Many(_TAG, most=3),
        "icon": ICON,
        "padding": padding,
    },
    required=("title",),
    foreign={"i18n_text_tag_list": json_object},
)
CARD: Final = Shape(
    known={
        "schema": one_of("2.0"),
        "config": Shape(
            known={
                "update_multi": lambda value: "" if value is True else "must be true in this schema",
                "summary": Shape(known={"content": text, "i18n_content": json_object}),
                "width_mode": one_of("default", "compact", "fill"),
                "enable_forward": flag,
                "enable_forward_interaction": flag,
                "streaming_mode": flag,
                "streaming_config": json_object,
                "style": Shape(known={"text_size": json_object, "color": json_object}),
                "locales": Many(text),
                "use_custom_translation": flag,
            }
        ),
        "card_link": _LINK,
        "header": HEADER,
        "body": Shape(known={**_LAID_OUT, "elements": Inside()}, required=("elements",)),
    },
    required=("schema", "body"),
    foreign={"i18n_header": json_object},
)
