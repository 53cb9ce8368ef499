"""Installing the app: `/slack/install` sends people to Slack, Slack sends them back to `/slack/oauth_redirect`.

https://docs.slack.dev/authentication/installing-with-oauth
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.adapters.slack.failures import FAILURES, code_of
from bot.adapters.slack.manifest import REDIRECT_PATH
from bot.adapters.slack.scopes import OPTIONAL, REQUIRED
from bot.core.errors import BotError
from bot.core.language import N_, Language, _, speaking
from bot.core.ports import Subscriptions
from bot.core.subscriptions import Platform

INSTALL_PATH: Final = "/slack/install"

_DENIED: Final = N_("The app was not installed.")
_STALE: Final = N_("This link has expired or was used before.")
_ORGANISATION: Final = N_("The app cannot be installed into a whole organisation. Please choose one workspace.")
_FAILED: Final = N_("Slack did not confirm the installation.")
#: By the reasons of `AsyncOAuthFlow.handle_callback`, and those of Slack.
_REASONS: Final = {
    "access_denied": _DENIED,
    "invalid_browser": _STALE,
    "invalid_state": _STALE,
    "missing_code": _STALE,
    "storage_error": _ORGANISATION,
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Of the app, from its page at api.slack.com/apps."""

    client_id: str
    client_secret: str
    #: Where people are sent to: https://slack.com/oauth/v2/authorize
    authorization_url: str
    #: Where the outside reaches our HTTP port.
    public_url: str


class InstallFlow(AsyncOAuthFlow):
    """slack_sdk's flow, with our pages; what goes wrong on the way to Slack is told, not raised."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        client: AsyncWebClient,
        installations: AsyncInstallationStore,
        states: AsyncOAuthStateStore,
        subscriptions: Subscriptions,
        language: Language,
    ) -> None:
        self._subscriptions = subscriptions
        self._language = language
        settings = AsyncOAuthSettings(
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            authorization_url=credentials.authorization_url,
            scopes=[*REQUIRED, *OPTIONAL],
            user_scopes=[],
            redirect_uri=credentials.public_url + REDIRECT_PATH,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            install_page_rendering_enabled=False,
            installation_store=installations,
            state_store=states,
            callback_options=AsyncCallbackOptions(success=self._installed, failure=self._failed),
        )
        super().__init__(client=client, logger=_logger(), settings=settings)

    async def run_installation(self, code: str) -> Installation | None:
        try:
            return await super().run_installation(code)
        except FAILURES as error:
            log.warning("slack.install_failed", code=code_of(error))
            return None

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:
        if installation.is_enterprise_install or not installation.team_id:
            raise BoltError("an organisation")
        await super().store_installation(request, installation)
        # What was broken by an earlier removal goes on.
        await self._subscriptions.mend_workspace(Platform.SLACK, installation.team_id)

    async def _installed(self, args: AsyncSuccessArgs) -> BoltResponse:
        installation = args.installation
        log.info("slack.installed", workspace=installation.team_id)
        with speaking(self._language):
            return _page(
                200,
                _("Dynamo Digest is installed in {workspace}.", workspace=installation.team_name or ""),
                _("In a channel: /invite the app, then type /dynamo-digest help."),
            )

    async def _failed(self, args: AsyncFailureArgs) -> BoltResponse:
        log.warning("slack.not_installed", reason=args.reason[:100])
        with speaking(self._language):
            again = _("Begin again at {address}.", address=INSTALL_PATH)
            return _page(args.suggested_status_code, _(_REASONS.get(args.reason, _FAILED)), again)


class InstalledWorkspaces(AsyncAuthorize):
    """Gives each request the token of the workspace that it comes from; without one, people are told to reinstall."""

    def __init__(self, bot: Callable[[str], Awaitable[Bot]]) -> None:
        super().__init__()
        self._bot = bot

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None, **_others: Any
    ) -> AuthorizeResult | None:
        try:
            bot = await self._bot(team_id or "")
        except BotError as error:
            log.warning("slack.not_authorized", workspace=team_id, error=str(error))
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=bot.bot_user_id,
            bot_id=bot.bot_id,
            bot_token=bot.bot_token,
            bot_scopes=bot.bot_scopes,
            user_id=user_id,
        )


def routes(flow: InstallFlow) -> Sequence[Route]:
    async def begin(request: Request) -> Response:
        return to_starlette_response(await flow.handle_installation(await _asked(request)))

    async def end(request: Request) -> Response:
        return to_starlette_response(await flow.handle_callback(await _asked(request)))

    return [Route(INSTALL_PATH, begin, methods=["GET"]), Route(REDIRECT_PATH, end, methods=["GET"])]


async def _asked(request: Request) -> AsyncBoltRequest:
    return to_async_bolt_request(request, await request.body())


def _page(status: int, *sentences: str) -> BoltResponse:
    shown = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    body = f'<!doctype html><meta charset="utf-8"><title>Dynamo Digest</title>{shown}'
    return BoltResponse(status=status, body=body, headers={"Content-Type": "text/html; charset=utf-8"})


class _WithoutCodes(logging.Filter):
    """slack_sdk logs the code that it could not redeem."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = re.sub(r"code: \S+", "code: …", str(record.msg))
        return True


def _logger() -> logging.Logger:
    logger = logging.getLogger("slack_bolt.InstallFlow")
    logger.filters = [_WithoutCodes()]
    return logger
