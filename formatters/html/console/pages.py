"""The console's pages: a channel, one message as chat platforms would show it, and what is new since."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers.data import JsonLexer  # pyright: ignore[reportMissingTypeStubs]

from bot.core.conversations import DIRECT, Said
from bot.core.language import Language, _, spoken
from bot.core.replies import Progress
from formatters import labels
from formatters import wording as say
from formatters.html import feishu_card, slack_blocks
from formatters.html.console.assets import ARCHIVE_STYLESHEET, CONSOLE_STYLESHEET, HTMX
from formatters.html.environment import LANGUAGE_NAMES, LANGUAGE_TAGS, template
from formatters.html.values import Part

#: How a message can be looked at, beside as the console draws it.
SLACK: Final = "slack"
FEISHU: Final = "feishu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody looks, and what they need to send anything from there."""

    channel: str
    #: Of whoever may send something.
    token: str
    zone: ZoneInfo
    #: Chosen in the address; None: as the browser asks for.
    language: Language | None = None

    @property
    def title(self) -> str:
        return name_of(self.channel)

    def address(self, rest: str = "", *, language: Language | None = None, **query: str) -> str:
        chosen = language or self.language
        asked = {**({"lang": chosen.value} if chosen else {}), **query}
        path = f"/console/c/{quote(self.channel, safe='@')}{rest}"
        return f"{path}?{urlencode(asked)}" if asked else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A question that is being answered, and how far that is."""

    text: str
    progress: Progress | None = None

    @property
    def words(self) -> str:
        return say.progress(self.progress) if self.progress else _("Looking it up…")


def name_of(channel: str) -> str:
    return labels.PRODUCT if channel == DIRECT else f"#{channel}"


def page(place: Place, channels: Sequence[str], messages: Sequence[Said], underway: Sequence[Line]) -> str:
    """A channel, whole."""
    return _drawn("page", place, channels=channels, messages=messages, underway=underway, **_cursor(messages, 0, 0))


def news(place: Place, changed: Sequence[Said], underway: Sequence[Line], *, after: int, last: int) -> str:
    """What a page that shows messages up to the number `last`, as they were in version `after`, has to change.

    https://htmx.org/attributes/hx-swap-oob/
    """
    new = [said for said in changed if said.id > last]
    old = [said for said in changed if said.id <= last]
    return _drawn("news", place, new=new, old=old, underway=underway, **_cursor(changed, after, last))


def shown(underway: Sequence[Line]) -> str:
    """What a page that shows them knows of what is under way."""
    return "\n".join(f"{line.text}: {line.words}" for line in underway)


def composer(place: Place) -> str:
    """The empty form into which people type."""
    return _drawn("composer", place)


def message(place: Place, said: Said, view: str) -> str:
    """One message as Slack or Feishu would show it, with the very JSON beside."""
    drawing = said.utterance.drawing
    written, draw = (drawing.slack, slack_blocks.drawn) if view == SLACK else (drawing.feishu, feishu_card.drawn)
    sent = [(draw(each), _json(each)) for each in cast("list[Part]", json.loads(written))]
    return _drawn("message", place, said=said, view=view, sent=sent)


def refusal(words: str, language: Language) -> str:
    return template("console/refusal.html").render(words=words, tag=LANGUAGE_TAGS[language], **_ASSETS)


def _drawn(name: str, place: Place, **given: object) -> str:
    tongues = [
        (LANGUAGE_NAMES[language], LANGUAGE_TAGS[language], place.address(language=language))
        for language in Language
        if language is not spoken()
    ]
    return template(f"console/{name}.html").render(
        place=place,
        tongues=tongues,
        name_of=name_of,
        shown=shown,
        clock=say.clock,
        direct=DIRECT,
        safe=Markup,
        **_ASSETS,
        **given,
    )


def _cursor(messages: Sequence[Said], after: int, last: int) -> dict[str, int]:
    return {
        "after": max([after, *(said.version for said in messages)]),
        "last": max([last, *(said.id for said in messages)]),
    }


def _json(value: Any) -> Markup:
    written = json.dumps(value, ensure_ascii=False, indent=2)
    safe = "\n".join(map(say.seen_in_source, written.split("\n")))
    return Markup(highlight(safe, _lexer(), _formatter()))  # noqa: S704 - Pygments escapes


@cache
def _lexer() -> Lexer:
    return JsonLexer()


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="j-")


_ASSETS: Final = {
    "archive_stylesheet": ARCHIVE_STYLESHEET.path,
    "console_stylesheet": CONSOLE_STYLESHEET.path,
    "htmx": HTMX.path,
}
