"""The native slash command, offered while somebody types `/`; what is chosen arrives as an ordinary message.

Source: https://open.feishu.cn/document/mcp_open_tools/agent-best-practices/agent-supports-slash-commands
"""

from typing import Any, Final

import structlog

from bot.adapters.feishu.failures import AlreadyThere
from bot.adapters.feishu.gateway import FeishuGateway
from bot.core.language import N_, Language, _, speaking

COMMAND: Final = "dynamo-digest"
DESCRIPTION: Final = N_("The day's commits, explained")

LIST: Final = "GET /open-apis/application/v7/app_slash_commands"
CREATE: Final = "POST /open-apis/application/v7/app_slash_commands"
CHANGE: Final = "PATCH /open-apis/application/v7/app_slash_commands/:command_id"

#: Our languages, as Feishu names them.
_LOCALES: Final = {Language.EN: "en_us", Language.ZH: "zh_cn"}

log = structlog.get_logger()


async def register(gateway: FeishuGateway) -> None:
    """Makes Feishu know the command as it is described now; doing it again changes nothing.

    Raises ScopeMissing without `application:app_slash_command:read` and `…:write`, and what the gateway raises.
    """
    known = await _registered(gateway)
    if known is None:
        try:
            await gateway.call(CREATE, body={"command": COMMAND, "description": description()})
            log.info("feishu.slash_command_created", command=COMMAND)
            return
        except AlreadyThere:  # another process was faster, or the answer to an attempt before this one got lost
            known = await _registered(gateway)
    if known is not None and known.get("description") != description():
        await gateway.call(CHANGE, path={"command_id": str(known["command_id"])}, body={"description": description()})
        log.info("feishu.slash_command_changed", command=COMMAND)


def description() -> dict[str, Any]:
    """In each language; readers whose language is none of ours see the first."""
    spoken = {}
    for language, locale in _LOCALES.items():
        with speaking(language):
            spoken[locale] = _(DESCRIPTION)
    return {"default_value": spoken[_LOCALES[Language.EN]], "i18n": spoken}


async def _registered(gateway: FeishuGateway) -> dict[str, Any] | None:
    """The command as Feishu knows it. An app has a hundred at most, which stand on one page."""
    answer = await gateway.call(LIST)
    found = (each for each in (answer.get("data") or {}).get("items") or () if each.get("command") == COMMAND)
    return next(found, None)
