"""What a click is answered with: a line for who clicked, and perhaps another card in the place of the one clicked in.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
"""

from typing import Any, Final, Literal

from bot.core.language import N_
from bot.core.replies import Notice, Reply
from formatters.feishu import card
from formatters.text import cut, visible

#: Seconds that a click waits for its answer, which may also come below the card; Feishu waits for 3, people for less.
ANSWER_WITHIN: Final = 0.1
#: Seconds that a form waits for its outcome, which would change the card a second time.
OUTCOME_WITHIN: Final = 0.2
#: Seconds after which Feishu has seen the answer, and does not put back what changes then.
SETTLES_WITHIN: Final = 0.3

#: Characters, of what may be an echo of all that somebody has entered.
_TOAST_MAX: Final = 300

Kind = Literal["info", "success", "error"]

FOLLOWS: Final = N_("The answer comes into the thread.")
ONE_MOMENT: Final = N_("One moment…")


def toast(kind: Kind, text: str, shown: Reply | None = None, *, note: Notice | None = None) -> dict[str, Any]:
    """`shown` takes the place of the card for all who see it, `note` above it."""
    answer: dict[str, Any] = {"toast": {"type": kind, "content": cut(visible(text), _TOAST_MAX)}}
    return answer if shown is None else answer | {"card": {"type": "raw", "data": card(shown, note=note)}}
