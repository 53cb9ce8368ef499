"""A message, a window or an App Home as Slack would be sent it, drawn by us: every kind of block that we send.

Buttons send what they ask, and forms what is entered, under the names that our own forms have.
https://docs.slack.dev/reference/block-kit
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from formatters.html.values import Part, UnknownPart, attributes, bars, lines, link, options, part, parts, text

#: What a button does beside asking what it carries, by the end of its action.
_ACTS: Final = {
    "digest.share": "share",
    "commit.share": "share",
    "settings.preview": "preview",
    "settings.pause": "in-form",
    "settings.resume": "in-form",
    "settings.unsubscribe": "in-form",
}
#: What sends a window, by its `callback_id`.
_SUBMITS: Final = {"settings": "save", "feedback": "feedback"}
_LINK: Final = re.compile(r"<(https?://[^<>|]+)\|([^<>]*)>")
#: The innermost first.
_STYLES: Final = {
    "code": Markup("<code>{}</code>"),
    "italic": Markup("<em>{}</em>"),
    "bold": Markup("<strong>{}</strong>"),
}
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def drawn(message: Part) -> Markup:
    """Raises UnknownPart for what is none of the kinds that we send."""
    blocks = Markup("").join(map(_block, parts(message, "blocks")))
    title = part(message, "title")
    heading = Markup('<p class="window-title">{}</p>').format(text(title, "text")) if title else Markup("")
    return Markup('<div class="as-slack">{}{}{}</div>').format(heading, blocks, _submit(message))


def _submit(message: Part) -> Markup:
    act = _SUBMITS.get(text(message, "callback_id"))
    if act is None:
        return Markup("")
    return Markup('<p class="row"><button class="primary" name="{}" value="">{}</button></p>').format(
        act, text(part(message, "submit"), "text")
    )


# Blocks


def _block(block: Part) -> Markup:
    draw = _BLOCKS.get(text(block, "type"))
    if draw is None:
        raise UnknownPart(f"block {text(block, 'type')}")
    return draw(block)


def _header(block: Part) -> Markup:
    return Markup('<p class="header">{}</p>').format(_text(part(block, "text")))


def _section(block: Part) -> Markup:
    fields = Markup("").join(Markup("<span>{}</span>").format(_text(each)) for each in parts(block, "fields"))
    words = part(block, "text")
    accessory = part(block, "accessory")
    return Markup('<div class="section"><div>{}{}</div>{}</div>').format(
        Markup("<p>{}</p>").format(_text(words)) if words else "",
        Markup('<p class="fields">{}</p>').format(fields) if fields else "",
        _element(accessory) if accessory else "",
    )


def _context(block: Part) -> Markup:
    return Markup('<p class="context">{}</p>').format(Markup(" ").join(map(_text, parts(block, "elements"))))


def _actions(block: Part) -> Markup:
    return Markup('<p class="row">{}</p>').format(Markup(" ").join(map(_element, parts(block, "elements"))))


def _divider(_block: Part) -> Markup:
    return Markup("<hr>")


def _input(block: Part) -> Markup:
    """The name of a field is that of its block."""
    hint = part(block, "hint")
    name, element, label = text(block, "block_id"), part(block, "element"), text(part(block, "label"), "text")
    draw = _FIELDS.get(text(element, "type"))
    if draw is None:
        raise UnknownPart(f"element {text(element, 'type')}")
    shown = draw(name, element)
    below = Markup('<span class="hint">{}</span>').format(text(hint, "text")) if hint else ""
    if text(element, "type") in _GROUPS:
        return Markup("<fieldset><legend>{}</legend>{}{}</fieldset>").format(label, shown, below)
    return Markup('<p class="field"><label>{} {}</label>{}</p>').format(label, shown, below)


def _container(block: Part) -> Markup:
    inside = Markup("").join(map(_block, parts(block, "child_blocks")))
    return Markup("<details{}><summary>{}</summary>{}</details>").format(
        attributes(open=not block.get("default_collapsed")), text(part(block, "title"), "text"), inside
    )


def _chart(block: Part) -> Markup:
    rows = [
        (text(point, "label"), float(point.get("value") or 0))
        for series in parts(part(block, "chart"), "series")
        for point in parts(series, "data")
    ]
    return Markup('<div class="chart"><p>{}</p>{}</div>').format(text(block, "title"), bars(rows))


def _rich_text(block: Part) -> Markup:
    return Markup("").join(map(_rich, parts(block, "elements")))


# Rich text


def _rich(element: Part) -> Markup:
    inside = parts(element, "elements")
    match text(element, "type"):
        case "rich_text_section":
            return Markup("<p>{}</p>").format(_inline(element))
        case "rich_text_quote":
            return Markup("<blockquote>{}</blockquote>").format(_inline(element))
        case "rich_text_preformatted":
            return Markup("<pre>{}</pre>").format("".join(text(each, "text") for each in inside))
        case "rich_text_list":
            items = Markup("").join(Markup("<li>{}</li>").format(_inline(item)) for item in inside)
            if text(element, "style") != "ordered":
                return Markup("<ul>{}</ul>").format(items)
            return Markup('<ol start="{}">{}</ol>').format(int(element.get("offset") or 0) + 1, items)
        case other:
            raise UnknownPart(f"rich text {other}")


def _inline(element: Part) -> Markup:
    return Markup("").join(map(_word, parts(element, "elements")))


def _word(element: Part) -> Markup:
    match text(element, "type"):
        case "text":
            return _styled(lines(text(element, "text")), part(element, "style"))
        case "link":
            return link(text(element, "url"), text(element, "text") or text(element, "url"))
        case "channel":
            return Markup('<span class="mention">#{}</span>').format(text(element, "channel_id"))
        case other:
            raise UnknownPart(f"rich text {other}")


def _styled(words: Markup, style: Part) -> Markup:
    for name, element in _STYLES.items():
        if style.get(name):
            words = element.format(words)
    return words


def _text(of: Part) -> Markup:
    """`plain_text` as it is, and of `mrkdwn` links and entities, which is all that we write."""
    words = text(of, "text")
    if text(of, "type") != "mrkdwn":
        return lines(words)
    pieces = _LINK.split(words)
    drawn = [lines(_plain(pieces[0]))]
    for url, label, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        drawn += [link(_plain(url), _plain(label)), lines(_plain(after))]
    return Markup("").join(drawn)


def _plain(words: str) -> str:
    for entity, character in _ENTITIES:
        words = words.replace(entity, character)
    return words


# Elements


def _element(element: Part) -> Markup:
    if text(element, "type") != "button":
        raise UnknownPart(f"element {text(element, 'type')}")
    label = text(part(element, "text"), "text")
    if url := text(element, "url"):
        return Markup('<span class="button">{}</span>').format(link(url, label))
    act = _ACTS.get(text(element, "action_id"), "ask")
    named = attributes(
        class_=text(element, "style") or None,
        name=act,
        value=text(element, "value"),
        aria_label=_spoken(label, text(element, "accessibility_label")),
        formnovalidate=act == "in-form",
    )
    return Markup("<button{}>{}</button>").format(named, label)


def _spoken(label: str, more: str) -> str | None:
    """What is said has in it what is seen: https://www.w3.org/WAI/WCAG22/Understanding/label-in-name"""
    return f"{label}: {more}" if more else None


