"""What each formatter needs of untrusted text: that one sees what is in it, and that it has a length."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

#: What breaks a line becomes a space; what is obeyed but not seen becomes something seen: a control character its
#: picture (U+2400 …), and C1 controls, the characters that reorder their neighbours, and lone surrogates, which no
#: UTF-8 can carry, U+FFFD. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_VISIBLE: Final[Mapping[int, str]] = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "\u2421",
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)], "�"),
    **dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " "),
}
#: Zero-width space, non-joiner and marks of direction, word joiner, soft hyphen, byte order mark: https://trojansource.codes
#: The joiner stays, since emoji are made with it.
_VISIBLE_IN_SOURCE: Final[Mapping[int, str]] = {
    **_VISIBLE,
    **dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200E, 0x200F, 0x2060, 0xFEFF], "�"),
    ord("\t"): "\t",
}
_SPACES: Final = re.compile(r" {2,}")
_CODE: Final = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_ELLIPSIS: Final = "…"


def visible(text: str) -> str:
    """`text` on one line, with everything in it to be seen. Doing it twice changes nothing."""
    return _SPACES.sub(" ", seen(text)).strip()


def seen(text: str) -> str:
    """The same with all of its spaces, for where they mean something or do no harm."""
    return text if text.isprintable() else text.translate(_VISIBLE)


def seen_in_source(line: str) -> str:
    """A line of a file: tabs stay, and characters without a width, which make two names look like one, are shown."""
    return line if line.isprintable() else line.translate(_VISIBLE_IN_SOURCE)


def visible_lines(text: str) -> tuple[str, ...]:
    return tuple(visible(line) for line in text.strip().splitlines())


def cut(text: str, limit: int, *, weigh: Callable[[str], int] = len) -> str:
    """At most `limit` of `text`, whose last character is then an ellipsis. `weigh` gives each code point's length."""
    total = 0
    end = 0
    for position, character in enumerate(text):
        total += weigh(character)
        if total > limit:
            return text[:end].rstrip("\u200d ") + _ELLIPSIS
        if total <= limit - weigh(_ELLIPSIS):
            end = position + 1
    return text


class Span(NamedTuple):
    text: str
    #: An identifier that stood between backticks.
    code: bool


def unquoted(text: str) -> str:
    """An analyst's sentence for where nothing can be set as code: the text of its spans."""
    return "".join(span.text for span in spans(text))


def spans(text: str) -> Iterator[Span]:
    """The prose and the identifiers of an analyst's sentence; together they are its visible text without backticks."""
    for position, part in enumerate(_CODE.split(visible(text))):
        code = position % 2 == 1
        if code and part.strip():
            yield Span(part.strip(), code=True)
        elif part:
            yield Span(f"`{part}`" if code else part, code=False)
