"""The archive's pages, as HTML that needs no script: values of `bot.core.pages` and where they are, nothing else.

Each page speaks the language of its addresses. There is no inline style or script in it, so that a strict
Content-Security-Policy can forbid both; all it loads is `STYLESHEET`.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.core.addresses import Addresses
from bot.core.errors import BotError
from bot.core.language import speaking
from bot.core.pages import (
    CalendarPage,
    CommitPage,
    Counts,
    DayPage,
    Feed,
    Page,
    RangePage,
    RepositoriesPage,
    SearchPage,
    SharesPage,
)
from bot.core.ranges import Span
from bot.core.replies import SearchResults
from formatters import found
from formatters import wording as say
from formatters.html import atom, frame, picture, reading
from formatters.html.calendar import months
from formatters.html.environment import STYLESHEET, Asset, template
from formatters.html.text import Words

__all__ = ["STYLESHEET", "Asset", "error", "feed", "render"]


def render(page: Page, addresses: Addresses) -> str:
    """A whole document. `addresses` are those of the zone and the language in which the page was asked for."""
    with speaking(addresses.language):
        match page:
            case RepositoriesPage():
                return _drawn("repositories.html", page, addresses)
            case CalendarPage():
                return _drawn("calendar.html", page, addresses, months=months(page))
            case DayPage():
                return _drawn("day.html", page, addresses, picture=picture.drawn(page.view.digest), span=_one_day(page))
            case RangePage():
                return _drawn("range.html", page, addresses, picture=picture.drawn(page.view.whole), **_days(page))
            case CommitPage():
                return _drawn("commit.html", page, addresses, reading=reading.of(page))
            case SearchPage():
                return _drawn("search.html", page, addresses, words=Words(page.words), summary=_found(page))
            case SharesPage():
                return _drawn("shares.html", page, addresses, most=_most(share.counts for share in page.shares))


def error(problem: BotError, status: int, addresses: Addresses) -> str:
    """What the error tells people, in the language in which it was raised; `status` is that of the HTTP response."""
    with speaking(addresses.language):
        of = frame.of_error(addresses)
        return template("error.html").render(problem=str(problem), status=status, addresses=addresses, frame=of)


def feed(feed: Feed, addresses: Addresses, base_url: str, updated: datetime) -> str:
    """An Atom feed. `base_url` is where the bot is, without a path; `updated` is when its newest day was sealed."""
    with speaking(addresses.language):
        return atom.written(feed, addresses, base_url.rstrip("/"), updated)


def _drawn(name: str, page: Page, addresses: Addresses, **more: object) -> str:
    return template(name).render(page=page, addresses=addresses, frame=frame.of(page, addresses), **more)


def _one_day(page: DayPage) -> Span:
    return Span(first=page.view.digest.day, last=page.view.digest.day)


def _days(page: RangePage) -> dict[str, object]:
    """Each day with its counts, and those of the busiest."""
    counts = [say.counts(entry.analysis.importance for entry in digest.entries) for digest in page.view.digests]
    return {"days": tuple(zip(page.view.digests, counts, strict=True)), "most": _most(counts)}


def _most(counts: Iterable[Counts]) -> int:
    return max([1, *(of.total for of in counts)])


def _found(page: SearchPage) -> str:
    if page.total:
        return found.all_of(page.repo, page.total, page.words)
    return found.summary(SearchResults(words=page.words, repo=page.repo, zone=page.zone, entries=(), total=0))
