"""App Home: what the workspace follows, how it fares, and buttons for it."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.core.commands import OpenSettings, PauseDigests, ResumeDigests, SendNow, ShowHome, Unsubscribe
from bot.core.language import N_, _
from bot.core.replies import Home, Listed
from formatters import health, labels
from formatters.slack import blocks, forms, limits, status
from formatters.slack.blocks import Block

#: Each takes two blocks; with title, buttons and a notice they stay below a view's 100.
_SHOWN: Final = 45
#: In a message, where they have no buttons.
_PAGES: Final = 2

_TITLE: Final = N_("What this workspace follows")
_NEW: Final = N_("New subscription")
_NOTHING: Final = N_("This workspace follows no repository yet.")


def view(reply: Home) -> list[Block]:
    """At most 95 blocks: one page of the subscriptions, and buttons to the others."""
    total = len(reply.subscriptions)
    page = min(reply.page, max(total - 1, 0) // _SHOWN)
    start = page * _SHOWN
    return [
        blocks.header(_(_TITLE)),
        *([] if reply.subscriptions else [blocks.section(_(_NOTHING))]),
        _new(reply),
        *(block for listed in reply.subscriptions[start : start + _SHOWN] for block in _subscription(listed)),
        *_turns(page, total),
    ]


def message(reply: Home) -> list[Block]:
    """The same without buttons for each, which would not fit into a message."""
    if not reply.subscriptions:
        return [blocks.section(_(_NOTHING))]
    items = [[*_channel(listed), *status.item(listed)] for listed in reply.subscriptions]
    return blocks.listing(_(_TITLE), items, pages=_PAGES)


def in_words(reply: Home) -> str:
    return _(_TITLE) if reply.subscriptions else _(_NOTHING)


def _new(reply: Home) -> Block:
    return blocks.actions(blocks.button(_(_NEW), "home.new", OpenSettings(repo=reply.default_repo)))


def _turns(page: int, total: int) -> list[Block]:
    """Which of them are shown, and the pages before and after."""
    if total <= _SHOWN:
        return []
    first, last = page * _SHOWN + 1, min((page + 1) * _SHOWN, total)
    before = blocks.button(labels.previous(_SHOWN), "home.page.previous", ShowHome(page=page - 1)) if page else None
    left = min(total - last, _SHOWN)
    after = blocks.button(labels.following(left), "home.page.next", ShowHome(page=page + 1)) if left else None
    return [
        blocks.context(labels.page(first, last, total)),
        blocks.actions(*filter(None, (before, after))),
    ]


def _subscription(listed: Listed) -> Sequence[Block]:
    return (
        blocks.rich(blocks.line(*_channel(listed), *status.item(listed))),
        blocks.actions(*_buttons(listed)),
    )


def _channel(listed: Listed) -> Iterator[Block]:
    """Slack shows its name to those who may see it."""
    yield {"type": "channel", "channel_id": listed.of.terms.channel.id}
    yield blocks.words(" · ")


def _buttons(listed: Listed) -> Iterator[Block]:
    text, action, command = (
        (health.RESUME, "home.resume", ResumeDigests())
        if health.is_resting(listed)
        else (health.PAUSE, "home.pause", PauseDigests())
    )
    yield blocks.button(_("Settings"), "home.settings", listed.asks(OpenSettings()))
    yield blocks.button(_(text), action, listed.asks(command))
    for each in health.missed(listed)[:1]:
        if each.last is not None:
            send = each.asks(SendNow(day=each.last.day))
            yield {**blocks.button(_(health.SEND_NOW), "home.send", send), "style": "primary"}
    followed = blocks.cut(str(listed.followed), limits.NAME_MAX)
    yield forms.unsubscribe(listed.asks(Unsubscribe(repo=None)), followed, "home.unsubscribe")
