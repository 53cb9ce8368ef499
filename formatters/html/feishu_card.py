"""A card (JSON 2.0) as Feishu would be sent it, drawn by us: every element that we send.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from formatters.html.values import Part, UnknownPart, attributes, bars, lines, link, options, part, parts, text


def drawn(card: Part) -> Markup:
    """Raises UnknownPart for what is none of the kinds that we send."""
    header = part(card, "header")
    body = Markup("").join(map(_element, parts(part(card, "body"), "elements")))
    return Markup('<div class="as-feishu">{}{}</div>').format(_header(header) if header else "", body)


def _header(header: Part) -> Markup:
    tags = Markup("").join(
        Markup('<span class="tag">{}</span> ').format(text(part(tag, "text"), "content"))
        for tag in parts(header, "text_tag_list")
    )
    subtitle = text(part(header, "subtitle"), "content")
    return Markup('<p class="header {}">{} {}{}</p>').format(
        text(header, "template"),
        text(part(header, "title"), "content"),
        tags,
        Markup('<span class="subtitle">{}</span>').format(subtitle) if subtitle else "",
    )


def _element(element: Part) -> Markup:
    draw = _ELEMENTS.get(text(element, "tag"))
    if draw is None:
        raise UnknownPart(f"element {text(element, 'tag')}")
    return draw(element)


def _elements(of: Part) -> Markup:
    return Markup("").join(map(_element, parts(of, "elements")))


# Text


def _div(element: Part) -> Markup:
    words = part(element, "text")
    size, colour = text(words, "text_size"), text(words, "text_color")
    style = " ".join(filter(None, ("notation" if size == "notation" else "", "grey" if colour == "grey" else "")))
    return Markup("<p{}>{}</p>").format(attributes(class_=style or None), lines(text(words, "content")))


def _markdown(element: Part) -> Markup:
    size = text(element, "text_size")
    drawn = Markup(_parser().render(text(element, "content")))  # noqa: S704 - markdown-it escapes, and has no HTML
    return Markup("<div{}>{}</div>").format(attributes(class_=f"markdown {size}".strip()), drawn)


def _rule(_element: Part) -> Markup:
    return Markup("<hr>")


@cache
def _parser() -> MarkdownIt:
    """Of HTML, only what we write ourselves means anything."""
    parser = MarkdownIt("commonmark", {"html": True}).disable(["html_block", "image"])
    parser.add_render_rule("html_inline", _ours)
    parser.add_render_rule("link_open", _anchor)
    return parser


def _ours(
    _renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:  # fmt: skip
    written = tokens[at].content
    return _TAGS.get(written, str(escape(written)))


def _anchor(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType) -> str:
    return str(Markup("<a{}>").format(attributes(href=str(tokens[at].attrGet("href")), rel="noopener noreferrer")))


_TAGS: Final = {"<br>": "<br>", "<font color='grey'>": '<span class="grey">', "</font>": "</span>"}

# Containers and pictures


def _panel(element: Part) -> Markup:
    title = text(part(part(element, "header"), "title"), "content")
    inline = Markup(_parser().renderInline(title))  # noqa: S704 - as above
    return Markup('<details class="panel"{}><summary>{}</summary>{}</details>').format(
        attributes(open=bool(element.get("expanded"))), inline, _elements(element)
    )


def _column_set(element: Part) -> Markup:
    return Markup('<div class="columns">{}</div>').format(Markup("").join(map(_column, parts(element, "columns"))))


def _column(column: Part) -> Markup:
    if text(column, "tag") != "column":
        raise UnknownPart(f"element {text(column, 'tag')}")
    return Markup('<div class="column {}">{}</div>').format(text(column, "width"), _elements(column))


def _chart(element: Part) -> Markup:
    spec = part(element, "chart_spec")
    if text(spec, "type") != "bar":
        raise UnknownPart(f"chart {text(spec, 'type')}")
    number, name = text(spec, "xField"), text(spec, "yField")
    values = parts(part(spec, "data"), "values")
    return Markup('<div class="chart">{}</div>').format(
        bars([(text(value, name), float(value.get(number) or 0)) for value in values])
    )


def _form(element: Part) -> Markup:
    """What stands around it is a form already."""
    return Markup('<div class="form">{}</div>').format(_fields(parts(element, "elements")))


def _fields(elements: Sequence[Part]) -> Markup:
    """In a form, the text above a field is its label."""
    drawn: list[Markup] = []
    label = ""
    for element in elements:
        if text(element, "tag") in _FIELDS:
            drawn[-1:] = [_field(label, element)] if label else [*drawn[-1:], _field(label, element)]
            label = ""
        elif text(element, "tag") == "column_set":
            columns = (_fields(parts(column, "elements")) for column in parts(element, "columns"))
            inside = Markup("").join(Markup('<div class="column">{}</div>').format(each) for each in columns)
            drawn.append(Markup('<div class="columns">{}</div>').format(inside))
            label = ""
        else:
            drawn.append(_element(element))
            label = text(part(element, "text"), "content") if text(element, "tag") == "div" else ""
    return Markup("").join(drawn)


def _field(label: str, element: Part) -> Markup:
    tag = text(element, "tag")
    shown = _FIELDS[tag](element)
    if tag == "multi_select_static":
        return Markup("<fieldset><legend>{}</legend>{}</fieldset>").format(label, shown)
    return Markup('<p class="field"><label>{} {}</label></p>').format(label, shown)


# What people use


def _button(element: Part) -> Markup:
    label = text(part(element, "text"), "content")
    behaviour = next(iter(parts(element, "behaviors")), _NOTHING)
    if url := text(behaviour, "default_url"):
        return Markup('<span class="button">{}</span>').format(link(url, label))
    value = part(behaviour, "value")
    act = text(value, "act")
    named = attributes(
        class_=_BUTTONS.get(text(element, "type")),
        name=act,
        value=text(value, "question"),
        formnovalidate=act == "in-form",
    )
    return Markup("<button{}>{}</button>").format(named, label)


_NOTHING: Final[Part] = {}
_BUTTONS: Final = {"primary": "primary", "primary_filled": "primary", "danger": "danger"}


def _input(element: Part) -> Markup:
    named: dict[str, Any] = {
        "name": text(element, "name"),
        "maxlength": str(element.get("max_length") or "") or None,
        "placeholder": text(part(element, "placeholder"), "content") or None,
        "required": bool(element.get("required")),
    }
    given = text(element, "default_value")
    if text(element, "input_type") == "multiline_text":
        rows = str(element.get("rows") or 3)
        return Markup("<textarea{}>{}</textarea>").format(attributes(rows=rows, **named), given)
    return Markup("<input{}>").format(attributes(value=given, **named))


def _time(element: Part) -> Markup:
    given = text(element, "initial_time")
    return Markup("<input{}>").format(attributes(type="time", name=text(element, "name"), value=given))


def _options(element: Part) -> list[tuple[str, str]]:
    return [(text(each, "value"), text(part(each, "text"), "content")) for each in parts(element, "options")]


def _select(element: Part) -> Markup:
    chosen = options(_options(element), text(element, "initial_option"))
    return Markup("<select{}>{}</select>").format(attributes(name=text(element, "name")), chosen)


def _many(element: Part) -> Markup:
    selected = element.get("selected_values") or ()
    return Markup("").join(
        Markup('<label class="choice"><input{}> {}</label>').format(
            attributes(type="checkbox", name=text(element, "name"), value=value, checked=value in selected), label
        )
        for value, label in _options(element)
    )


_FIELDS: Final[Mapping[str, Callable[[Part], Markup]]] = {
    "input": _input,
    "picker_time": _time,
    "select_static": _select,
    "multi_select_static": _many,
}
_ELEMENTS: Final[Mapping[str, Callable[[Part], Markup]]] = {
    "div": _div,
    "markdown": _markdown,
    "hr": _rule,
    "collapsible_panel": _panel,
    "column_set": _column_set,
    "chart": _chart,
    "form": _form,
    "button": _button,
}
