"""What people entered into the form of a subscription, as Feishu sends it.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
"""

from collections.abc import Mapping
from typing import Any

from bot.core.form import Entered
from formatters import fields

#: A click's `form_value`, by the names of the fields; what was left empty may be missing.
Values = Mapping[str, Any]


def entered(values: Values) -> Entered:
    more = _many(values, fields.MORE)
    return Entered(
        repo=text(values, fields.REPO) if fields.REPO in values else None,
        at=text(values, fields.AT).partition(" ")[0],  # without the offset of its zone
        zone=text(values, fields.ZONE),
        language=text(values, fields.LANGUAGE),
        quiet=text(values, fields.QUIET),
        days=_many(values, fields.DAYS),
        minimum=text(values, fields.MINIMUM),
        conditions={name: text(values, name) for name in fields.CONDITIONS},
        no_bots=fields.NO_BOTS in more,
        in_thread=fields.IN_THREAD in more,
    )


def text(values: Values, name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def _many(values: Values, name: str) -> list[str]:
    value = values.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
