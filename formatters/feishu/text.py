"""Untrusted text in Feishu's Markdown: it reads the same and means nothing.

Punctuation becomes entities, which Markdown decodes after it has looked for anything to obey: so there is no
`<at id=all>`, no `:OK:`, no address and no formula left. What no construct consists of stays, since an entity takes
five times as much room: commas, and what stands between letters or ends a clause. Only where entities are not decoded,
between backticks, text stands as it is; therefore nothing stands there but names made of harmless characters.
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate
from string import punctuation
from typing import Final
from urllib.parse import quote

from formatters import wording as say

_ENTITIES: Final[Mapping[str, str]] = {mark: f"&#{ord(mark)};" for mark in punctuation}
#: What means nothing. Among it is nothing of what begins an item of a list (`1.`, `1)`, `- `), an emoji (`:OK:`) or an
#: address (`www.`, `://`, `a.b`).
_IDLE: Final = r"[,;%(]|(?<=[^\W_])['/-](?=[^\W_])|(?<=[^\W\d_wW])[.](?= )|:(?= )|(?<=[^\W\d])[)]"
_MARK: Final = re.compile(rf"(?!{_IDLE})[{re.escape(punctuation)}]")
#: Names that mean nothing between backticks, neither to Markdown nor to what looks for addresses, emoji and mentions.
#: They may have one hour among them, since an emoji needs two colons.
_HARMLESS: Final = re.compile(r"(?!.*(?:www\.|//|:.*:))(?:[A-Za-z0-9_./=,+(){} *-]|(?<=\d):(?=\d))+", re.IGNORECASE)
_ELLIPSIS: Final = "…"
#: Not before an ellipsis.
_LOOSE: Final = "\u200d "
#: What may stand in an address that stands in Markdown.
_ADDRESS: Final = ":/?#=&%+,;@~"


def escape(text: str) -> str:
    """Text that is already visible, as Markdown."""
    return _MARK.sub(lambda mark: _ENTITIES[mark[0]], text)


def length(text: str) -> int:
    """Bytes of a visible text when it is escaped."""
    return len(escape(text).encode())


def cut(text: str, limit: int) -> str:
    """What can be seen of a text, on one line, in at most `limit` bytes when it is escaped."""
    shown = say.visible(text)
    if len(shown) <= limit and length(shown) <= limit:
        return shown
    end = bisect_right(list(_lengths(shown[:limit])), limit - len(_ELLIPSIS.encode()))
    kept = shown[:end].rstrip(_LOOSE)
    # What stood between letters is an entity at the end.
    while kept and length(kept + _ELLIPSIS) > limit:
        kept = kept[:-1].rstrip(_LOOSE)
    return kept + _ELLIPSIS


def _lengths(text: str) -> Iterator[int]:
    """Bytes up to each character when all of it is escaped."""
    marks = {mark.start() for mark in _MARK.finditer(text)}
    return accumulate(
        len(_ENTITIES[character] if place in marks else character.encode()) for place, character in enumerate(text)
    )


def literal(text: str, limit: int) -> str:
    """Text that reads the same and means nothing."""
    return escape(cut(text, limit))


def prose(text: str, limit: int) -> str:
    """An analyst's sentence: literal text with its identifiers as code."""
    return "".join(code(span.text) if span.code else escape(span.text) for span in say.spans(cut(text, limit)))


def code(text: str) -> str:
    """A name as code where that is safe, else as literal text."""
    return f"`{text}`" if _HARMLESS.fullmatch(text) and text == text.strip() else escape(text)


def bold(words: str) -> str:
    """Words of ours, or escaped ones. What follows must be a space, or a mark that is no letter."""
    return f"**{words}**" if words else ""


def grey(words: str) -> str:
    return f"<font color='grey'>{words}</font>" if words else ""


def link(url: str | None, words: str) -> str:
    """Escaped words that lead to a page of the repository's host; without one, only the words."""
    return f"[{words}]({quote(url, safe=_ADDRESS)})" if url else words
