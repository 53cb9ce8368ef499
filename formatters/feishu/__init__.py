"""Feishu: what it draws of a reply, as cards (JSON 2.0) within all limits, and as text where no card is taken.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from bot.core.replies import (
    AnalysisView,
    Answer,
    CommitIndex,
    DigestView,
    FeedbackForm,
    Help,
    Home,
    Notice,
    Progress,
    RangeView,
    Reply,
    Report,
    SearchResults,
    SettingsForm,
    SubscriptionList,
)
from formatters.feishu import (
    analysis,
    answers,
    cards,
    digest,
    fallback,
    forms,
    guide,
    home,
    index,
    notices,
    ranges,
    search,
    status,
)
from formatters.feishu.cards import Card, Content, FeishuMessage, Reach
from formatters.feishu.drawing import Drawing

__all__ = ["Card", "FeishuMessage", "Reach", "card", "following", "ladder", "render"]


def render(reply: Reply, reach: Reach = Reach.APP) -> FeishuMessage:
    """The message in the language spoken: the first of the ladder."""
    return next(ladder(reply, reach))


def ladder(reply: Reply, reach: Reach = Reach.APP) -> Iterator[FeishuMessage]:
    """The message, then what to post where Feishu refuses it: without tables and charts, reduced, and as plain text

    with links. Each is drawn when it is asked for, and differs from the one before; all but the last are cards.
    """
    last: Card | None = None
    for content in _rungs(reply, Drawing(reach=reach)):
        drawn = cards.made(content) if reach is Reach.APP else cards.made(content.without_questions())
        if drawn != last:
            yield {"msg_type": "interactive", "content": drawn}
        last = drawn
    yield {"msg_type": "post", "content": fallback.post(reply)}


def following(reply: Reply, reach: Reach = Reach.APP) -> list[FeishuMessage]:
    """What does not fit into the first message, for its thread, or below it where there are none."""
    drawing = Drawing(reach=reach)
    match reply:
        case DigestView():
            contents = digest.following(reply, drawing)
        case RangeView():
            contents = ranges.following(reply, drawing)
        case _:
            return []
    return [{"msg_type": "interactive", "content": cards.made(content)} for content in contents]


def card(reply: Reply, *, note: Notice | None = None) -> Card:
    """One card, to take the place of another one that was clicked in; `note` stands above the reply."""
    above = notices.notice(note).elements if note else ()
    return cards.made(_content(reply, Drawing(above=above)).below(above))


def _rungs(reply: Reply, drawing: Drawing) -> Iterator[Content]:
    yield _content(reply, drawing)
    match reply:
        case DigestView():
            yield _content(reply, replace(drawing, pictures=False))
            yield digest.reduced(reply, drawing)
        case RangeView():
            yield _content(reply, replace(drawing, pictures=False))
            yield ranges.reduced(reply, drawing)
        case CommitIndex(digest=of) if of.entries:
            yield digest.reduced(DigestView(digest=of), drawing)
        case AnalysisView():
            yield analysis.reduced(reply, drawing)
        case _:
            pass


def _content(reply: Reply, drawing: Drawing) -> Content:
    match reply:
        case DigestView():
            return digest.content(reply, drawing)
        case RangeView():
            return ranges.content(reply, drawing)
        case CommitIndex():
            return index.content(reply, drawing)
        case AnalysisView():
            return analysis.content(reply, drawing)
        case SubscriptionList():
            return status.content(reply)
        case Home():
            return home.content(reply)
        case SettingsForm():
            return forms.settings(reply)
        case FeedbackForm():
            return forms.feedback(reply)
        case Report():
            return notices.report(reply)
        case SearchResults():
            return search.content(reply)
        case Answer():
            return answers.content(reply)
        case Progress():
            return notices.progress(reply)
        case Notice():
            return notices.notice(reply)
        case Help():
            return guide.content()
        case _:
            assert_never(reply)
