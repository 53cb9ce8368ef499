"""Makes the pages that requests ask for, and keeps for a minute what the public asks for."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from bot.core.addresses import Addresses, Format
from bot.core.browsing import Browsing, Visitor
from bot.core.days import Day
from bot.core.errors import BotError
from bot.core.language import speaking
from bot.core.linking import Signing
from bot.core.model import Repo
from bot.core.pages import CommitPage, DayPage, Feed, Page, RangePage
from bot.core.ports import Clock
from formatters import html, json, markdown
from formatters.html.environment import LANGUAGE_TAGS
from handlers.archive import asked, refusals
from handlers.archive.answers import Document, answer, document
from handlers.archive.asked import Usual

#: How long a page may differ from what is stored: a correction shows after it.
KEPT: Final = timedelta(minutes=1)
#: Pages in memory; one of 60 commits has some 20 kB compressed.
MOST: Final = 256
#: Pages that are made at a time; more of them would only hold up the chat.
AT_ONCE: Final = 4
#: Seconds that making one may take.
PATIENCE: Final = 10
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MEDIA_TYPES: Final = {
    Format.HTML: "text/html; charset=utf-8",
    Format.MARKDOWN: "text/markdown; charset=utf-8",
    Format.JSON: "application/json",
    Format.ATOM: "application/atom+xml; charset=utf-8",
}

log = structlog.get_logger()


class Kind(Enum):
    """What can be asked for."""

    REPOSITORIES = "repositories"
    CALENDAR = "calendar"
    DAYS = "days"
    COMMIT = "commit"
    SEARCH = "search"
    AUTHORS = "authors"
    AREAS = "areas"
    FEED = "feed"


#: What changes seldom, and what addresses there are of it is not for strangers to invent.
_KEPT: Final = frozenset({Kind.DAYS, Kind.COMMIT, Kind.AUTHORS, Kind.AREAS, Kind.FEED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    kind: Kind
    request: Request
    addresses: Addresses
    #: None where all repositories are asked for.
    repo: Repo | None
    visitor: Visitor | None

    @property
    def key(self) -> Hashable:
        """Of what is the same for all of the public."""
        which = self.request.path_params
        where = which.get("days") or which.get("sha")
        return self.kind, self.repo, where, self.addresses.zone.key, self.addresses.language


class Pages:
    def __init__(self, *, browsing: Browsing, signing: Signing, usual: Usual, base_url: str, now: Clock) -> None:
        """`base_url` is where the outside reaches the bot, for what is read elsewhere: a request names any host."""
        self.usual = usual
        self._browsing = browsing
        self._signing = signing
        self._base_url = base_url
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[datetime, Document]] = OrderedDict()
        self._renewed: dict[Hashable, asyncio.Task[None]] = {}
        self._making = asyncio.Semaphore(AT_ONCE)

    async def answer(self, kind: Kind, request: Request) -> Response:
        """Never raises."""
        try:
            with speaking(asked.tongue(request, self.usual)):
                return await self._answer(kind, request)
        except BotError as error:
            return refusals.of(request, error, self.usual)
        except (SQLAlchemyError, OSError, TimeoutError):
            log.exception("archive.unavailable", page=kind.value)
            return refusals.of(request, refusals.ArchiveUnavailable(), self.usual)
        except Exception as error:
            log.exception("archive.crashed", page=kind.value)
            return refusals.of(request, error, self.usual)

    async def _answer(self, kind: Kind, request: Request) -> Response:
        wish = self._wish(kind, request)
        async with asyncio.timeout(PATIENCE):
            if wish.visitor is not None or kind not in _KEPT:
                async with self._making:
                    made = await self._made(wish)
            else:
                made = self._at_hand(wish) or await self._once(wish)
        return answer(made, request, is_private=bool(request.query_params.get("signed")))

    def _wish(self, kind: Kind, request: Request) -> _Wish:
        asked.check_language(request)
        signature = request.query_params.get("signed", "")
        repo = None if kind is Kind.REPOSITORIES else asked.repo(request)
        visitor = self._signing.visitor(signature, repo) if repo is not None and signature else None
        addresses = Addresses(
            zone=asked.zone(request, self.usual),
            language=asked.tongue(request, self.usual),
            signature=signature if visitor is not None else "",
        )
        return _Wish(kind=kind, request=request, addresses=addresses, repo=repo, visitor=visitor)

    # What is kept

    def _at_hand(self, wish: _Wish) -> Document | None:
        """What is kept; one that is made anew meanwhile is shown a little longer, so that nobody waits for it."""
        if (known := self._known(wish)) is not None:
            return known
        if (known := self._known(wish, longer=KEPT)) is not None and wish.key not in self._renewed:
            task = asyncio.create_task(self._renew(wish))
            self._renewed[wish.key] = task
        return known

    def _known(self, wish: _Wish, *, longer: timedelta = timedelta()) -> Document | None:
        until, known = self._kept.get(wish.key, (_NEVER, None))
        return known if self._now() < until + longer else None

    async def _renew(self, wish: _Wish) -> None:
        try:
            await self._once(wish)
        except Exception:
            self._kept.pop(wish.key, None)  # whoever asks next is told
            log.warning("archive.not_renewed", page=wish.kind.value, exc_info=True)
        finally:
            del self._renewed[wish.key]

    async def _once(self, wish: _Wish) -> Document:
        async with self._making:
            if (known := self._known(wish)) is not None:  # who came before has made it
                return known
            made = await self._made(wish)
        self._kept[wish.key] = self._now() + KEPT, made
        self._kept.move_to_end(wish.key)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return made

    # What is made

    async def _made(self, wish: _Wish) -> Document:
        page, form = await self._page(wish)
        return await asyncio.to_thread(self._written, page, form, wish)  # the chat is answered meanwhile

    def _written(self, page: Page | Feed, form: Format, wish: _Wish) -> Document:
        return document(
            self._text(page, form, wish.addresses),
            media_type=_MEDIA_TYPES[form],
            language=LANGUAGE_TAGS[wish.addresses.language],
            keep=f"public, max-age={KEPT.seconds}" if wish.kind in _KEPT else "no-cache",
        )

    def _text(self, page: Page | Feed, form: Format, addresses: Addresses) -> str:
        match page, form:
            case Feed(), _:
                updated = max((digest.as_of for digest in page.digests), default=_NEVER)
                return html.feed(page, addresses, self._base_url, updated)
            case ((DayPage() | RangePage() | CommitPage()), Format.MARKDOWN):
                return markdown.render(page.view)
            case ((DayPage() | RangePage() | CommitPage()), Format.JSON):
                return json.render(page.view)
            case _:
                return html.render(page, addresses)

    async def _page(self, wish: _Wish) -> tuple[Page | Feed, Format]:
        """Raises NotFound and NotUnderstood."""
        if wish.repo is None:
            return await self._browsing.repositories(None), Format.HTML
        return await self._of(wish.repo, wish)

    async def _of(self, repo: Repo, wish: _Wish) -> tuple[Page | Feed, Format]:
        browsing, request, zone, visitor = self._browsing, wish.request, wish.addresses.zone, wish.visitor
        match wish.kind:
            case Kind.DAYS:
                when, form = asked.days(request, zone)
                if isinstance(when, Day):
                    return await browsing.day(repo, when, visitor), form
                return await browsing.span(repo, when, visitor), form
            case Kind.COMMIT:
                sha, form = asked.commit(request)
                return await browsing.commit(repo, sha, zone, visitor), form
            case Kind.SEARCH:
                number = asked.number(request, "page") or 1
                return await browsing.search(repo, zone, asked.words(request), visitor, page=number), Format.HTML
            case Kind.AUTHORS:
                return await browsing.authors(repo, asked.span(request, zone), visitor), Format.HTML
            case Kind.AREAS:
                return await browsing.areas(repo, asked.span(request, zone), visitor), Format.HTML
            case Kind.FEED:
                return await browsing.feed(repo, zone, visitor), Format.ATOM
            case _:
                return await browsing.calendar(repo, zone, visitor, year=asked.number(request, "year")), Format.HTML
