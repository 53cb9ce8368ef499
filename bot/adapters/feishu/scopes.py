"""What the bot must be allowed to do, as the manifest, `feishu setup`, README and `doctor` say it.

https://open.feishu.cn/document/server-docs/application-scope/scope-list
"""

from collections.abc import Iterable
from typing import Final

#: Without these something that is promised does not work; what each of them is for.
REQUIRED: Final = {
    "im:message:send_as_bot": "digests and answers, and updating them",
    "im:message.p2p_msg:readonly": "what people write to the bot",
    "im:message.group_at_msg:readonly": "what people write in groups, if they mention the bot",
    "im:resource": "reports as files",
}
#: What makes it better, and an administrator may refuse.
OPTIONAL: Final = {
    "im:chat:readonly": "greetings in new groups, an end in dead ones, and changing one's digests from elsewhere",
    "im:chat.access_event.bot_p2p_chat:read": "a greeting for people who open the bot's chat",
    "application:app_slash_command:read": "the command among those that people see when they type /",
    "application:app_slash_command:write": "the same, where it is not registered yet",
}
#: Others that contain one of them, or are what it was called before, so that an app which has one lacks nothing.
_INSTEAD: Final = {
    "im:message:send_as_bot": {"im:message"},
    "im:message.p2p_msg:readonly": {"im:message.p2p_msg"},
    "im:message.group_at_msg:readonly": {"im:message.group_at_msg", "im:message.group_msg"},
    "im:resource": {"im:resource:upload"},
    "im:chat:readonly": {"im:chat"},
}


def missing(granted: Iterable[str]) -> tuple[str, ...]:
    """The required scopes without which, or another that does as well, these are."""
    return _without(REQUIRED, set(granted))


def declined(granted: Iterable[str]) -> tuple[str, ...]:
    """The optional ones that are not."""
    return _without(OPTIONAL, set(granted))


def _without(wanted: Iterable[str], granted: set[str]) -> tuple[str, ...]:
    return tuple(scope for scope in wanted if not granted & {scope, *_INSTEAD.get(scope, ())})
