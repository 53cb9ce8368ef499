"""Untrusted text in Markdown: it reads the same and means nothing.

What GitHub would turn into a link or a mention by itself (addresses, `@name`) stands between backticks, which is the
only way to keep its characters and not its effect. https://github.github.com/gfm/
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from formatters import wording as say

#: Where a word ends that GitHub might link by itself; neither a pipe nor a backslash survives between backticks in a
#: table cell, so they end it as well.
_WORD_END: Final = re.compile(r"([\s|\\`]+)")
_LINKED: Final = ("://", "www.", "@", "mailto:", "xmpp:")
#: An underscore within a word and a `#` before one are harmless, and identifiers stay readable.
_SPECIAL: Final = re.compile(r"[\\`*\[\]<>&~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|#(?![A-Za-z0-9])")
#: What begins a list item, a heading's underline, or the delimiter row of a table.
_BLOCK_START: Final = re.compile(r"^(\d{1,9}(?=[.)](?: |$))|(?=[-+](?:[ :-]|$)|[=:]))")


def literal(text: str) -> str:
    """Text that reads the same and means nothing."""
    return _joined(_pieces(say.visible(text)))


def prose(text: str) -> str:
    """An analyst's sentence: literal text with its identifiers as code."""
    pieces = [part for span in say.spans(text) for part in ([span] if span.code else _pieces(span.text))]
    return _joined(pieces)


def _pieces(text: str) -> Iterator[say.Span]:
    for word in _WORD_END.split(text):
        if word:
            yield say.Span(word, code=any(mark in word.casefold() for mark in _LINKED))


def _joined(pieces: Iterable[say.Span]) -> str:
    """Neighbouring pieces of code become one, because backticks that touch would be read as one longer fence."""
    shown = ""
    for is_code, run in groupby(pieces, key=lambda piece: piece.code):
        text = "".join(piece.text for piece in run)
        shown += code(text) if is_code else _SPECIAL.sub(r"\\\g<0>", text)
    return _BLOCK_START.sub(r"\1\\", shown)


def code(text: str) -> str:
    """A code span: its fence is longer than any run of backticks within. https://spec.commonmark.org/0.31.2/#code-spans"""
    shown = say.visible(text)
    if not shown:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in {shown[0], shown[-1]} else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