def _input_text(name: str, element: Part) -> Markup:
    given = text(element, "initial_value")
    limit = str(element.get("max_length") or "") or None
    if element.get("multiline"):
        return Markup("<textarea{}>{}</textarea>").format(attributes(name=name, rows="3", maxlength=limit), given)
    return Markup("<input{}>").format(attributes(name=name, value=given, maxlength=limit))


def _time(name: str, element: Part) -> Markup:
    return Markup("<input{}>").format(attributes(type="time", name=name, value=text(element, "initial_time")))


def _select(name: str, element: Part) -> Markup:
    chosen = text(part(element, "initial_option"), "value")
    groups = parts(element, "option_groups")
    drawn = (
        Markup("<optgroup{}>{}</optgroup>").format(
            attributes(label=text(part(group, "label"), "text")), options(_options(group), chosen)
        )
        for group in groups
    )
    return Markup("<select{}>{}</select>").format(
        attributes(name=name), Markup("").join(drawn) if groups else options(_options(element), chosen)
    )


def _options(of: Part) -> list[tuple[str, str]]:
    return [(text(option, "value"), text(part(option, "text"), "text")) for option in parts(of, "options")]


def _conversations(name: str, _element: Part) -> Markup:
    """Slack lists them itself."""
    return Markup("<input{}>").format(attributes(name=name, value="general"))


def _checkboxes(name: str, element: Part) -> Markup:
    chosen = {text(option, "value") for option in parts(element, "initial_options")}
    return _choices("checkbox", name, element, chosen)


def _radio(name: str, element: Part) -> Markup:
    return _choices("radio", name, element, {text(part(element, "initial_option"), "value")})


def _choices(kind: str, name: str, element: Part, chosen: set[str]) -> Markup:
    return Markup("").join(
        Markup('<label class="choice"><input{}> {}</label>').format(
            attributes(type=kind, name=name, value=value, checked=value in chosen), label
        )
        for value, label in _options(element)
    )


_BLOCKS: Final[Mapping[str, Callable[[Part], Markup]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "input": _input,
    "container": _container,
    "data_visualization": _chart,
    "rich_text": _rich_text,
}
_FIELDS: Final[Mapping[str, Callable[[str, Part], Markup]]] = {
    "plain_text_input": _input_text,
    "timepicker": _time,
    "static_select": _select,
    "conversations_select": _conversations,
    "checkboxes": _checkboxes,
    "radio_buttons": _radio,
}
_GROUPS: Final = {"checkboxes", "radio_buttons"}
