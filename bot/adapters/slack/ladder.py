"""Sends a message, or ever simpler ones that say the same, where Slack refuses what is in one."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from bot.adapters.slack.gateway import SlackGateway
from bot.core.errors import MessageRejected
from formatters.slack import SlackMessage

log = structlog.get_logger()


async def send(
    gateway: SlackGateway,
    workspace: str,
    method: str,
    rungs: Iterable[SlackMessage],
    arguments: Mapping[str, Any],
) -> str:
    """The id of the first message that Slack took; `arguments` are the method's others.

    Raises MessageRejected if it takes none, and what the gateway raises.
    """
    rejected = MessageRejected()
    for rung, message in enumerate(rungs):
        try:
            answer = await gateway.call(workspace, method, **arguments, **message)
        except MessageRejected as error:
            log.error("slack.message_rejected", workspace=workspace, method=method, rung=rung, error=str(error))
            rejected = error
        else:
            return str(answer.get("ts") or answer.get("message_ts"))
    raise rejected
