"""Slack: what it draws of a reply, as the arguments of `chat.postMessage` or as a view. Pure dicts, within all limits.

Buttons are `commit.open`, `commit.deepen`, `digest.index`, `digest.report`, `digest.retry`, `digest.settings`,
`digest.share`, `digest.day.previous`, `digest.day.next`, `digest.day.0` …, `index.turn` and `offer.0` …; each value is
a question of `bot.core.commands`. The link button is `digest.browse` and asks nothing.

Those of windows and of App Home are `commit.turn.…` and `commit.page.…` (the same window goes on), `commit.share`,
`commit.browse`, `feedback.up`, `feedback.down`, `settings.…`, `home.…`; those of a status `delivery.send.0` … and
`subscription.resume.0` …
"""

from collections.abc import Iterator
from typing import Any, TypedDict, assert_never

from bot.core.language import _
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
from formatters import health, labels
from formatters import wording as say
from formatters.slack import (
    analysis,
    answers,
    digest,
    fallback,
    forms,
    home,
    index,
    limits,
    notices,
    ranges,
    search,
    status,
    wording,
)
from formatters.slack.blocks import Block, cut, plain, section
from formatters.slack.native import PLAIN, Native

__all__ = ["PLAIN", "Native", "SlackMessage", "View", "ladder", "render", "render_home", "render_view", "thread"]

View = dict[str, Any]


class SlackMessage(TypedDict):
    #: Escaped; at most 3,800 bytes of UTF-8.
    text: str
    #: At most 40, those in containers counted, with at most 9,000 characters. None in what is left when blocks fail.
    blocks: list[Block]


def render(reply: Reply, native: frozenset[Native] = PLAIN) -> SlackMessage:
    """A message in the language spoken. Post it without unfurling, and with `link_names` and `parse` left alone.

    With `native`, some of its blocks are such as not every place where a message is posted may know.
    """
    return {"text": fallback.text(reply), "blocks": _blocks(reply, native)}


def ladder(reply: Reply, native: frozenset[Native] = PLAIN) -> Iterator[SlackMessage]:
    """The message, then what to post where Slack refuses it: without native blocks, reduced, and as text alone.

    Each is drawn when it is asked for, and differs from the one before.
    """
    text = fallback.text(reply)
    last: list[Block] | None = None
    for blocks in _rungs(reply, native):
        if blocks != last:
            yield {"text": text, "blocks": blocks}
        last = blocks


def _rungs(reply: Reply, native: frozenset[Native]) -> Iterator[list[Block]]:
    yield _blocks(reply, native)
    if native:
        yield _blocks(reply, PLAIN)
    match reply:
        case DigestView():
            yield digest.reduced(reply)
        case RangeView():
            yield ranges.reduced(reply)
        case _:
            pass
    yield []


def thread(reply: Reply) -> list[SlackMessage]:
    """What stands in the thread of a message: all commits of a digest whose framing says so. Nothing for others."""
    if not isinstance(reply, DigestView) or not reply.framing.in_thread:
        return []
    listings = digest.thread(reply)
    texts = fallback.thread(reply.digest, [listing.number for listing in listings])
    return [{"text": text, "blocks": listing.blocks} for text, listing in zip(texts, listings, strict=True)]


def _blocks(reply: Reply, native: frozenset[Native]) -> list[Block]:
    match reply:
        case DigestView():
            return digest.message(reply, native)
        case RangeView():
            return ranges.message(reply, native)
        case CommitIndex():
            return index.message(reply)
        case AnalysisView():
            return analysis.message(reply)
        case SubscriptionList():
            return status.message(reply)
        case Home():
            return home.message(reply)
        case SettingsForm():
            return forms.settings_message(reply)
        case FeedbackForm():
            return [section(health.question(reply.sha))]
        case Report():
            return [section(fallback.text(reply))]
        case SearchResults():
            return search.message(reply)
        case Answer():
            return answers.message(reply)
        case Progress():
            return notices.progress(reply)
        case Notice():
            return notices.notice(reply)
        case Help():
            return notices.guide()
        case _:
            assert_never(reply)


def render_view(reply: Reply, *, note: Notice | None = None) -> View:
    """A modal, for `views.open`, `views.push` and `views.update`: https://docs.slack.dev/reference/views/modal-views

    `note` stands above the reply: what has become of something that was done in the window.
    """
    above = notices.notice(note) if note else []
    match reply:
        case AnalysisView(entry=entry):
            return _view(f"{_(say.COMMIT)} {entry.commit.short_sha}", [*above, *analysis.view(reply)])
        case CommitIndex(digest=of):
            return _view(labels.all_commits(len(of.entries)), [*above, *index.view(reply)])
        case SettingsForm():
            return {**_view(_("Digest settings"), [*above, *forms.settings(reply)]), **forms.submit(reply)}
        case FeedbackForm():
            return {**_view(_("Feedback"), [*above, *forms.feedback(reply)]), **forms.submit(reply)}
        case _:
            return _view(labels.PRODUCT, [*above, *_blocks(reply, PLAIN)])


def render_home(reply: Reply, *, note: Notice | None = None) -> View:
    """App Home, for `views.publish`: https://docs.slack.dev/surfaces/app-home"""
    above = notices.notice(note) if note else []
    return {
        "type": "home",
        "blocks": [*above, *(home.view(reply) if isinstance(reply, Home) else _blocks(reply, PLAIN))],
    }


def _view(title: str, blocks: list[Block]) -> View:
    shown = plain(cut(title, limits.VIEW_TITLE_MAX), limits.VIEW_TITLE_MAX)
    return {
        "type": "modal",
        "title": shown,
        "close": plain(_(wording.CLOSE), limits.VIEW_TITLE_MAX),
        "blocks": blocks,
    }
