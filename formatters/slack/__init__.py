"""Slack: what it draws of a reply, as the arguments of `chat.postMessage` or as a view. Pure dicts, within all limits.

Buttons are `commit.open`, `commit.deepen`, `digest.index`, `digest.retry`, `digest.day.0` … and `index.turn`; each
value is a question of `bot.core.commands`. The link button is `digest.browse` and asks nothing.
"""

from typing import Any, TypedDict, assert_never

from bot.core.language import _, spoken
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    Help,
    Notice,
    Progress,
    RangeView,
    Reply,
    SubscriptionList,
)
from formatters import wording as say
from formatters.slack import analysis, digest, fallback, limits, notices, ranges, wording
from formatters.slack.blocks import Block, cut, plain

View = dict[str, Any]


class SlackMessage(TypedDict):
    #: Escaped; at most 3,800 bytes of UTF-8.
    text: str
    #: At most 40, with at most 9,000 characters.
    blocks: list[Block]


def render(reply: Reply) -> SlackMessage:
    """A message in the language spoken. Post it without unfurling, and with `link_names` and `parse` left alone."""
    return {"text": fallback.text(reply), "blocks": _blocks(reply)}


def _blocks(reply: Reply) -> list[Block]:
    match reply:
        case DigestView():
            return digest.message(reply)
        case RangeView():
            return ranges.message(reply)
        case CommitIndex():
            return digest.index_message(reply)
        case AnalysisView():
            return analysis.message(reply)
        case SubscriptionList():
            return notices.subscriptions(reply)
        case Progress():
            return notices.progress(reply)
        case Notice():
            return notices.notice(reply)
        case Help():
            return notices.guide()
        case _:
            assert_never(reply)


def render_view(reply: Reply) -> View:
    """A modal, for `views.open`, `views.push` and `views.update`: https://docs.slack.dev/reference/views/modal-views

    A click in it comes without its channel, so that its `private_metadata` tells the language that it is drawn in.
    """
    match reply:
        case AnalysisView(entry=entry):
            return _view(f"{_(say.COMMIT)} {entry.commit.short_sha}", analysis.view(reply))
        case CommitIndex(digest=of):
            return _view(wording.all_commits(of), digest.index(reply))
        case _:
            return _view(wording.PRODUCT, _blocks(reply))


def _view(title: str, blocks: list[Block]) -> View:
    shown = plain(cut(title, limits.VIEW_TITLE_MAX), limits.VIEW_TITLE_MAX)
    return {
        "type": "modal",
        "title": shown,
        "close": plain(_(wording.CLOSE), limits.VIEW_TITLE_MAX),
        "blocks": blocks,
        "private_metadata": spoken().value,
    }
