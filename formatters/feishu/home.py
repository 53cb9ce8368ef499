"""What a workspace follows, for one of its people: page by page, with buttons for each subscription."""

from typing import Final

from bot.core.commands import OpenSettings, ShowHome
from bot.core.language import N_, _
from bot.core.replies import Home, Listed
from bot.core.subscriptions import Channel
from formatters import labels
from formatters.feishu import elements, status
from formatters.feishu.cards import Content
from formatters.feishu.elements import Element
from formatters.feishu.text import code

#: How the ids of people begin, which stand for conversations with them.
_PERSON: Final = "ou_"
#: On a page, so that there is room for the buttons of each.
_SHOWN: Final = 6

_TITLE: Final = N_("What this workspace follows")
_NEW: Final = N_("New subscription")
_NOTHING: Final = N_("This workspace follows no repository yet.")


def content(reply: Home) -> Content:
    """One page; one beyond the last is the last."""
    total = len(reply.subscriptions)
    page = min(reply.page, max(total - 1, 0) // _SHOWN)
    start = page * _SHOWN
    shown = reply.subscriptions[start : start + _SHOWN]
    parts = status.listing(shown, _item) if shown else [elements.paragraph(_(_NOTHING))]
    new = elements.button(_(_NEW), OpenSettings(repo=reply.default_repo))
    turns = _turns(page, total)
    return Content(
        title=_(_TITLE),
        subtitle=labels.page(start + 1, start + len(shown), total) if turns else "",
        summary=in_words(reply),
        elements=[*parts, *elements.buttons(new, *turns)],
    )


def in_words(reply: Home) -> str:
    """The title of it all, where no card can be drawn."""
    return _(_TITLE) if reply.subscriptions else _(_NOTHING)


def _item(listed: Listed) -> Element:
    item = status.item(listed)
    return {**item, "content": f"{item['content']}<br>{_channel(listed.of.terms.channel)}"}


def _channel(channel: Channel) -> str:
    """Feishu draws no group by its id, which people find in its settings; a person's id tells nobody anything."""
    return _("Direct messages") if channel.id.startswith(_PERSON) else _("Group {id}", id=code(channel.id))


def _turns(page: int, total: int) -> list[Element]:
    left = min(total - (page + 1) * _SHOWN, _SHOWN)
    back = [elements.button(labels.previous(_SHOWN), ShowHome(page=page - 1))] if page else []
    on = [elements.button(labels.following(left), ShowHome(page=page + 1))] if left > 0 else []
    return [*back, *on]
