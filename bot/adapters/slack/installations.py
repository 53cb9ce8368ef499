"""The tokens of all workspaces that have installed the app: renewed before they expire, for posts as for requests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from cryptography.fernet import InvalidToken
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.failures import FAILURES, code_of
from bot.adapters.slack.stores import InstallationStore
from bot.core.errors import CredentialsRejected, NotInstalled, PlatformUnavailable
from bot.core.language import _
from bot.core.ports import Clock

#: A token lives for twelve hours and is renewed when it has less than this left:
#: https://docs.slack.dev/authentication/using-token-rotation
RENEW_WITHIN: Final = timedelta(hours=2)
#: Minutes from now at which any token has expired, for slack_sdk, which would decide by its own clock.
_ALWAYS: Final = 60 * 24 * 365 * 100

log = structlog.get_logger()


class Installations:
    """Implements `Tokens` of the gateway. Any number of processes may renew the tokens of one database."""

    def __init__(
        self, store: InstallationStore, *, client_id: str, client_secret: str, client: AsyncWebClient, now: Clock
    ) -> None:
        self._store = store
        self._rotator = AsyncTokenRotator(client_id=client_id, client_secret=client_secret, client=client)
        self._now = now

    async def workspaces(self) -> Sequence[str]:
        return await self._store.workspaces()

    async def token(self, workspace: str) -> str:
        return (await self.bot(workspace)).bot_token

    async def renewed(self, workspace: str, rejected: str) -> str:
        async with self._store.changing(workspace):
            bot = await self._stored(workspace)
            if bot.bot_token == rejected:
                bot = await self._renew(bot, workspace)
        if bot.bot_token == rejected:
            raise _expired()
        return bot.bot_token

    async def bot(self, workspace: str) -> Bot:
        """The bot of the workspace with a token that is good for some time.

        Raises NotInstalled, CredentialsRejected, PlatformUnavailable.
        """
        bot = await self._stored(workspace)
        if not self._expires(bot, RENEW_WITHIN):
            return bot
        async with self._store.changing(workspace):
            bot = await self._stored(workspace)  # somebody else may have renewed it while we waited
            return await self._renew(bot, workspace) if self._expires(bot, RENEW_WITHIN) else bot

    async def forget(self, workspace: str) -> None:
        """Deletes the tokens of the workspace."""
        await self._store.forget_bot(workspace)

    async def installed_after(self, workspace: str, instant: datetime) -> bool:
        """Whether what is installed in the workspace now was installed in a later second than that."""
        installed_at = await self._store.installed_at(workspace)
        return installed_at is not None and installed_at >= instant + timedelta(seconds=1)

    async def _stored(self, workspace: str) -> Bot:
        try:
            bot = await self._store.bot(workspace)
        except InvalidToken:
            log.error("slack.token_unreadable", workspace=workspace)
            raise CredentialsRejected(
                _("The bot's token was stored with a key that is not known any more. Please reinstall the Slack app.")
            ) from None
        if bot is None:
            raise NotInstalled
        return bot

    def _expires(self, bot: Bot, within: timedelta) -> bool:
        if bot.bot_token_expires_at is None:
            return False
        return bot.bot_token_expires_at <= (self._now() + within).timestamp()

    async def _renew(self, bot: Bot, workspace: str) -> Bot:
        if not bot.bot_refresh_token:
            return bot
        try:
            renewed = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=_ALWAYS)
        except SlackTokenRotationError as error:
            return await self._despite(error.api_error, bot, workspace)
        except FAILURES as error:
            return await self._despite(error, bot, workspace)
        if renewed is None:
            return bot
        await self._store.async_save_bot(renewed)
        log.info("slack.token_renewed", workspace=workspace)
        return renewed

    async def _despite(self, error: Exception, bot: Bot, workspace: str) -> Bot:
        """The old token may still do. A refresh token is good for one use, and its answer may have got lost."""
        log.warning("slack.token_not_renewed", workspace=workspace, code=code_of(error))
        stored = await self._stored(workspace)
        if stored.bot_token != bot.bot_token or not self._expires(stored, timedelta()):
            return stored
        raise _expired() if isinstance(error, SlackApiError) else PlatformUnavailable() from error


def _expired() -> CredentialsRejected:
    return CredentialsRejected(_("The bot's token has expired and cannot be renewed. Please reinstall the Slack app."))
