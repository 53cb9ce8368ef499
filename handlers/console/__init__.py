"""The console over HTTP: pages that work without a script, forms, and what is new for those that have one.

`/console/c/general` is a channel, `…/news` what has changed in it, `…/m/7?view=slack` a message as Slack shows it.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

from bot.core.conversations import DIRECT, GENERAL
from bot.core.errors import BotError
from bot.core.language import N_, Language, _, speaking
from formatters.html import console as draw
from handlers.console.answers import Answers, Services
from handlers.console.guard import Guard
from handlers.console.requests import TokenWrong, accepted, chosen, sent

__all__ = ["Answers", "ConsolePages", "Services", "refusing", "routes"]

#: Characters of a channel's name.
NAME_MAX: Final = 80
#: A page loads its stylesheet and script once: their addresses change with what is in them.
_FOR_EVER: Final = "max-age=31536000, immutable"
_ELSEWHERE: Final = N_("The console answers browsers on this machine only, at http://127.0.0.1 or http://localhost.")


def routes(pages: "ConsolePages") -> list[BaseRoute]:
    """Nothing else may answer below `/console`."""
    guarded = [
        Route("/", pages.first),
        Route("/open", pages.open),
        Route("/c/{channel}", pages.channel),
        Route("/c/{channel}/news", pages.news),
        Route("/c/{channel}/m/{number:int}", pages.message),
        Route("/c/{channel}/m/{number:int}/file", pages.file),
        Route("/c/{channel}/say", pages.say, methods=["POST"]),
        Route("/c/{channel}/press", pages.press, methods=["POST"]),
        Route("/static/{name}", _asset),
    ]
    router = Guard(Router(guarded, redirect_slashes=False), _refused)
    return [Route("/console", pages.first), Mount("/console", app=router)]


def refusing(why: str) -> BaseRoute:
    """In the place of a console that there cannot be."""

    async def refuse(_request: Request) -> Response:
        return PlainTextResponse(f"{why}\n", 403)

    return Route("/console{rest:path}", refuse, methods=["GET"])


def _refused(headers: Headers) -> Response:
    language = accepted(headers.get("accept-language", "")) or Language.EN
    with speaking(language):
        return HTMLResponse(draw.refusal(_(_ELSEWHERE), language), 403)


async def _asset(request: Request) -> Response:
    for asset in draw.ASSETS:
        if asset.path == request.url.path:
            return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": _FOR_EVER})
    return PlainTextResponse("", 404)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who looks at which channel."""

    place: draw.Place
    #: In which people are answered; None: that of the channel.
    language: Language | None
    has_script: bool


class ConsolePages:
    def __init__(self, services: Services, answers: Answers, *, zone: ZoneInfo) -> None:
        self._conversations = services.conversations
        self._desk = services.desk
        self._answers = answers
        self._zone = zone
        #: Only pages of this process know it.
        self._token = token_urlsafe()

    async def first(self, _request: Request) -> Response:
        return RedirectResponse(f"/console/c/{GENERAL}", 303)

    async def open(self, request: Request) -> Response:
        name = _name(request.query_params.get("name", ""))
        return RedirectResponse(f"/console/c/{quote(name, safe='@')}", 303)

    async def channel(self, request: Request) -> Response:
        asked = self._asked(request)
        with self._speaking(asked):
            underway = self._answers.underway(asked.place.channel)  # before the answers that end it
            messages = await self._conversations.since(asked.place.channel, 0)
            names = dict.fromkeys([GENERAL, *await self._conversations.channels(), asked.place.channel])
            channels = [*(name for name in names if name != DIRECT), DIRECT]
            return HTMLResponse(draw.page(asked.place, channels, messages, underway))

    async def news(self, request: Request) -> Response:
        """Nothing (204) where nothing has changed."""
        asked = self._asked(request)
        after, last = (_number(request.query_params.get(name, "")) for name in ("after", "last"))
        with self._speaking(asked):
            underway = self._answers.underway(asked.place.channel)  # before the answers that end it
            changed = await self._conversations.since(asked.place.channel, after)
            if not changed and draw.shown(underway) == request.query_params.get("shown", ""):
                return Response(status_code=204)
            return HTMLResponse(draw.news(asked.place, changed, underway, after=after, last=last))

    async def message(self, request: Request) -> Response:
        asked = self._asked(request)
        said = await self._conversations.by_id(asked.place.channel, request.path_params["number"])
        if said is None or not said.utterance.drawing.html:
            return RedirectResponse(asked.place.address(), 303)
        view = "feishu" if request.query_params.get("view") == "feishu" else "slack"
        with self._speaking(asked):
            return HTMLResponse(draw.message(asked.place, said, view))

    async def file(self, request: Request) -> Response:
        asked = self._asked(request)
        said = await self._conversations.by_id(asked.place.channel, request.path_params["number"])
        if said is None or said.utterance.attachment is None:
            return RedirectResponse(asked.place.address(), 303)
        name = quote(said.utterance.attachment.name)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(said.utterance.attachment.text, media_type="text/markdown", headers=headers)

    async def say(self, request: Request) -> Response:
        """Answers with the page, or for a script with an empty form to type into."""
        asked = self._asked(request)
        with self._speaking(asked):
            try:
                form = await sent(request, self._token)
            except BotError as error:
                return _wrong(error, asked)
            if text := form.one("text").strip():
                about = form.number("about")
                await self._answers.typed(asked.place.channel, text, asked.language, about=about)
            return self._seen(asked, draw.composer(asked.place))

    async def press(self, request: Request) -> Response:
        asked = self._asked(request)
        with self._speaking(asked):
            try:
                form = await sent(request, self._token)
                await self._answers.pressed(asked.place.channel, form, asked.language)
            except BotError as error:
                return _wrong(error, asked)
            return self._seen(asked, "")

    def _seen(self, asked: _Asked, fragment: str) -> Response:
        """A script is told to look for what is new; without one, the page is loaded anew."""
        if asked.has_script:
            return HTMLResponse(fragment, 200 if fragment else 204, headers={"HX-Trigger": "said"})
        return RedirectResponse(f"{asked.place.address()}#newest", 303)

    def _asked(self, request: Request) -> _Asked:
        name = _name(request.path_params["channel"])
        language = chosen(request)
        place = draw.Place(channel=name, token=self._token, zone=self._zone, language=language)
        liked = language or accepted(request.headers.get("accept-language", ""))
        return _Asked(place=place, language=liked, has_script="hx-request" in request.headers)

    def _speaking(self, asked: _Asked) -> AbstractContextManager[None]:
        return speaking(asked.language or self._desk.default_language)


def _wrong(error: BotError, asked: _Asked) -> Response:
    status = 403 if isinstance(error, TokenWrong) else 400
    return HTMLResponse(draw.refusal(str(error), asked.language or Language.EN), status)


def _name(text: str) -> str:
    """On one line, without what addresses would take for something else."""
    return "-".join(text.lstrip("#").replace("/", " ").split())[:NAME_MAX].strip(".") or GENERAL


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
