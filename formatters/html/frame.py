"""What stands around every page: its title, where it belongs, and what else it can be had as."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.core.addresses import Addresses, Format
from bot.core.language import N_, Language, _
from bot.core.model import Repo
from bot.core.pages import (
    CalendarPage,
    CommitPage,
    DayPage,
    Page,
    RangePage,
    RepositoriesPage,
    SearchPage,
    SharesPage,
)
from formatters import wording as say
from formatters.html.environment import LANGUAGE_NAMES, LANGUAGE_TAGS

REPOSITORIES = N_("Repositories")
SEARCH = N_("Search")
AUTHORS = N_("Authors")
AREAS = N_("Areas")


class Link(NamedTuple):
    name: str
    #: None: it is the page itself.
    address: str | None


class Alternate(NamedTuple):
    """The same in another format."""

    name: str
    media_type: str
    address: str


class Tongue(NamedTuple):
    """The same in another language."""

    name: str
    tag: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    #: In the window's title, the most telling first.
    title: str
    #: From the list of repositories to the page itself.
    trail: tuple[Link, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    tongues: tuple[Tongue, ...] = ()
    #: The repository whose commits can be searched from the page.
    searched: Repo | None = None
    #: Only who holds the signed link may see it, so that nobody should find it.
    is_private: bool = False


def of(page: Page, addresses: Addresses) -> Frame:
    trail = (Link(_(REPOSITORIES), addresses.repositories()), *_trail(page, addresses))
    here = trail[-1]._replace(address=None)
    return Frame(
        title=" · ".join(link.name for link in reversed((*trail[1:-1], here))),
        trail=(*trail[:-1], here),
        alternates=tuple(_alternates(page, addresses)),
        tongues=tuple(_tongues(page, addresses)),
        searched=None if isinstance(page, SearchPage) else _repo(page),
        is_private=bool(addresses.signature),
    )


def of_error(addresses: Addresses) -> Frame:
    return Frame(title=_("Error"), trail=(Link(_(REPOSITORIES), addresses.repositories()),), is_private=True)


def address_of(page: Page, addresses: Addresses) -> str:
    """Where the page is."""
    match page:
        case RepositoriesPage():
            return addresses.repositories()
        case CalendarPage(repo=repo, year=year):
            return addresses.repository(repo, year=year)
        case DayPage(view=view):
            return addresses.day(view.digest.day, view.digest.repo)
        case RangePage(view=view, span=span):
            return addresses.span(view.repo, span)
        case CommitPage(view=view):
            return addresses.commit(view.repo, view.entry.commit.sha)
        case SearchPage(repo=repo, words=words, page=number):
            return addresses.search(repo, words, number)
        case SharesPage(repo=repo, span=span, of_authors=of_authors):
            return addresses.authors(repo, span) if of_authors else addresses.areas(repo, span)


def _repo(page: Page) -> Repo | None:
    match page:
        case RepositoriesPage():
            return None
        case DayPage(view=view):
            return view.digest.repo
        case RangePage(view=view) | CommitPage(view=view):
            return view.repo
        case CalendarPage(repo=repo) | SearchPage(repo=repo) | SharesPage(repo=repo):
            return repo


def _trail(page: Page, addresses: Addresses) -> Iterator[Link]:
    repo = _repo(page)
    if repo is not None:
        yield Link(str(repo), addresses.repository(repo))
    match page:
        case CalendarPage(year=year):
            yield Link(str(year), None)
        case DayPage(view=view):
            yield Link(view.digest.day.date.isoformat(), None)
        case RangePage(span=span):
            yield Link(say.dates(span), None)
        case CommitPage(view=view, day=day):
            if day is not None:
                yield Link(day.date.isoformat(), addresses.day(day, view.repo))
            yield Link(view.entry.commit.short_sha, None)
        case SearchPage():
            yield Link(_(SEARCH), None)
        case SharesPage(repo=repo, span=span, of_authors=of_authors):
            days = addresses.span(repo, span)
            yield Link(say.dates(span), addresses.day(span.first, repo) if span.first == span.last else days)
            yield Link(_(AUTHORS if of_authors else AREAS), None)
        case RepositoriesPage():
            pass


def _alternates(page: Page, addresses: Addresses) -> Iterator[Alternate]:
    for form, name, media_type in (
        (Format.MARKDOWN, "Markdown", "text/markdown"),
        (Format.JSON, "JSON", "application/json"),
    ):
        match page:
            case DayPage(view=view):
                yield Alternate(name, media_type, addresses.day(view.digest.day, view.digest.repo, form))
            case RangePage(view=view, span=span):
                yield Alternate(name, media_type, addresses.span(view.repo, span, form))
            case CommitPage(view=view):
                yield Alternate(name, media_type, addresses.commit(view.repo, view.entry.commit.sha, form))
            case _:
                pass
    if (repo := _repo(page)) is not None:
        yield Alternate("Atom", "application/atom+xml", addresses.feed(repo))


def _tongues(page: Page, addresses: Addresses) -> Iterator[Tongue]:
    for language in Language:
        if language is not addresses.language:
            there = address_of(page, replace(addresses, language=language))
            yield Tongue(LANGUAGE_NAMES[language], LANGUAGE_TAGS[language], there)
