"""The archive on the web: the pages of `bot.core.addresses`, which can only be read. Nobody logs in.

Days, ranges and commits can be had as Markdown and JSON too, the days of a repository as a feed.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from bot.core.addresses import ROOT
from formatters.html import Asset
from handlers.archive import answers, refusals
from handlers.archive.asked import Usual
from handlers.archive.pages import Kind, Pages

__all__ = ["Pages", "Usual", "application", "mounted"]

_REPO: Final = ROOT + "/{owner}/{name}"
#: The first that fits is meant.
_PATHS: Final = {
    "/": Kind.REPOSITORIES,
    ROOT: Kind.REPOSITORIES,
    _REPO: Kind.CALENDAR,
    f"{_REPO}/search": Kind.SEARCH,
    f"{_REPO}/days.atom": Kind.FEED,
    f"{_REPO}/commits/{{sha}}": Kind.COMMIT,
    f"{_REPO}/{{days}}/authors": Kind.AUTHORS,
    f"{_REPO}/{{days}}/areas": Kind.AREAS,
    f"{_REPO}/{{days}}": Kind.DAYS,
}

_Endpoint = Callable[[Request], Awaitable[Response]]


def mounted(pages: Pages, *assets: Asset) -> BaseRoute:
    """To be the last route: it answers whatever no other one does."""
    return Mount("/", application(pages, *assets))


def application(pages: Pages, *assets: Asset) -> Starlette:
    """GET and HEAD of all pages, and of the files that they load."""

    async def refused(request: Request, error: Exception) -> Response:
        return refusals.of(request, error, pages.usual)

    routes = [Route(path, _page(pages, kind), methods=["GET"]) for path, kind in _PATHS.items()]
    routes += [Route(asset.path, _file(asset), methods=["GET"]) for asset in assets]
    archive = Starlette(routes=routes, exception_handlers={HTTPException: refused})
    archive.router.redirect_slashes = False  # it would lead to whatever host the request names
    return archive


def _page(pages: Pages, kind: Kind) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        return await pages.answer(kind, request)

    return endpoint


def _file(asset: Asset) -> _Endpoint:
    media_type = f"{asset.media_type}; charset=utf-8"
    file = answers.document(asset.content, media_type=media_type, keep=answers.FOR_EVER)

    async def endpoint(request: Request) -> Response:
        return answers.answer(file, request)

    return endpoint
