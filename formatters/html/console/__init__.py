"""The console: the same bot as a chat in the browser, which works without any script.

A reply is drawn once, when it is said, as a part of a page: its buttons send what they ask (`ask`), its forms what is
entered. Pages stand around such parts, and add what only they know: who may send something, and to where.
"""

from formatters.html.console.assets import ASSETS
from formatters.html.console.fragments import fragment, shown_by
from formatters.html.console.pages import Line, Place, composer, message, news, page, refusal, shown

__all__ = [
    "ASSETS",
    "Line",
    "Place",
    "composer",
    "fragment",
    "message",
    "news",
    "page",
    "refusal",
    "shown",
    "shown_by",
]
