"""What a card's button sends back when it is clicked: an object, since Feishu takes no strings.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.buttons import encode
from bot.core.commands import Question


class Act(StrEnum):
    """What to do with the question in a button."""

    #: Answer it in the thread of the card.
    ASK = "ask"
    #: Of the settings form, whose question is what the form shows.
    SAVE = "save"
    PREVIEW = "preview"
    #: Do it, and draw the form anew.
    IN_FORM = "in-form"
    #: Send what was written into the form of a feedback, whose question is the verdict.
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    act: Act
    #: As `bot.core.buttons.encode` makes it; not yet decoded, and never trusted.
    question: str
    #: In a form: what the form shows, so that it can be drawn again; empty elsewhere.
    shows: str = ""


def value(question: Question, act: Act = Act.ASK, *, shows: Question | None = None) -> dict[str, str]:
    return {"act": act.value, "question": encode(question), **({"shows": encode(shows)} if shows is not None else {})}


def pressed(value: object) -> Pressed | None:
    """None for what is none of ours."""
    match value:
        case {"act": str(act), "question": str(question), "shows": str(shows)} if act in set(Act):
            return Pressed(act=Act(act), question=question, shows=shows)
        case {"act": str(act), "question": str(question)} if act in set(Act):
            return Pressed(act=Act(act), question=question)
        case _:
            return None
