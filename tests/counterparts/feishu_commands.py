"""The native slash commands of an app.

https://open.feishu.cn/document/mcp_open_tools/agent-best-practices/agent-supports-slash-commands
"""

from collections.abc import Mapping
from typing import Any

from tests.counterparts.feishu_tenant import Tenant
from tests.counterparts.feishu_values import Refused

COMMANDS_MAX = 100
_READ = "application:app_slash_command:read"
_WRITE = "application:app_slash_command:write"


class SlashCommands:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        #: By command_id, as they are listed.
        self.registered: dict[str, dict[str, Any]] = {}

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._tenant.require(_WRITE)
        name = body.get("command")
        if not isinstance(name, str) or not name or name.startswith("/"):
            raise _invalid("command")
        if any(each["command"] == name for each in self.registered.values()):
            raise Refused(40000000, "the command exists already")
        if len(self.registered) >= COMMANDS_MAX:
            raise _invalid("an app has 100 commands at most")
        made = {"command_id": self._tenant.new_id("cmd"), "command": name, **self._described(body)}
        made |= {"create_time": self._time(), "update_time": self._time()}
        self.registered[made["command_id"]] = made
        return {"command_id": made["command_id"]}

    def listed(self) -> dict[str, Any]:
        self._tenant.require(_READ, _WRITE)
        return {"items": list(self.registered.values())}

    def change(self, command_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._tenant.require(_WRITE)
        known = self._known(command_id)
        if body.get("command", known["command"]) != known["command"]:
            raise _invalid("command")
        known |= {**self._described(body), "update_time": self._time()}
        return {}

    def delete(self, command_id: str) -> dict[str, Any]:
        self._tenant.require(_WRITE)
        del self.registered[self._known(command_id)["command_id"]]
        return {}

    def _known(self, command_id: str) -> dict[str, Any]:
        if command_id not in self.registered:
            raise _invalid("command_id")
        return self.registered[command_id]

    def _described(self, body: Mapping[str, Any]) -> dict[str, Any]:
        description = body.get("description")
        if not isinstance(description, dict) or not description.get("default_value"):
            raise _invalid("description")
        if "icon" in body and not str(body["icon"].get("icon_key", "")).startswith("img_"):
            raise Refused(40000031, "the icon is invalid")
        # An icon inside the description is ignored.
        kept = {name: value for name, value in description.items() if name in {"default_value", "i18n"}}
        return {"description": kept, **({"icon": body["icon"]} if "icon" in body else {})}

    def _time(self) -> str:
        return str(int(self._tenant.now().timestamp()))


def _invalid(what: str) -> Refused:
    return Refused(99992402, f"field validation failed: {what}")
